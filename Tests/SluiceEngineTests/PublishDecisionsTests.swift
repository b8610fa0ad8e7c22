import FoundationEssentials
import SluiceEngine
import SluiceGraph
import SluiceModel
import Testing

private let wall = Date(timeIntervalSince1970: 1_795_000_000)

/// A registry of `site` in which `home` has made the project `demo`.
private func registry(at site: String = "lon", home: String = "lon") throws -> Registry {
  var registry = Registry(site: site)
  let event = Event(
    id: EventID("made"), time: wall, site: home, actor: .system, project: try ProjectName("demo"),
    fact: .projectCreated(ProjectCreated(home: home)))
  let record = Record(clock: HybridTime(wall: wall), seen: Frontier(), events: [event])
  try registry.apply([StoredRecord(last: 1, record: record)], from: home)
  return registry
}

private func version(_ product: String, counter: Int = 1, tag: String? = nil) throws -> PublishDecisions.NewVersion {
  let id = VersionID(second: 1_795_000_000, site: "lon", counter: counter)
  return PublishDecisions.NewVersion(
    product: try ProductRef(product),
    fact: VersionPublished(
      version: id, number: nil, manifest: Digest.of("m"), representations: [], madeFrom: []), tag: tag)
}

extension [Draft] {
  fileprivate var numbers: [Int?] {
    compactMap { draft in
      if case .versionPublished(let fact) = draft.fact { fact.number } else { nil as Int?? }
    }
  }
  fileprivate var folders: [String] {
    compactMap { draft in if case .folderChanged = draft.fact { draft.folder?.description } else { nil } }
  }
}

@Suite struct `What publishing records` {
  @Test func `is the version with its number, and nothing else where the folder is known`() throws {
    let drafts = try PublishDecisions.publish([try version("demo/lut")], in: try registry())
    #expect(drafts.count == 1 && drafts.numbers == [1])
  }

  @Test func `is a folder that is missing, those above first, each once`() throws {
    let drafts = try PublishDecisions.publish(
      [try version("demo/sq1/sh1/plate"), try version("demo/sq1/sh1/lut")], in: try registry())
    #expect(drafts.folders == ["sq1", "sq1/sh1"])
  }

  @Test func `counts on within one request`() throws {
    let drafts = try PublishDecisions.publish(
      [try version("demo/lut"), try version("demo/lut", counter: 2)], in: try registry())
    #expect(drafts.numbers == [1, 2])
  }

  @Test func `has no number at a site that is not the project's home`() throws {
    let drafts = try PublishDecisions.publish([try version("demo/lut")], in: try registry(home: "nyc"))
    #expect(drafts.numbers == [nil])
  }

  @Test func `moves the tag that was asked for, behind its version`() throws {
    let drafts = try PublishDecisions.publish([try version("demo/lut", tag: "hold")], in: try registry())
    guard case .tagMoved(let moved)? = drafts.last?.fact else {
      Issue.record("the tag comes last")
      return
    }
    #expect(moved.tag == "hold")
    #expect(moved.version == VersionID(second: 1_795_000_000, site: "lon", counter: 1))
  }

  @Test func `is nothing where one of the products has no project`() throws {
    let versions = [try version("demo/lut"), try version("other/lut")]
    let registry = try registry()
    #expect(throws: SluiceError.self) { try PublishDecisions.publish(versions, in: registry) }
  }
}
