import SluiceEngine
import SluiceGraph
import SluiceModel
import SluiceTestKit
import Synchronization
import Testing

/// The main job of `examples/demo`, with two frames a shot.
@Suite(.timeLimit(.minutes(4))) struct `The demo's story` {
  private func made(
    _ script: @escaping ScriptedLauncher.Script = ScriptedLauncher.work, then body: (MemorySite) async throws -> Void
  ) async throws {
    let site = try await MemorySite(script: script)
    try await site.live {
      try await site.applyDemo()
      try await site.publishSources()
      let counts = try await site.runAll()
      #expect(counts.short == [20, 0, 0, 0, 0])
      site.seeded.advance(by: 60)
      try await body(site)
    }
  }

  @Test func `begins with everything made once and current`() async throws {
    try await made { site in
      let found1 = try await site.isCurrent()
      #expect(found1)
    }
  }

  @Test func `goes on with a new show LUT: reviews, movies and contact sheets are made anew`() async throws {
    try await made { site in
      try await site.publish("look/show_lut", [("show.cube", "cold")])
      let plan = try await site.plan()
      #expect(plan.runs.count == 14 && plan.untouched == 14)
      let found2 = try await site.runAll().short
      #expect(found2 == [14, 0, 0, 0, 0])
      let found3 = try await site.isCurrent()
      #expect(found3)
    }
  }

  @Test func `leaves the neutrals as they are`() async throws {
    try await made { site in
      let before = try site.latest("sq010/sh0010/neutral_frames")
      try await site.publish("look/show_lut", [("show.cube", "cold")])
      try await site.runAll()
      #expect(try site.latest("sq010/sh0010/neutral_frames") == before)
    }
  }

  @Test func `makes one frame when one plate frame was replaced`() async throws {
    let launched = Mutex<[String]>([])
    let script: ScriptedLauncher.Script = { order, disk in
      let outputs = order.arguments.filter { $0.contains("/out/") }.compactMap { $0.split(separator: "/").last }
      launched.withLock { $0 += outputs.map(String.init) }
      return await ScriptedLauncher.work(order, disk)
    }
    try await made(script) { site in
      launched.withLock { $0 = [] }
      try await site.publish("sq010/sh0020/plate", [("plate.1002.exr", "repainted")], patch: true)
      let found4 = try await site.runAll().short
      #expect(found4 == [4, 0, 0, 0, 0])
      #expect(
        launched.withLock { $0.sorted() } == ["contact.jpg", "neutral.1002.png", "review.1002.png", "review.mp4"])
      let found5 = try await site.isCurrent()
      #expect(found5)
    }
  }

  @Test func `runs nothing when the LUT is published again with the same bytes`() async throws {
    try await made { site in
      try await site.publish("look/show_lut", [("show.cube", "warm")])
      let found6 = try await site.plan().runs
      #expect(found6 == [])
    }
  }

  @Test func `stops at identical pixels when only a comment of the LUT changed`() async throws {
    try await made { site in
      let movie = try site.latest("sq010/sh0010/review_movie")
      try await site.publish("look/show_lut", [("show.cube", "# new words\nwarm")])
      let found7 = try await site.runAll().short
      #expect(found7 == [6, 0, 8, 0, 0])
      #expect(try site.latest("sq010/sh0010/review_movie") == movie)
      let found8 = try await site.isCurrent()
      #expect(found8)
    }
  }

  @Test func `keeps the old file where the picture is the same`() async throws {
    try await made { site in
      let before = try site.text("sq010/sh0010/review_frames", "review.1001.png")
      try await site.publish("look/show_lut", [("show.cube", "# new words\nwarm")])
      try await site.runAll()
      #expect(try site.text("sq010/sh0010/review_frames", "review.1001.png") == before)
    }
  }

  @Test func `takes earlier results when the LUT goes back to what it was`() async throws {
    let launches = Mutex(0)
    let script: ScriptedLauncher.Script = { order, disk in
      launches.withLock { $0 += 1 }
      return await ScriptedLauncher.work(order, disk)
    }
    try await made(script) { site in
      let first = try site.text("sq010/contact", "contact.jpg")
      try await site.publish("look/show_lut", [("show.cube", "cold")])
      try await site.runAll()
      try await site.publish("look/show_lut", [("show.cube", "warm")])
      launches.withLock { $0 = 0 }
      let found9 = try await site.runAll().short
      #expect(found9 == [14, 0, 0, 14, 0])
      #expect(launches.withLock { $0 } == 0)
      #expect(try site.text("sq010/contact", "contact.jpg") == first)
      let found10 = try await site.isCurrent()
      #expect(found10)
    }
  }

  @Test func `leads from a contact sheet back to the person`() async throws {
    try await made { site in
      var bob = MemorySite.ada
      bob.actor.name = "bob"
      try await site.publish("look/show_lut", [("show.cube", "cold")], origin: bob)
      try await site.runAll()
      let chain = try await site.queries.why(Reference("demo/sq010/contact")).chain
      #expect(chain.first?.ref?.spoken == "sq010/contact")
      #expect(
        chain.last?.ref?.spoken == "look/show_lut"
          && chain.last?.actor == site.names.known.alias(of: "bob")?.description)
    }
  }

  @Test func `records of every made version from what it was made`() async throws {
    try await made { site in
      let used = try site.latest("sq010/sh0010/review_frames").published.madeFrom
      #expect(used.map(\.product.spoken) == ["sq010/sh0010/plate", "look/show_lut"])
    }
  }

  @Test func `names the plan as the cause of what it made`() async throws {
    try await made { site in
      let events = try await site.events()
      let applied = events.first { if case .planApplied = $0.fact { true } else { false } }
      let products = events.filter { $0.product.map { $0.name != "plate" && $0.folder.name != "look" } ?? false }
      #expect(products.count == 20)
      let ada = site.names.known.alias(of: "ada")?.description
      #expect(products.allSatisfy { $0.cause == applied?.id && $0.actor.name == ada })
    }
  }
}
