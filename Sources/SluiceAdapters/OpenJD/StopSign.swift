import Synchronization

/// Says to whoever looks that work is to end, and how soon at the latest; may be raised from anywhere.
final class StopSign: Sendable {
  private let state = Mutex<(isRaised: Bool, haste: Duration?)>((false, nil))

  /// - Parameter haste: the most that actions may take over their end; nil leaves it to their templates.
  func raise(within haste: Duration? = nil) {
    state.withLock { $0 = (true, haste ?? $0.haste) }
  }

  var isRaised: Bool { state.withLock { $0.isRaised } }
  var haste: Duration? { state.withLock { $0.haste } }
}
