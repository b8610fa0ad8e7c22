import Logging
import SluiceEngine
import SluiceGraph
import SluiceModel
import SluiceStorage
import SluiceTestKit
import Testing

@Suite struct `The views on SQLite` {
  private func log(_ folder: TemporaryFolder, _ name: String = "log") throws -> SegmentedLog {
    try SegmentedLog(folder: folder.path + "/" + name, ambient: Seeded(seed: 1).ambient)
  }

  private func history(_ log: SegmentedLog) async throws -> Show {
    var show = try Show.published(frames: 1001...1003)
    try show.makeAll()
    for event in show.events {
      _ = try await log.append(
        [try EncodedRecord(Record(command: CommandID("c-\(event.id)"), events: [event]))], blobs: [])
    }
    let manifests = show.project.versions.values.map(\.published.manifest)
    let blobs = try Set(manifests).map { Blob(try show.manifests.manifest($0)) }
    _ = try await log.append([], blobs: blobs)
    return show
  }

  private func views(_ folder: TemporaryFolder, _ log: SegmentedLog, reducer: String = "r-1") throws -> SQLiteViews {
    try SQLiteViews(path: folder.path + "/views.sqlite", reducer: reducer, manifests: BlobManifests(log: log))
  }

  private func recover(_ log: SegmentedLog, _ views: SQLiteViews, anew: Bool = false) async throws -> Registry {
    try await Recovery.registry(site: "main", log: log, views: views, anew: anew, logger: Logger(label: "test"))
  }

  private func rows(_ views: SQLiteViews) async throws -> [ViewRow] {
    try await (views.load()?.rows ?? []).sorted { ($0.model, $0.key) < ($1.model, $1.key) }
  }

  @Test func `know nothing at first`() async throws {
    let folder = try TemporaryFolder()
    let log = try self.log(folder)
    #expect(try await views(folder, log).load() == nil)
  }

  @Test func `rebuilt from the log hold the same rows, byte for byte`() async throws {
    let folder = try TemporaryFolder()
    let log = try self.log(folder)
    _ = try await history(log)
    let views = try views(folder, log)
    _ = try await recover(log, views)
    let before = try await rows(views)
    _ = try await recover(log, views, anew: true)
    let after = try await rows(views)
    #expect(before == after && before.count > 50)
  }

  @Test func `bring the registry back without reading the log again`() async throws {
    let folder = try TemporaryFolder()
    let log = try self.log(folder)
    let show = try await history(log)
    let views = try views(folder, log)
    _ = try await recover(log, views)
    let later = try await recover(log, try self.views(folder, log))
    #expect(later.sequence == show.registry.sequence)
    #expect(later.projects[show.name]?.versions.count == show.project.versions.count)
    #expect(later.projects[show.name]?.graph?.units == show.graph.units)
  }

  @Test func `made by another reducer count for nothing`() async throws {
    let folder = try TemporaryFolder()
    let log = try self.log(folder)
    _ = try await history(log)
    _ = try await recover(log, try views(folder, log))
    #expect(try await views(folder, log, reducer: "r-2").load() == nil)
  }

  @Test func `that are ahead of the log are built anew`() async throws {
    let folder = try TemporaryFolder()
    let log = try self.log(folder)
    _ = try await history(log)
    let views = try views(folder, log)
    _ = try await recover(log, views)
    let empty = try self.log(folder, "other")
    let registry = try await recover(empty, views)
    #expect(registry.sequence == 0 && registry.projects.isEmpty)
  }

  @Test func `find versions by content, the newest first`() async throws {
    let folder = try TemporaryFolder()
    let log = try self.log(folder)
    var show = try Show.published(frames: 1001...1002)
    try show.publish("look/neutral_lut", file: "warm")
    let blobs = try show.project.versions.values.map { Blob(try show.manifests.manifest($0.published.manifest)) }
    for event in show.events { _ = try await log.append([try EncodedRecord(Record(events: [event]))], blobs: blobs) }
    let views = try views(folder, log)
    _ = try await recover(log, views)
    let found = try await views.versions(holding: Digest.of("warm"), limit: 5).map(\.address.product.spoken)
    #expect(found == ["look/neutral_lut", "look/show_lut"])
  }

  @Test func `find what a recipe made`() async throws {
    let folder = try TemporaryFolder()
    let log = try self.log(folder)
    let show = try await history(log)
    let views = try views(folder, log)
    _ = try await recover(log, views)
    let version = try #require(try show.latest("sq010/sh0010/review_frames"))
    let files = try show.manifests.manifest(version.published.manifest).representations[0].files
    let recipe = try #require(files[0].recipe)
    let places = try await views.outputs(ofRecipe: recipe)
    #expect(places.map(\.path) == ["review.1001.png"] && places[0].address == version.address)
  }

  @Test func `remember commands`() async throws {
    let folder = try TemporaryFolder()
    let log = try self.log(folder)
    let show = try await history(log)
    let views = try views(folder, log)
    _ = try await recover(log, views)
    let (known, other) = (CommandID("c-\(show.events[4].id)"), CommandID("c-none"))
    #expect(try await views.records(ofCommands: [known, other]) == [known: 5])
  }

  private func head(_ sequence: Int64) -> ViewHead { ViewHead(frontier: Frontier(["main": sequence])) }

  @Test func `forget a row that was taken away`() async throws {
    let folder = try TemporaryFolder()
    let log = try self.log(folder)
    let views = try views(folder, log)
    try await views.save([ViewRow(model: "m", key: "k", body: [1])], index: ContentIndex(), head: head(1))
    try await views.save([ViewRow(model: "m", key: "k", body: nil)], index: ContentIndex(), head: head(2))
    let found = try await views.load()
    #expect(found?.head == head(2) && found?.rows == [])
  }
}
