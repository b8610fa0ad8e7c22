import FoundationEssentials
import SluiceEngine
import SluiceGraph
import SluiceModel
import SluiceTestKit
import Testing

@Suite(.timeLimit(.minutes(4))) struct `Resolving references` {
  private func live(_ body: (MemorySite) async throws -> Void) async throws {
    let site = try await MemorySite()
    try await site.live {
      try await site.applyDemo()
      try await body(site)
    }
  }

  private func one(_ site: MemorySite, _ ref: String, _ representation: String? = nil) throws -> Resolved.Files {
    let answer = try site.queries.resolve([ref], representation: representation)
    guard case .found(let files) = answer.results[0].outcome else {
      throw SluiceError(.internalError, what: "\(answer.results[0])", at: ref, fix: "see why")
    }
    return files
  }

  private func failure(_ site: MemorySite, _ ref: String, _ representation: String? = nil) throws -> Failure? {
    let answer = try site.queries.resolve([ref], representation: representation)
    guard case .failed(let failure) = answer.results[0].outcome else { return nil }
    return failure
  }

  @Test func `of one file says its path, and the entity names it`() async throws {
    try await live { site in
      let version = try await site.publish("look/show_lut", [("show.cube", "warm")]).version
      let files = try one(site, "demo/look/show_lut")
      #expect(files.directory == "/store/demo/look/show_lut/\(version)/cube")
      #expect(files.path == "/store/demo/look/show_lut/\(version)/cube/show.cube")
      #expect(files.entity == "sluice:///demo/look/show_lut/\(version)/show.cube")
      #expect(files.kind == .file && files.files == 1 && files.bytes == 4 && files.frames == nil && files.number == 1)
    }
  }

  @Test func `of a sequence says its pattern and its frames, and the entity is the version`() async throws {
    try await live { site in
      let frames = (1001...1003).map { ("plate.\($0).exr", "12345") }
      let version = try await site.publish("sq010/sh0010/plate", frames).version
      let files = try one(site, "demo/sq010/sh0010/plate")
      #expect(files.path == "/store/demo/sq010/sh0010/plate/\(version)/exr/plate.####.exr")
      #expect(files.entity == "sluice:///demo/sq010/sh0010/plate/\(version)")
      #expect(files.kind == .sequence && files.frames == FrameSet(1001...1003) && files.files == 3 && files.bytes == 15)
    }
  }

  @Test(arguments: [
    (["a.9.exr", "a.10.exr"], "a.#.exr"), (["a.0009.exr", "a.0010.exr"], "a.####.exr"),
    (["a.9999.exr", "a.10000.exr"], "a.####.exr"),
    (["take2_0001_left.exr", "take2_0002_left.exr"], "take2_####_left.exr"),
    (["left/a.01.exr", "left/a.02.exr"], "left/a.##.exr"), (["a.0001", "a.0002"], "a.####"),
  ])
  func `of a sequence writes a pattern that stands for each of its files`(names: [String], pattern: String) {
    let files = names.map { StoredFile(path: $0, frame: FileName($0).frame, size: 1, sha256: Digest.of($0)) }
    #expect(Representation(name: "exr", kind: .sequence, files: files).sharedName == pattern)
    for name in names { #expect(FileName.fill(pattern, frame: FileName(name).frame ?? -1) == name) }
  }

  @Test func `of a tree says its directory`() async throws {
    try await live { site in
      let version = try await site.publish("kit", [("a/one.usd", "1"), ("b/two.usd", "2")]).version
      let files = try one(site, "demo/kit")
      #expect(files.path == "/store/demo/kit/\(version)/files" && files.path == files.directory)
      #expect(files.kind == .tree && files.files == 2)
    }
  }

  @Test func `of an entity that names a frame says that file alone`() async throws {
    try await live { site in
      let frames = (1001...1003).map { ("plate.\($0).exr", "12345") }
      let version = try await site.publish("sq010/sh0010/plate", frames).version
      let entity = "sluice:///demo/sq010/sh0010/plate/\(version)/plate.1002.exr"
      let files = try one(site, "sluice:/demo/sq010/sh0010/plate/v-latest/plate.1002.exr")
      #expect(files.entity == entity)
      #expect(files.path == "/store/demo/sq010/sh0010/plate/\(version)/exr/plate.1002.exr")
      #expect(files.kind == .file && files.frames == FrameSet(1002...1002) && files.files == 1 && files.bytes == 5)
    }
  }

  @Test func `of the entity that an answer carries gives that answer again`() async throws {
    try await live { site in
      try await site.publish("look/show_lut", [("show.cube", "warm")])
      try await site.publish("sq010/sh0010/plate", [("plate.1.exr", "1"), ("plate.2.exr", "2")])
      for ref in ["demo/look/show_lut", "demo/sq010/sh0010/plate"] {
        let files = try one(site, ref)
        #expect(try one(site, files.entity) == files)
      }
    }
  }

  @Test func `takes ids, numbers and tags, and follows a tag that moves`() async throws {
    try await live { site in
      let first = try await site.publish("look/show_lut", [("show.cube", "1")]) { $0.tag = "approved" }.version
      let second = try await site.publish("look/show_lut", [("show.cube", "2")]).version
      let refs = ["", "@latest", "@v002", "@1", "@approved", "@\(first)"].map { "demo/look/show_lut\($0)" }
      #expect(try refs.map { try one(site, $0).version } == [second, second, second, first, first, first])
    }
  }

  @Test func `answers each reference in order, and one that is wrong fails alone`() async throws {
    try await live { site in
      try await site.publish("look/show_lut", [("show.cube", "1")])
      let refs = [
        "demo/look/show_lut", "demo/look/shw_lut", "../up", "demo/look/show_lut@9", "demo/look/show_lut",
        "nosuch/x", "sluice:///demo/look/show_lut/v-latest/other.cube",
      ]
      let answer = try site.queries.resolve(refs, representation: nil)
      #expect(answer.results.map(\.ref) == refs)
      let codes = answer.results.map { result -> String? in
        guard case .failed(let failure) = result.outcome else { return nil }
        return failure.code
      }
      #expect(
        codes == [
          nil, "product.unknown", "reference.invalid", "version.unknown", nil, "project.unknown", "file.unknown",
        ])
      #expect(answer.position == site.writer.position(site.writer.current.sequence))
    }
  }

  @Test func `wants to know which representation where there are several`() async throws {
    try await live { site in
      try await site.publish("hero/model", [("hero.usd", "usd")]) { product in
        product.representations.append(
          RepresentationPublish(name: "mov", files: [FilePublish(path: "turn.mov", content: Data("mov".utf8))]))
      }
      let error = try #require(try failure(site, "demo/hero/model"))
      #expect(error.code == "file.unknown" && error.fix.contains("'usd', 'mov'"))
      #expect(try one(site, "demo/hero/model", "mov").path.hasSuffix("/mov/turn.mov"))
      #expect(try one(site, "sluice:///demo/hero/model/v-latest/turn.mov").representation == "mov")
      #expect(try failure(site, "demo/hero/model", "abc")?.code == "file.unknown")
      #expect(try failure(site, "sluice:///demo/hero/model/v-latest/turn.mov", "usd")?.code == "file.unknown")
    }
  }

  /// Each search for the name that was meant meets every product: ten thousand of them would hold the server up.
  @Test func `says of the first unknown names what was meant, and of the rest only that they are unknown`() async throws
  {
    try await live { site in
      try await site.publish("look/show_lut", [("show.cube", "1")])
      let refs = (0..<Limits.suggestionsPerResolve + 5).map { "demo/look/show_lut\($0)" }
      let failures = try site.queries.resolve(refs, representation: nil).results.map { result -> Failure? in
        guard case .failed(let failure) = result.outcome else { return nil }
        return failure
      }
      #expect(failures.allSatisfy { $0?.code == "product.unknown" })
      #expect(
        failures.map { $0?.fix.hasPrefix("did you mean") } == refs.indices.map { $0 < Limits.suggestionsPerResolve })
    }
  }

  @Test func `refuses more references than the limit`() async throws {
    try await live { site in
      let refs = Array(repeating: "demo/x", count: Limits.refsPerResolve)
      #expect(try site.queries.resolve(refs, representation: nil).results.count == refs.count)
      let error = try #require(throws: SluiceError.self) {
        try site.queries.resolve(refs + ["demo/x"], representation: nil)
      }
      #expect(error.code == .bodyTooLarge)
    }
  }
}
