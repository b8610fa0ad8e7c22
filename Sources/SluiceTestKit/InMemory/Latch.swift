import Synchronization

/// A door that tests hold shut: those who come wait until it opens, and a test can wait until somebody came.
package final class Latch: Sendable {
  private struct State {
    var isOpen: Bool
    var arrivals = 0
    var next = 0
    var waiting: [Int: CheckedContinuation<Void, Never>] = [:]
    var watchers: [(count: Int, continuation: CheckedContinuation<Void, Never>)] = []
  }
  private let state: Mutex<State>

  package init(isOpen: Bool = false) { state = Mutex(State(isOpen: isOpen)) }

  package func open() {
    let waiting = state.withLock { state in
      state.isOpen = true
      defer { state.waiting = [:] }
      return Array(state.waiting.values)
    }
    for continuation in waiting { continuation.resume() }
  }

  package func shut() { state.withLock { $0.isOpen = false } }

  /// Goes on when the door is open, or when the Swift task is cancelled.
  package func pass() async {
    let (id, watchers) = state.withLock { state in
      state.arrivals += 1
      state.next += 1
      let reached = state.watchers.filter { $0.count <= state.arrivals }
      state.watchers.removeAll { $0.count <= state.arrivals }
      return (state.next, reached.map(\.continuation))
    }
    for watcher in watchers { watcher.resume() }
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let goesOn = state.withLock { state in
          if state.isOpen || Task.isCancelled { return true }
          state.waiting[id] = continuation
          return false
        }
        if goesOn { continuation.resume() }
      }
    } onCancel: {
      state.withLock { $0.waiting.removeValue(forKey: id) }?.resume()
    }
  }

  /// Goes on when so many have come to the door since it was made.
  package func arrivals(_ count: Int) async {
    await withCheckedContinuation { continuation in
      let goesOn = state.withLock { state in
        if state.arrivals >= count { return true }
        state.watchers.append((count, continuation))
        return false
      }
      if goesOn { continuation.resume() }
    }
  }
}
