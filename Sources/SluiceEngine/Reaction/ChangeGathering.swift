package import SluiceModel

/// Waits until the changes of a project have come to rest, but not for ever, so that many become one plan. Pure.
///
/// Times are those of a clock that never jumps.
package struct ChangeGathering: Sendable, Equatable {
  private var first: Duration?
  private var last = Duration.zero
  private var earliest = Duration.zero
  /// The fact that came last of those that are gathered; nil where nothing but a look around was asked for.
  package private(set) var cause: EventID?

  package init() {}

  /// Something changed.
  package mutating func change(at time: Duration, cause: EventID?) {
    if first == nil { first = time }
    last = max(last, time)
    self.cause = cause ?? self.cause
  }

  /// When to look at what is out of date; nil while nothing has changed.
  package var due: Duration? {
    first.map { max(min(last + Limits.reactionQuiet, $0 + Limits.reactionLongest), earliest) }
  }

  /// Hands over what was gathered where its time has come, and begins anew.
  package mutating func fire(at time: Duration) -> Bool {
    guard let due, due <= time else { return false }
    first = nil
    return true
  }

  /// What was gathered has been looked at, and is forgotten unless something came meanwhile.
  /// - Parameter took: how long the look took; as long as that nothing is looked at again, so that large projects leave
  ///   half of a core alone.
  package mutating func rest(at time: Duration, took: Duration) {
    earliest = time + took
    if first == nil { cause = nil }
  }

  /// The look failed: it is tried again after a while.
  package mutating func retry(at time: Duration) {
    if first == nil { first = time }
    last = max(last, time)
    earliest = time + Limits.reactionRetry
  }
}
