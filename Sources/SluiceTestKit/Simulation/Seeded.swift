import FoundationEssentials
package import SluiceModel
import Synchronization

/// Chance and time from a seed: the same seed gives the same trace.
package final class Seeded: Sendable {
  private struct State {
    var seed: UInt64
    var seconds: Double
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
  package func advance(by seconds: Double) { state.withLock { $0.seconds += seconds } }

  package var ambient: Ambient {
    Ambient(
      now: { Date(timeIntervalSince1970: self.state.withLock { $0.seconds }) },
      uptime: { .seconds(self.state.withLock { $0.seconds }) },
      random: { self.next() },
      sleep: { _ in try Task.checkCancellation() })
  }
}
