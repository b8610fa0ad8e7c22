extension OpenJD {
  /// Whole numbers written as `1-100:2,200`; held as ranges and never one by one.
  package struct IntegerRange: Sendable, Hashable {
    /// Numbers with equal steps; `last` belongs to them.
    package struct Run: Sendable, Hashable {
      package let first: Int
      package let last: Int
      /// Not zero; negative for a run that counts down.
      package let step: Int

      fileprivate var low: Int { min(first, last) }
      fileprivate var high: Int { max(first, last) }
      package var count: Int { Int(((high &- low).magnitude) / step.magnitude) + 1 }
      package subscript(_ index: Int) -> Int { first + index * step }
    }

    package struct Malformed: Error, Sendable, Hashable {
      package let what: String
      package init(what: String) { self.what = what }
    }

    /// Ascending and disjoint.
    package let runs: [Run]
    /// How many numbers lie in the runs up to and with each.
    private let ends: [Int]

    package var count: Int { ends.last ?? 0 }

    /// - Throws: `Malformed` for what is no range, for numbers past ±2^53, and for ranges that overlap.
    package init(_ text: String) throws(Malformed) {
      var parser = Parser(text)
      try self.init(runs: try parser.runs())
    }

    /// The same without its first numbers.
    func dropping(_ count: Int) -> IntegerRange {
      var (count, left): (Int, [Run]) = (count, [])
      for run in runs {
        if count < run.count { left.append(Run(first: run[count], last: run.last, step: run.step)) }
        count = max(0, count - run.count)
      }
      return IntegerRange(disjoint: left)
    }

    /// - Parameter runs: ascending and disjoint; none for no numbers.
    init(disjoint runs: [Run]) {
      self.runs = runs
      var ends: [Int] = []
      for run in runs { ends.append((ends.last ?? 0) + run.count) }
      self.ends = ends
    }

    init(runs unordered: [Run]) throws(Malformed) {
      var runs: [Run] = []
      for run in unordered.sorted(by: { ($0.low, $0.high, $0.step.magnitude) < ($1.low, $1.high, $1.step.magnitude) }) {
        guard let last = runs.last else {
          runs.append(run)
          continue
        }
        if last.step.magnitude == run.step.magnitude, last.high + Int(run.step.magnitude) == run.low {
          runs[runs.count - 1] = Run(first: last.low, last: run.high, step: Int(run.step.magnitude))
        } else if last.high >= run.low {
          throw Malformed(what: "\(last) and \(run) overlap")
        } else {
          runs.append(run)
        }
      }
      self.init(disjoint: runs)
    }

    /// - Complexity: O(log runs).
    package subscript(_ index: Int) -> Int {
      precondition(index >= 0 && index < count, "a range is asked for a number past its end")
      var (low, high) = (0, ends.count - 1)
      while low < high {
        let middle = (low + high) / 2
        if ends[middle] > index { high = middle } else { low = middle + 1 }
      }
      return runs[low][index - (low == 0 ? 0 : ends[low - 1])]
    }

    /// Writes numbers, in any order, as a range: `[1, 2, 3, 7]` is `1-3,7`.
    package static func text(_ numbers: some Sequence<Int>) -> String {
      var texts: [String] = []
      var pending: [Int] = []
      func flush() {
        guard let first = pending.first, let last = pending.last else { return }
        let step = pending.count > 1 ? pending[1] - pending[0] : 1
        texts.append(Run(first: first, last: last, step: step).description)
        pending = []
      }
      for number in Set(numbers).sorted() {
        if pending.count > 1, number - pending[pending.count - 1] != pending[1] - pending[0] { flush() }
        pending.append(number)
      }
      flush()
      return texts.joined(separator: ",")
    }
  }
}

extension OpenJD.IntegerRange.Run: CustomStringConvertible {
  package var description: String {
    switch count {
    case 1: "\(low)"
    case 2: "\(low),\(high)"
    default: step.magnitude == 1 ? "\(low)-\(high)" : "\(low)-\(high):\(step.magnitude)"
    }
  }
}

extension OpenJD.IntegerRange: CustomStringConvertible {
  package var description: String { runs.map(\.description).joined(separator: ",") }
}

/// `<range> ::= <run> (',' <run>)*`, `<run> ::= <number> ('-' <number> (':' <number>)?)?`; spaces stand anywhere.
private struct Parser {
  typealias Malformed = OpenJD.IntegerRange.Malformed
  private let text: String
  private let scalars: [Unicode.Scalar]
  private var at = 0

  init(_ text: String) {
    self.text = text
    scalars = Array(text.unicodeScalars)
  }

  mutating func runs() throws(Malformed) -> [OpenJD.IntegerRange.Run] {
    guard peek() != nil else { throw Malformed(what: "the range is empty") }
    var runs = [try run()]
    while take(",") { runs.append(try run()) }
    guard let left = peek() else { return runs }
    throw Malformed(what: "'\(left)' does not belong into the range '\(text)'")
  }

  private mutating func run() throws(Malformed) -> OpenJD.IntegerRange.Run {
    let first = try number()
    guard take("-") else { return .init(first: first, last: first, step: 1) }
    let last = try number()
    let step = take(":") ? try number() : 1
    guard step != 0 else { throw Malformed(what: "the step after ':' is 0") }
    guard step > 0 ? first <= last : first >= last else {
      throw Malformed(
        what: step > 0
          ? "\(first)-\(last) counts down, which wants a negative step" : "\(first)-\(last) cannot go by \(step)")
    }
    return .init(first: first, last: first + (last - first) / step * step, step: step)
  }

  private mutating func number() throws(Malformed) -> Int {
    let isNegative = take("-")
    _ = peek()
    let start = at
    while at < scalars.count, ("0"..."9").contains(scalars[at]) { at += 1 }
    guard at > start else {
      throw Malformed(what: at < scalars.count ? "'\(scalars[at])' is not a number" : "a number is missing at the end")
    }
    guard let value = Int(String(String.UnicodeScalarView(scalars[start..<at]))), value <= 1 << 53 else {
      throw Malformed(what: "a number is larger than 2^53")
    }
    return isNegative ? -value : value
  }

  private mutating func take(_ scalar: Unicode.Scalar) -> Bool {
    guard peek() == scalar else { return false }
    at += 1
    return true
  }

  private mutating func peek() -> Unicode.Scalar? {
    while at < scalars.count, scalars[at].properties.isWhitespace { at += 1 }
    return at < scalars.count ? scalars[at] : nil
  }
}
