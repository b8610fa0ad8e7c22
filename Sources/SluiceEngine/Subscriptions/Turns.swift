import SluiceModel
import Synchronization

/// Lets in one after the other, in the order in which they came: for what must not mix although it waits for a disk.
final class Turns: Sendable {
  private struct State {
    var isTaken = false
    var waiting: [CheckedContinuation<Void, Never>] = []
  }
  private let state = Mutex(State())

  func one<Answer>(_ work: () async throws(SluiceError) -> Answer) async throws(SluiceError) -> Answer {
    await take()
    defer { give() }
    return try await work()
  }

  private func take() async {
    await withCheckedContinuation { continuation in
      let isFree = state.withLock { state in
        if state.isTaken { state.waiting.append(continuation) }
        defer { state.isTaken = true }
        return !state.isTaken
      }
      if isFree { continuation.resume() }
    }
  }

  private func give() {
    let next = state.withLock { state in
      guard state.waiting.isEmpty else { return CheckedContinuation<Void, Never>?.some(state.waiting.removeFirst()) }
      state.isTaken = false
      return nil
    }
    next?.resume()
  }
}
