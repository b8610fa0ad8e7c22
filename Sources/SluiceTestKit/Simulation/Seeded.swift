import FoundationEssentials
package import SluiceModel
import Synchronization

/// Chance and time from a seed: the same seed gives the same trace.
package final class Seeded: Sendable {
  private struct State {
    var seed: UInt64
    var seconds: Double
    var next = 0
    var sleepers: [Int: (until: Double, continuation: CheckedContinuation<Void, Never>)] = [:]
  }
  private let state: Mutex<State>

  package init(seed: UInt64, startingAt seconds: Double = 1_795_000_000) {
    state = Mutex(State(seed: seed &+ 0x9E37_79B9_7F4A_7C15, seconds: seconds))
  }

  /// SplitMix64. Source: S. Vigna, public domain.
  package func next() -> UInt64 {
    state.withLock { state in
      state.seed &+= 0x9E37_79B9_7F4A_7C15
      var z = state.seed
      z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
      z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
      return z ^ (z >> 31)
    }
  }

  /// 0 up to, not including, `bound`.
  package func below(_ bound: Int) -> Int { Int(next() % UInt64(max(1, bound))) }
  package func advance(by seconds: Double) {
    let woken = state.withLock { state in
      state.seconds += seconds
      let due = state.sleepers.filter { $0.value.until <= state.seconds }
      for id in due.keys { state.sleepers[id] = nil }
      return due.values.map(\.continuation)
    }
    for continuation in woken { continuation.resume() }
  }

  /// Sleep takes no time.
  package var ambient: Ambient { ambient { _ in try Task.checkCancellation() } }

  /// Sleep lasts until time has been moved on.
  package var patient: Ambient {
    ambient { duration in
      await self.sleep(duration)
      try Task.checkCancellation()
    }
  }

  private func ambient(sleep: @escaping @Sendable (Duration) async throws -> Void) -> Ambient {
    Ambient(
      now: { Date(timeIntervalSince1970: self.state.withLock { $0.seconds }) },
      uptime: { .seconds(self.state.withLock { $0.seconds }) },
      random: { self.next() },
      sleep: sleep)
  }

  private func sleep(_ duration: Duration) async {
    let id = state.withLock { state in
      state.next += 1
      return state.next
    }
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let goesOn = state.withLock { state in
          if Task.isCancelled { return true }
          let (seconds, attoseconds) = duration.components
          state.sleepers[id] = (state.seconds + Double(seconds) + Double(attoseconds) / 1e18, continuation)
          return false
        }
        if goesOn { continuation.resume() }
      }
    } onCancel: {
      state.withLock { $0.sleepers.removeValue(forKey: id) }?.continuation.resume()
    }
  }
}
