package import SluiceModel

/// What there is to say of a unit that has all its products and is out of date because inputs have other content now.
///
/// Nothing keeps it from being made, it has the frames that it should have, and there are no notes on it.
package struct Brief: Sendable, Equatable {
  package let unit: UnitID
  let causes: [Cause]
  package let existing: FrameSet?
  package let frames: FramesWanted?
  package let stale: FrameSet?
  package let work: Digest

  package var reasons: [Reason] { causes.map(\.reason) }
}

/// Why something is out of date: an input that moved, here or further up. Units that one change reaches share it.
struct Cause: Sendable, Equatable {
  /// One, behind a reference.
  private let roots: [Root]
  /// Through which input it came; nil for an input of the unit itself.
  let via: ProductRef?
  /// How many other ways it came.
  var more = 0

  init(_ roots: [Root], via: ProductRef?) { (self.roots, self.via) = (roots, via) }

  struct Root: Sendable, Equatable {
    /// As it is told where the input itself is taken.
    let direct: Reason
    /// As it is told further down, up to the input through which it came.
    let passed: Reason

    init(_ reason: Reason, at product: ProductRef) {
      direct = reason
      passed = Reason(
        kind: .upstream, input: reason.input ?? "\(product)", used: reason.used, now: reason.now,
        text: String(Reasons.cause(reason.text)))
    }
  }

  var reason: Reason {
    guard let via else { return roots[0].direct }
    var reason = roots[0].passed
    reason.via = via
    reason.text = "\(reason.text)\(Reasons.through)\(via.spoken)"
    if more > 0 { reason.text += " and \(more) more" }
    return reason
  }

  /// The same, further down.
  func passed(through product: ProductRef) -> Cause { Cause(roots, via: product) }

  /// Whether both are told as one reason.
  func isSame(as other: Cause) -> Bool {
    guard (via == nil) == (other.via == nil) else { return false }
    let (mine, its) = via == nil ? (roots[0].direct, other.roots[0].direct) : (roots[0].passed, other.roots[0].passed)
    return (mine.kind, mine.input, mine.used, mine.now) == (its.kind, its.input, its.used, its.now)
  }

  /// Whether one says what the other says; causes that are the same. What only the input itself is told, such as its
  /// frames, is not said further down.
  func isEqual(to other: Cause) -> Bool {
    guard via == other.via else { return false }
    return via == nil ? roots[0].direct == other.roots[0].direct : roots[0].passed == other.roots[0].passed
  }
}
