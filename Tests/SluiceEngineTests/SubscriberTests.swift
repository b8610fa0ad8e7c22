import Foundation
import Logging
import SluiceEngine
import SluiceGraph
import SluiceModel
import SluiceTestKit
import Synchronization
import Testing

/// A program in memory: has its rules, and keeps what it took.
private final class Receiver: EventCommands {
  private struct State {
    var taken: [Int] = []
    var deliveries = 0
  }
  private let state = Mutex(State())
  private let accepts: @Sendable ([Int]) -> Bool

  init(_ accepts: @escaping @Sendable ([Int]) -> Bool) { self.accepts = accepts }

  var names: [String] { ["receiver"] }
  /// The numbers of the events that it took, as they came.
  var taken: [Int] { state.withLock { $0.taken } }
  var deliveries: Int { state.withLock { $0.deliveries } }

  func endOrphans() async {}

  func send(_ events: [OutgoingEvent], to command: String) async -> WebhookEnd {
    let numbers = events.compactMap { event in
      (try? Envelope(event.bytes))?.text("folder").flatMap { Int($0.dropFirst()) }
    }
    let isTaken = accepts(numbers)
    state.withLock { state in
      state.deliveries += 1
      if isTaken { state.taken += numbers }
    }
    return isTaken ? .delivered : .failed(delivered: 0, reason: "no", retryAfterSeconds: nil)
  }
}

/// Receivers that want nothing any more.
private struct GoneWebhooks: WebhookSender {
  func send(_ events: [OutgoingEvent], to hook: Webhook) async -> WebhookEnd { .gone(delivered: 0) }
  func refusal(of url: String) async -> WebhookProblem? { nil }
}

private let full = SluiceError(.logFull, what: "the disk is full", at: "cursors", fix: "free some space")

/// A site with one subscription to changes of folders, whose waits take no time.
private struct Bench {
  let site: MemorySite
  let cursors = MemoryCursors()
  let receiver: Receiver
  let subscriptions: Subscriptions

  init(_ accepts: @escaping @Sendable ([Int]) -> Bool = { _ in true }) async throws {
    site = try await MemorySite()
    receiver = Receiver(accepts)
    var logger = Logger(label: "test")
    logger.logLevel = .critical
    let seeded = site.seeded
    let ambient = Ambient(
      now: seeded.ambient.now, uptime: seeded.ambient.uptime, random: seeded.ambient.random,
      sleep: { duration in
        try Task.checkCancellation()
        seeded.advance(by: Double(duration.components.seconds) + Double(duration.components.attoseconds) / 1e18)
        await Task.yield()
      })
    subscriptions = Subscriptions(
      parts: Subscriber.Parts(
        writer: site.writer, log: site.log, names: site.names, cursors: cursors, webhooks: GoneWebhooks(),
        commands: receiver, feed: site.feed, ambient: ambient, logger: logger))
  }

  func live<Value>(_ body: () async throws -> Value) async throws -> Value {
    try await site.live {
      try await site.applyDemo()
      let running = Task { try? await subscriptions.run() }
      defer { running.cancel() }
      return try await body()
    }
  }

  func name() throws -> SubscriptionName { try SubscriptionName("s") }

  func create(kind: String, tries: Int = 10) async throws {
    var request = SubscriptionRequest(name: "s")
    (request.kind, request.tries, request.types) = (kind, tries, ["sluice.folder.changed.v1"])
    if kind == "command" { request.command = "receiver" }
    if kind == "webhook" { request.url = "http://receiver/" }
    _ = try await subscriptions.create(request, origin: MemorySite.ada)
  }

  /// One fact a number.
  func change(_ numbers: some Sequence<Int>) async throws {
    for number in numbers {
      let (project, path) = (try ProjectName("demo"), try FolderPath("n\(number)"))
      try await site.writer.submit(MemorySite.ada) { registry throws(SluiceError) in
        try Decisions.changeFolder(
          project, path, type: nil, set: [:], omitted: nil, mustBeNew: true, in: registry, site: "main")
      }
    }
  }

  /// Waits until the subscription stands as it is wanted to.
  func wait(until isSo: (SubscriptionAnswer) -> Bool) async throws {
    while !isSo(try await subscriptions.show(try name())) { await Task.yield() }
  }

  func deadNumbers() async throws -> [Int] {
    try await subscriptions.deadLetters(of: try name(), after: 0).compactMap { letter in
      try letter.event.flatMap { try Envelope($0).text("folder") }.flatMap { Int($0.dropFirst()) }
    }
  }
}

@Suite(.timeLimit(.minutes(4))) struct `A subscription whose events are sent` {
  @Test func `goes on with what was there when it was made, and then with what comes`() async throws {
    let bench = try await Bench()
    try await bench.live {
      try await bench.create(kind: "command")
      try await bench.change(1...30)
      try await bench.wait { $0.lag.events == 0 }
    }
    #expect(bench.receiver.taken == Array(1...30))
  }

  @Test func `tries events on their own where together they fail, so that one takes no other along`() async throws {
    let bench = try await Bench { !$0.contains(5) }
    try await bench.live {
      try await bench.create(kind: "command", tries: 2)
      _ = try await bench.subscriptions.setPaused(try bench.name(), true, origin: MemorySite.ada)
      try await bench.change(1...20)
      _ = try await bench.subscriptions.setPaused(try bench.name(), false, origin: MemorySite.ada)
      try await bench.wait { $0.lag.events == 0 }
      #expect(try await bench.deadNumbers() == [5])
    }
    #expect(bench.receiver.taken == (1...20).filter { $0 != 5 })
  }

  @Test func `is paused when its receiver wants nothing any more, and loses nothing`() async throws {
    let bench = try await Bench()
    try await bench.live {
      try await bench.create(kind: "webhook")
      try await bench.change(1...3)
      try await bench.wait { $0.paused }
      let shown = try await bench.subscriptions.show(try bench.name())
      #expect(shown.lag.events == 3 && shown.dead == 0 && shown.failing == nil)
    }
  }

  @Test func `keeps a dead letter that the disk does not take at once`() async throws {
    let bench = try await Bench { $0 != [1] }
    try await bench.live {
      try await bench.create(kind: "command", tries: 1)
      bench.cursors.refuse(full)
      try await bench.change(1...3)
      try await bench.wait { $0.failing != nil }
      #expect(bench.receiver.taken == [], "nothing goes out before the dead letter is on disk")
      bench.cursors.refuse(nil)
      try await bench.wait { $0.lag.events == 0 && $0.failing == nil }
      #expect(try await bench.deadNumbers() == [1])
    }
    #expect(bench.receiver.taken == [2, 3])
  }

  @Test func `sends nothing a second time because the disk is full`() async throws {
    let bench = try await Bench()
    try await bench.live {
      try await bench.create(kind: "command")
      bench.cursors.refuse(full)
      try await bench.change([1])
      try await bench.wait { $0.failing != nil }
      for _ in 0..<100 { await Task.yield() }
      bench.cursors.refuse(nil)
      try await bench.wait { $0.lag.events == 0 && $0.failing == nil }
    }
    #expect(bench.receiver.deliveries == 1)
  }

  @Test func `is one at work although many ask for it while it is reset`() async throws {
    let bench = try await Bench()
    try await bench.live {
      try await bench.create(kind: "command")
      let (name, place) = (try bench.name(), bench.site.writer.position(bench.site.writer.current.sequence))
      try await bench.change(1...10)
      try await bench.wait { $0.lag.events == 0 }
      for turn in 1...30 {
        try await withThrowingTaskGroup(of: Void.self) { group in
          group.addTask {
            _ = try await bench.subscriptions.reset(name, to: "\(place)", origin: MemorySite.ada)
          }
          for _ in 0..<8 {
            group.addTask { for _ in 0..<5 { _ = try await bench.subscriptions.show(name) } }
          }
          try await group.waitForAll()
        }
        try await bench.wait { $0.lag.events == 0 }
        #expect(bench.receiver.taken.count == 10 * (turn + 1))
      }
    }
  }
}

@Suite(.timeLimit(.minutes(4))) struct `A subscription that is pulled from` {
  private func pull(_ bench: Bench, limit: Int = 100) async throws -> PulledEvents {
    try await bench.subscriptions.pull(try bench.name(), limit: limit, waitSeconds: 0)
  }

  @Test func `stays where it was when the disk does not take an acknowledgement`() async throws {
    let bench = try await Bench()
    try await bench.live {
      try await bench.create(kind: "pull")
      try await bench.change(1...3)
      let pulled = try await pull(bench)
      let batch = try #require(pulled.batch)
      bench.cursors.refuse(full)
      let error = await #expect(throws: SluiceError.self) {
        try await bench.subscriptions.acknowledge(try bench.name(), batch: batch, done: nil, error: nil)
      }
      #expect(error?.code == .logFull)
      #expect(try await pull(bench).events == pulled.events, "reading goes on")
      bench.cursors.refuse(nil)
      _ = try await bench.subscriptions.acknowledge(try bench.name(), batch: batch, done: nil, error: nil)
      #expect(try await pull(bench).events == [])
    }
  }

  @Test func `passes what it does not want although the disk is full`() async throws {
    let bench = try await Bench()
    try await bench.live {
      try await bench.create(kind: "pull")
      bench.cursors.refuse(full)
      try await bench.site.publish("look", [("a.cube", "a")])
      #expect(try await pull(bench).events == [])
    }
  }
}
