import Foundation
import SluiceEngine
import SluiceModel
import SluiceTestKit
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(4))) struct `Waiting for the next beat` {
  @Test func `is over at once where one fell since one looked`() async {
    let beats = Beats()
    let seen = beats.count
    beats.strike()
    await beats.next(after: seen)
  }

  @Test func `is over for all who wait`() async {
    let beats = Beats()
    let seen = beats.count
    await withTaskGroup(of: Void.self) { group in
      for _ in 0..<100 { group.addTask { await beats.next(after: seen) } }
      await Task.yield()
      beats.strike()
    }
  }

  @Test func `is over for who is cancelled`() async {
    let beats = Beats()
    let seen = beats.count
    let waiting = Task { await beats.next(after: seen) }
    await Task.yield()
    waiting.cancel()
    await waiting.value
  }

  @Test func `is over when the server stops, also for who comes later`() async {
    let beats = Beats()
    let seen = beats.count
    let waiting = Task { await beats.next(after: seen) }
    await Task.yield()
    beats.end()
    await waiting.value
    await beats.next(after: beats.count)
  }

  @Test func `takes no longer than one wants`() async {
    let (beats, seeded) = (Beats(), Seeded(seed: 1))
    await beats.next(after: beats.count, until: seeded.ambient.now().addingTimeInterval(5), seeded.ambient)
  }

  /// A wait that ended by its time must not have spoilt the next one.
  @Test func `works after a wait that ended by its time`() async {
    let (beats, seeded) = (Beats(), Seeded(seed: 1))
    let seen = beats.count
    await beats.next(after: seen, until: seeded.ambient.now(), seeded.ambient)
    let isBack = Mutex(false)
    let waiting = Task {
      await beats.next(after: seen)
      isBack.withLock { $0 = true }
    }
    for _ in 0..<100 { await Task.yield() }
    #expect(!isBack.withLock { $0 }, "nothing happened, and nobody is woken")
    beats.strike()
    await waiting.value
  }
}
