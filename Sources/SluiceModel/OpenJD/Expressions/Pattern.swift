extension OpenJD {
  /// A regular expression, as Python and Rust both understand them: no look-around and no back references.
  ///
  /// It is matched in a time that grows with the text and the pattern, whatever they are.
  /// Source: Expression Language (2026-02), "Regular Expression Functions".
  struct Pattern: Sendable {
    /// Characters that may stand at a place.
    struct Members: Sendable, Hashable {
      enum Member: Sendable, Hashable {
        case range(ClosedRange<UInt32>)
        case digit(Bool), word(Bool), space(Bool)
      }
      var members: [Member]
      var isNegated = false
      var ignoresCase = false

      func contains(_ scalar: Unicode.Scalar) -> Bool {
        isNegated != (ignoresCase ? Self.cases(scalar).contains(where: matches) : matches(scalar))
      }

      private static func cases(_ scalar: Unicode.Scalar) -> [Unicode.Scalar] {
        let properties = scalar.properties
        return [scalar]
          + [properties.lowercaseMapping, properties.uppercaseMapping].flatMap { $0.unicodeScalars.prefix(2) }
          .filter { $0 != scalar }
      }

      private func matches(_ scalar: Unicode.Scalar) -> Bool {
        members.contains { member in
          switch member {
          case .range(let range): range.contains(scalar.value)
          case .digit(let isSuch): (scalar.properties.generalCategory == .decimalNumber) == isSuch
          case .word(let isSuch): Pattern.isWord(scalar) == isSuch
          case .space(let isSuch): scalar.properties.isWhitespace == isSuch
          }
        }
      }
    }

    enum Edge: Sendable, Hashable { case textStart, textEnd, lineStart, lineEnd, word, noWord }

    enum Step: Sendable, Hashable {
      case scalar(Members)
      case edge(Edge)
      /// Goes on at both places, the first one rather.
      case either(Int, Int)
      case jump(Int)
      case save(Int)
      case match
    }

    let steps: [Step]
    /// Of groups that capture, the whole of it not counted.
    let groups: Int

    init(steps: [Step], groups: Int) { (self.steps, self.groups) = (steps, groups) }

    static func isWord(_ scalar: Unicode.Scalar) -> Bool {
      let properties = scalar.properties
      if properties.isAlphabetic || properties.isJoinControl { return true }
      return switch properties.generalCategory {
      case .nonspacingMark, .spacingMark, .enclosingMark, .decimalNumber, .connectorPunctuation: true
      default: false
      }
    }
  }
}

// MARK: Matching

extension OpenJD.Pattern {
  /// Where the pattern and its groups stand; nil for a group that takes no part.
  typealias Match = [Range<Int>?]

  /// The first match from a place on.
  /// - Parameter isAnchored: whether it has to begin there.
  func match(
    in text: [Unicode.Scalar], from start: Int, isAnchored: Bool, _ budget: inout OpenJD.Budget
  ) throws(OpenJD.ExpressionFault) -> Match? {
    var (current, next) = (Threads(count: steps.count), Threads(count: steps.count))
    return try match(in: text, from: start, isAnchored: isAnchored, &current, &next, &budget)
  }

  private func match(
    in text: [Unicode.Scalar], from start: Int, isAnchored: Bool, _ current: inout Threads, _ next: inout Threads,
    _ budget: inout OpenJD.Budget
  ) throws(OpenJD.ExpressionFault) -> Match? {
    var found: [Int]?
    current.clear()
    next.clear()
    for at in start...text.count {
      if found == nil, at == start || !isAnchored {
        add(0, Array(repeating: -1, count: 2 * groups + 2), &current, text, at)
      }
      if current.list.isEmpty {
        if found != nil || isAnchored { break }
        current.clear()
        continue
      }
      try budget.spend(current.work / 16 + 1)
      for thread in current.list {
        if case .match = steps[thread.step] {
          // What comes after it is wanted less.
          found = thread.saved
          break
        }
        guard at < text.count, case .scalar(let members) = steps[thread.step] else { continue }
        next.work += members.members.count / 4
        if members.contains(text[at]) {
          add(thread.step + 1, thread.saved, &next, text, at + 1)
        }
      }
      swap(&current, &next)
      next.clear()
    }
    guard let found else { return nil }
    return (0...groups).map { found[2 * $0] < 0 || found[2 * $0 + 1] < 0 ? nil : found[2 * $0]..<found[2 * $0 + 1] }
  }

  /// Every match, none of which begins before the end of the one before.
  func matches(
    in text: [Unicode.Scalar], most: Int = .max, _ budget: inout OpenJD.Budget
  ) throws(OpenJD.ExpressionFault) -> [Match] {
    var (matches, start, last) = ([Match](), 0, -1)
    var (current, next) = (Threads(count: steps.count), Threads(count: steps.count))
    while start <= text.count, matches.count < most,
      let match = try match(in: text, from: start, isAnchored: false, &current, &next, &budget), let whole = match[0]
    {
      try budget.wants((matches.count + 1) * (groups + 1) * 24)
      if whole.isEmpty, whole.lowerBound == last {
        start = whole.lowerBound + 1
        continue
      }
      matches.append(match)
      last = whole.upperBound
      start = whole.upperBound
    }
    return matches
  }

  private struct Threads {
    var list: [(step: Int, saved: [Int])] = []
    /// What it took to find them, in steps.
    var work = 0
    private var isThere: [Bool]
    private var marked: [Int] = []
    init(count: Int) { isThere = Array(repeating: false, count: count) }
    mutating func insert(_ step: Int) -> Bool {
      if isThere[step] { return false }
      isThere[step] = true
      marked.append(step)
      work += 1
      return true
    }
    mutating func clear() {
      list.removeAll(keepingCapacity: true)
      for step in marked { isThere[step] = false }
      marked.removeAll(keepingCapacity: true)
      work = 0
    }
  }

  /// Follows what needs no character.
  private func add(_ first: Int, _ saved: [Int], _ threads: inout Threads, _ text: [Unicode.Scalar], _ at: Int) {
    var open = [(step: first, saved: saved)]
    while let (step, saved) = open.popLast() {
      guard threads.insert(step) else { continue }
      switch steps[step] {
      case .jump(let other): open.append((other, saved))
      case .either(let wanted, let other):
        open.append((other, saved))
        open.append((wanted, saved))
      case .save(let place):
        var saved = saved
        saved[place] = at
        threads.work += saved.count / 8
        open.append((step + 1, saved))
      case .edge(let edge): if isAt(edge, text, at) { open.append((step + 1, saved)) }
      case .scalar, .match: threads.list.append((step, saved))
      }
    }
  }

  private func isAt(_ edge: Edge, _ text: [Unicode.Scalar], _ at: Int) -> Bool {
    func isWord(_ place: Int) -> Bool { text.indices.contains(place) && Self.isWord(text[place]) }
    switch edge {
    case .textStart: return at == 0
    case .textEnd: return at == text.count
    case .lineStart: return at == 0 || text[at - 1] == "\n"
    case .lineEnd: return at == text.count || text[at] == "\n"
    case .word: return isWord(at - 1) != isWord(at)
    case .noWord: return isWord(at - 1) == isWord(at)
    }
  }
}
