import SluiceEngine
import SluiceGraph
import SluiceModel
import SluiceTestKit
import Testing

@Suite(.timeLimit(.minutes(4))) struct `Files in place` {
  private func live(_ body: (MemorySite) async throws -> Void) async throws {
    let site = try await MemorySite()
    try await site.live {
      try await site.applyDemo(sequences: ["sq010"])
      try await body(site)
    }
  }

  @discardableResult
  private func publish(
    _ spoken: String, _ paths: [String], _ site: MemorySite, hash: HashTime? = nil
  ) async throws -> PublishAnswer {
    try await site.publish(spoken, []) { product in
      (product.representations, product.inPlace, product.hash) = ([], paths, hash)
    }
  }

  private func plates(_ site: MemorySite) -> [String] {
    (1001...1002).map { frame in
      site.outside.write("scan \(frame)", to: "/mnt/plate.\(frame).exr")
      return "/mnt/plate.\(frame).exr"
    }
  }

  private func types(_ site: MemorySite) async throws -> [String] { try await site.events().map(\.fact.type) }

  @Test func `are recorded, and nothing is copied`() async throws {
    try await live { site in
      let answer = try await publish("sq010/sh0010/plate", plates(site), site)
      #expect(answer.inPlace == .hashed && answer.files == 2)
      #expect(site.store.files.isEmpty && site.store.unsettled.isEmpty)
      let frames = FrameSet(1001...1002)
      #expect(try site.latest("sq010/sh0010/plate").published.representations[0].frames == frames)
    }
  }

  @Test func `elsewhere are refused`() async throws {
    try await live { site in
      let error = await #expect(throws: SluiceError.self) {
        try await publish("sq010/sh0010/plate", ["/etc/passwd"], site)
      }
      #expect(error?.code == .placeOutside)
    }
  }

  @Test func `are hashed in the background, once`() async throws {
    try await live { site in
      let answer = try await publish("sq010/sh0010/plate", plates(site), site, hash: .later)
      #expect(answer.inPlace == .unhashed)
      await site.inPlace.hashAll()
      await site.inPlace.hashAll()
      #expect(try site.latest("sq010/sh0010/plate").isHashed)
      let hashed = try await types(site).filter { $0 == Fact.versionHashedType }
      #expect(hashed.count == 1)
    }
  }

  @Test func `are found by their bytes once they are hashed`() async throws {
    let site = try await MemorySite()
    let version = try await site.live {
      try await site.applyDemo(sequences: ["sq010"])
      let answer = try await publish("sq010/sh0010/plate", plates(site), site, hash: .later)
      await site.inPlace.hashAll()
      return answer.version
    }
    // Views have followed the log when the writer has ended.
    let found = try await site.views.versions(holding: Digest.of("scan 1001"), limit: 1)
    #expect(found.map(\.address.version) == [version])
  }

  @Test func `that change are found damaged by a look, once`() async throws {
    try await live { site in
      try await publish("sq010/sh0010/plate", plates(site), site)
      await site.inPlace.lookAtAll()
      #expect(try site.latest("sq010/sh0010/plate").damage == nil)
      site.outside.write("scan 1002", to: "/mnt/plate.1002.exr", modified: 2)
      await site.inPlace.lookAtAll()
      await site.inPlace.lookAtAll()
      #expect(try site.latest("sq010/sh0010/plate").damage?.first.path == "plate.1002.exr")
      let damaged = try await types(site).filter { $0 == Fact.versionDamagedType }
      #expect(damaged.count == 1)
    }
  }

  @Test func `are not damaged because nobody can look`() async throws {
    try await live { site in
      try await publish("sq010/sh0010/plate", plates(site), site)
      site.outside.mount(false)
      await site.inPlace.lookAtAll()
      #expect(try site.latest("sq010/sh0010/plate").damage == nil)
    }
  }

  @Test(arguments: [false, true])
  func `are not taken by a run when they were changed, or cannot be looked at`(isMounted: Bool) async throws {
    try await live { site in
      try await site.publishSources()
      try await publish("sq010/sh0010/plate", plates(site), site)
      let plan = try await site.apply("sq010/sh0010/review_frames")
      #expect(await site.end(of: plan.id).counts.succeeded == 1)
      try await site.publish("look/show_lut", [("show.cube", "other")])
      site.outside.mount(isMounted)
      site.outside.write("other", to: "/mnt/plate.1001.exr", modified: 2)
      let before = try site.latest("sq010/sh0010/review_frames").address
      let counts = try await site.runAll("sq010/sh0010/review_frames")
      #expect(counts.failed == 1)
      #expect(try site.latest("sq010/sh0010/review_frames").address == before)
      #expect(try (site.latest("sq010/sh0010/plate").damage != nil) == isMounted)
    }
  }

  @Test func `are taken where they lie`() async throws {
    try await live { site in
      try await site.publishSources()
      let version = try await publish("sq010/sh0010/plate", plates(site), site)
      let status = try await site.queries.status("demo/sq010/sh0010/plate", onlyStale: false).products[0]
      #expect(status.inPlace == .hashed && status.version == version.version)
      let resolved = try site.queries.resolve(["demo/sq010/sh0010/plate"], representation: nil)
      #expect("\(resolved)".contains("/mnt/plate.####.exr"))
    }
  }
}
