package import FoundationEssentials
package import SluiceModel
import Synchronization

/// A count that goes up whenever those who wait have reason to look again: after every commit, and when somebody asks.
///
/// Who waits takes the count before looking and then waits for another one, so that nothing is missed in between.
package final class Beats: Sendable {
  private struct State {
    var count: UInt64 = 0
    var isOver = false
    var tickets: UInt64 = 0
    var waiting: [UInt64: CheckedContinuation<Void, Never>] = [:]
  }
  private let state = Mutex(State())

  package init() {}

  package var count: UInt64 { state.withLock { $0.count } }
  /// Whether the server stops: nobody should wait any more.
  package var isOver: Bool { state.withLock { $0.isOver } }

  package func strike() { wake { $0.count += 1 } }

  /// Lets go of all who wait, and of all who come later.
  package func end() { wake { $0.isOver = true } }

  private func wake(_ change: (inout State) -> Void) {
    let waiting = state.withLock { state in
      change(&state)
      defer { state.waiting = [:] }
      return state.waiting
    }
    for continuation in waiting.values { continuation.resume() }
  }

  /// Returns when the count is not `seen` any more, when it is over, and when the task is cancelled.
  package func next(after seen: UInt64) async {
    let ticket = state.withLock { state in
      state.tickets += 1
      return state.tickets
    }
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let isDue = state.withLock { state in
          guard state.count == seen, !state.isOver, !Task.isCancelled else { return true }
          state.waiting[ticket] = continuation
          return false
        }
        if isDue { continuation.resume() }
      }
    } onCancel: {
      state.withLock { $0.waiting.removeValue(forKey: ticket) }?.resume()
    }
  }

  /// The same, but no longer than until a time.
  package func next(after seen: UInt64, until time: Date?, _ ambient: Ambient) async {
    guard let time else { return await next(after: seen) }
    let seconds = max(0.001, time.timeIntervalSince(ambient.now()))
    await withTaskGroup(of: Void.self) { group in
      group.addTask { await self.next(after: seen) }
      group.addTask { try? await ambient.sleep(.milliseconds(Int64((seconds * 1_000).rounded(.up)))) }
      await group.next()
      group.cancelAll()
    }
  }
}
