import SluiceEngine
import SluiceGraph
import SluiceModel
import SluiceTestKit
import Testing

@Suite(.timeLimit(.minutes(4))) struct `A patch in place` {
  private static let plate = "sq010/sh0010/plate"

  /// A plate of three frames lies in place.
  private func live(
    hash: HashTime = .now, _ body: (MemorySite) async throws -> Void
  ) async throws {
    let site = try await MemorySite()
    try await site.live {
      try await site.applyDemo(sequences: ["sq010"])
      for frame in 1001...1003 { site.outside.write("scan \(frame)", to: "/mnt/plate.\(frame).exr") }
      site.outside.write("fixed", to: "/mnt/fixed/p.1002.exr")
      try await publish((1001...1003).map { "/mnt/plate.\($0).exr" }, site, hash: hash)
      try await body(site)
    }
  }

  @discardableResult
  private func publish(
    _ paths: [String], _ site: MemorySite, patch: Bool = false, hash: HashTime? = nil
  ) async throws -> PublishAnswer {
    try await site.publish(Self.plate, []) { product in
      (product.representations, product.inPlace, product.hash) = ([], paths, hash)
      product.patch = patch ? true : nil
    }
  }

  private func files(_ site: MemorySite) throws -> [StoredFile] {
    let version = try site.latest(Self.plate)
    return try LogManifests(log: site.log).manifest(version.published.manifest).representations[0].files
  }

  private func code(_ work: () async throws -> Void) async -> ErrorCode? {
    await #expect(throws: SluiceError.self) { try await work() }?.code
  }

  @Test func `lays frames over a version in place, and the others stay where they lie`() async throws {
    try await live { site in
      let answer = try await publish(["/mnt/fixed/p.1002.exr"], site, patch: true)
      #expect(answer.changed == FrameSet(1002...1002) && answer.files == 3 && answer.inPlace == .hashed)
      let files = try files(site)
      #expect(files.map(\.path) == (1001...1003).map { "plate.\($0).exr" })
      #expect(
        files.compactMap(\.place?.path) == ["/mnt/plate.1001.exr", "/mnt/fixed/p.1002.exr", "/mnt/plate.1003.exr"])
      #expect(files[1].sha256 == Digest.of("fixed") && site.store.files.isEmpty)
    }
  }

  @Test func `of what nobody has read is read with the rest in the background`() async throws {
    try await live(hash: .later) { site in
      let answer = try await publish(["/mnt/fixed/p.1002.exr"], site, patch: true, hash: .later)
      #expect(answer.inPlace == .unhashed)
      await site.inPlace.hashAll()
      #expect(try site.latest(Self.plate).isHashed)
      #expect(try files(site).map(\.sha256) == ["scan 1001", "fixed", "scan 1003"].map { Digest.of($0) })
    }
  }

  @Test func `is refused where a frame that it leaves alone changed`() async throws {
    try await live { site in
      site.outside.write("another", to: "/mnt/plate.1003.exr", modified: 2)
      #expect(await code { try await publish(["/mnt/fixed/p.1002.exr"], site, patch: true) } == .placeChanged)
    }
  }

  @Test func `goes over files in place alone, and frames of the store go over the store alone`() async throws {
    try await live { site in
      let frame = [("p.1002.exr", "new")]
      #expect(await code { try await site.publish(Self.plate, frame, patch: true) } == .publishPatch)
      try await site.publish(Self.plate, (1001...1003).map { ("plate.\($0).exr", "x \($0)") })
      #expect(await code { try await publish(["/mnt/fixed/p.1002.exr"], site, patch: true) } == .publishPatch)
    }
  }

  @Test func `has no one name for all of its frames, and each has its own`() async throws {
    try await live { site in
      let ref = "demo/\(Self.plate)"
      let whole = try site.queries.resolve([ref], representation: nil).results[0]
      guard case .found(let found) = whole.outcome else { throw SluiceError.stopping }
      #expect(found.path == "/mnt/plate.####.exr")
      try await publish(["/mnt/fixed/p.1002.exr"], site, patch: true)
      let answers = try site.queries.resolve(
        [ref, "sluice:///\(ref)/v-latest/plate.1002.exr"], representation: nil
      ).results
      guard case .failed(let failure) = answers[0].outcome, case .found(let file) = answers[1].outcome else {
        throw SluiceError.stopping
      }
      #expect(failure.code == "place.scattered" && file.path == "/mnt/fixed/p.1002.exr")
    }
  }
}
