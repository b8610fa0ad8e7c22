package import SluiceModel

/// What there is to say of a unit that has all its products and is out of date because inputs have other content now.
///
/// Nothing keeps it from being made, it has the frames that it should have, and there are no notes on it. Behind a
/// reference, since it is handed on a lot.
package struct Brief: Sendable, Equatable {
  private struct Said: Sendable, Equatable {
    let unit: UnitID
    let cause: Cause
    let others: [Cause]
    let framing: [Framing]
    let work: Digest
  }
  /// What it says of frames: one, behind a reference, that units which one change reaches share.
  struct Framing: Sendable, Equatable {
    let existing: FrameSet?
    let frames: FramesWanted?
    let stale: FrameSet?
  }

  /// Always one.
  private let said: [Said]

  /// - Parameter others: beside the first cause.
  init(unit: UnitID, cause: Cause, others: [Cause], framing: [Framing], work: Digest) {
    said = [Said(unit: unit, cause: cause, others: others, framing: framing, work: work)]
  }

  package var unit: UnitID { said[0].unit }
  package var existing: FrameSet? { said[0].framing[0].existing }
  package var frames: FramesWanted? { said[0].framing[0].frames }
  package var stale: FrameSet? { said[0].framing[0].stale }
  package var work: Digest { said[0].work }
  var framing: [Framing] { said[0].framing }

  /// One at least.
  var causeCount: Int { 1 + said[0].others.count }
  func cause(_ index: Int) -> Cause { index == 0 ? said[0].cause : said[0].others[index - 1] }

  package var reasons: [Reason] {
    said[0].others.isEmpty ? [said[0].cause.reason] : (0..<causeCount).map { cause($0).reason }
  }
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
    // Plans have one for each run: written in one piece.
    var (text, folder, name) = (reason.text, via.folder.description, via.name)
    reason.text = text.withUTF8 { text in
      folder.withUTF8 { folder in
        name.withUTF8 { name in Cause.text(text, folder, name) }
      }
    }
    if more > 0 { reason.text += " and \(more) more" }
    return reason
  }

  /// Through which input it came, as people say it.
  private static func text(
    _ text: UnsafeBufferPointer<UInt8>, _ folder: UnsafeBufferPointer<UInt8>, _ name: UnsafeBufferPointer<UInt8>
  ) -> String {
    let capacity = text.count + Reasons.through.utf8.count + folder.count + 1 + name.count
    return String(unsafeUninitializedCapacity: capacity) { buffer in
      var end = copy(text, to: buffer, at: 0)
      var through = Reasons.through
      end = through.withUTF8 { copy($0, to: buffer, at: end) }
      if !folder.isEmpty {
        end = copy(folder, to: buffer, at: end)
        buffer[end] = UInt8(ascii: "/")
        end += 1
      }
      return copy(name, to: buffer, at: end)
    }
  }

  /// - Returns: where it ends.
  private static func copy(
    _ part: UnsafeBufferPointer<UInt8>, to buffer: UnsafeMutableBufferPointer<UInt8>, at start: Int
  ) -> Int {
    precondition(part.count <= buffer.count - start, "there is room for all parts")
    if let from = part.baseAddress, let to = buffer.baseAddress { (to + start).update(from: from, count: part.count) }
    return start + part.count
  }

  /// The same, further down.
  func passed(through product: ProductRef) -> Cause { Cause(roots, via: product) }

  /// Whether both are told as one reason.
  func isSame(as other: Cause) -> Bool {
    guard (via == nil) == (other.via == nil) else { return false }
    if isShared(with: other) { return true }
    let (mine, its) = via == nil ? (roots[0].direct, other.roots[0].direct) : (roots[0].passed, other.roots[0].passed)
    return (mine.kind, mine.input, mine.used, mine.now) == (its.kind, its.input, its.used, its.now)
  }

  /// Whether one says what the other says; causes that are the same. What only the input itself is told, such as its
  /// frames, is not said further down.
  func isEqual(to other: Cause) -> Bool {
    guard via == other.via else { return false }
    if isShared(with: other) { return true }
    return via == nil ? roots[0].direct == other.roots[0].direct : roots[0].passed == other.roots[0].passed
  }

  private func isShared(with other: Cause) -> Bool { Glance.isSame(roots, other.roots) }
}
