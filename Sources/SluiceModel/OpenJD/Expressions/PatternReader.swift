extension OpenJD.Pattern {
  /// - Throws: for what is no pattern, and for what only one of Python and Rust understands.
  init(_ text: String) throws(OpenJD.ExpressionFault) {
    if text.isEmpty { throw OpenJD.ExpressionFault("the pattern is empty") }
    guard text.utf8.count <= Limits.expressionTextBytes else {
      throw OpenJD.ExpressionFault("the pattern has more than \(Limits.expressionTextBytes) bytes")
    }
    var reader = PatternReader(text)
    let tree = try reader.pattern()
    var steps: [Step] = [.save(0)]
    try Self.compile(tree, into: &steps)
    steps += [.save(1), .match]
    self.init(steps: steps, groups: reader.groups)
  }

  indirect enum Tree: Sendable {
    case scalar(Members)
    case edge(Edge)
    case sequence([Tree])
    case either([Tree])
    case repeated(Tree, least: Int, most: Int?, isLazy: Bool)
    case group(Tree, Int)
  }

  private static func compile(_ tree: Tree, into steps: inout [Step]) throws(OpenJD.ExpressionFault) {
    guard steps.count < Limits.patternSteps else {
      throw OpenJD.ExpressionFault("the pattern is too large; repeat less of it")
    }
    switch tree {
    case .scalar(let members): steps.append(.scalar(members))
    case .edge(let edge): steps.append(.edge(edge))
    case .sequence(let parts): for part in parts { try compile(part, into: &steps) }
    case .group(let inner, let number):
      steps.append(.save(2 * number))
      try compile(inner, into: &steps)
      steps.append(.save(2 * number + 1))
    case .either(let parts):
      var ends: [Int] = []
      for part in parts.dropLast() {
        let fork = steps.count
        steps.append(.match)
        try compile(part, into: &steps)
        ends.append(steps.count)
        steps.append(.match)
        steps[fork] = .either(fork + 1, steps.count)
      }
      if let last = parts.last { try compile(last, into: &steps) }
      for end in ends { steps[end] = .jump(steps.count) }
    case .repeated(let inner, let least, let most, let isLazy):
      for _ in 0..<least {
        let before = steps.count
        try compile(inner, into: &steps)
        // Nothing as often as one likes is nothing.
        if steps.count == before { break }
      }
      guard let most else {
        let fork = steps.count
        steps.append(.match)
        try compile(inner, into: &steps)
        steps.append(.jump(fork))
        steps[fork] = isLazy ? .either(steps.count, fork + 1) : .either(fork + 1, steps.count)
        return
      }
      var forks: [Int] = []
      for _ in least..<max(least, most) {
        forks.append(steps.count)
        steps.append(.match)
        try compile(inner, into: &steps)
      }
      for fork in forks { steps[fork] = isLazy ? .either(steps.count, fork + 1) : .either(fork + 1, steps.count) }
    }
  }
}

/// Takes a pattern apart.
private struct PatternReader {
  typealias Fault = OpenJD.ExpressionFault
  typealias Tree = OpenJD.Pattern.Tree
  typealias Members = OpenJD.Pattern.Members

  struct Flags {
    var ignoresCase = false
    var hasLines = false
    var dotTakesAll = false
    var isSpaced = false
  }

  private let scalars: [Unicode.Scalar]
  private var at = 0
  private var flags = Flags()
  private var depth = 0
  private var names: Set<String> = []
  private(set) var groups = 0

  init(_ text: String) { scalars = Array(text.unicodeScalars) }

  private func fault(_ what: String) -> Fault {
    Fault("the pattern '\(String(String.UnicodeScalarView(scalars)).prefix(60))' at character \(at + 1): \(what)")
  }

  private func peek(_ offset: Int = 0) -> Unicode.Scalar? { at + offset < scalars.count ? scalars[at + offset] : nil }

  private mutating func take(_ text: String) -> Bool {
    let wanted = Array(text.unicodeScalars)
    guard scalars[at...].starts(with: wanted) else { return false }
    at += wanted.count
    return true
  }

  mutating func pattern() throws(Fault) -> Tree {
    // Flags without brackets of their own stand at the beginning alone.
    while peek() == "(", peek(1) == "?", let letter = peek(2), letter.properties.isAlphabetic, letter != "P" {
      let begin = at
      at += 2
      let read = try readFlags()
      guard take(")") else {
        at = begin
        break
      }
      guard !read.hasOff else { throw fault("flags are turned off for a group alone: (?-i:…)") }
      apply(read.on, true, to: &flags)
    }
    let tree = try alternatives()
    if at < scalars.count { throw fault("')' closes nothing") }
    return tree
  }

  private mutating func alternatives() throws(Fault) -> Tree {
    depth += 1
    defer { depth -= 1 }
    if depth > Limits.expressionDepth { throw fault("it is nested too deep") }
    var parts = [try sequence()]
    while take("|") { parts.append(try sequence()) }
    return parts.count == 1 ? parts[0] : .either(parts)
  }

  private mutating func sequence() throws(Fault) -> Tree {
    var parts: [Tree] = []
    while let scalar = peek(), scalar != "|", scalar != ")" {
      if flags.isSpaced, scalar.properties.isWhitespace {
        at += 1
      } else if flags.isSpaced, scalar == "#" {
        while let next = peek(), next != "\n" { at += 1 }
      } else {
        var part = try atom()
        while let times = try times() {
          part = .repeated(part, least: times.least, most: times.most, isLazy: take("?"))
        }
        parts.append(part)
      }
    }
    return .sequence(parts)
  }

  private mutating func times() throws(Fault) -> (least: Int, most: Int?)? {
    switch peek() {
    case "*": at += 1; return (0, nil)
    case "+": at += 1; return (1, nil)
    case "?": at += 1; return (0, 1)
    case "{":
      at += 1
      guard let least = number() else { throw fault("'{' wants a number; write \\{ for the character") }
      var most: Int? = least
      if take(",") { most = peek() == "}" ? nil : try wanted(number()) }
      guard take("}") else { throw fault("'{' is never closed by '}'") }
      if let most, most < least { throw fault("{\(least),\(most)} counts down") }
      return (least, most)
    default: return nil
    }
  }

  private func wanted(_ number: Int?) throws(Fault) -> Int {
    guard let number else { throw fault("a number is wanted") }
    return number
  }

  private mutating func number() -> Int? {
    var digits = ""
    while let scalar = peek(), scalar.isDecimalDigit, digits.count < 6 {
      digits.unicodeScalars.append(scalar)
      at += 1
    }
    return Int(digits)
  }

  private func single(_ scalar: Unicode.Scalar) -> Tree {
    .scalar(Members(members: [.range(scalar.value...scalar.value)], ignoresCase: flags.ignoresCase))
  }

  private mutating func atom() throws(Fault) -> Tree {
    guard let scalar = peek() else { return .sequence([]) }
    switch scalar {
    case "*", "+", "?", "{": throw fault("'\(scalar)' repeats nothing; write \\\(scalar) for the character")
    case ".":
      at += 1
      return .scalar(Members(members: flags.dotTakesAll ? [] : [.range(10...10)], isNegated: true))
    case "^":
      at += 1
      return .edge(flags.hasLines ? .lineStart : .textStart)
    case "$":
      at += 1
      return .edge(flags.hasLines ? .lineEnd : .textEnd)
    case "(": return try group()
    case "[": return .scalar(try members())
    case "\\":
      at += 1
      return try escaped()
    default:
      at += 1
      return single(scalar)
    }
  }

  // MARK: Groups

  private mutating func group() throws(Fault) -> Tree {
    at += 1
    let outer = flags
    defer { flags = outer }
    var number: Int?
    if take("?") {
      if take("P<") {
        try name()
        groups += 1
        number = groups
      } else if peek() == "=" || peek() == "!" {
        throw fault("look-ahead is not supported")
      } else if peek() == "<" {
        throw fault(
          peek(1) == "=" || peek(1) == "!" ? "look-behind is not supported" : "a group is named by (?P<name>…)")
      } else {
        let read = try readFlags()
        guard take(":") else { throw fault("flags stand at the beginning of the pattern, or in a group: (?i:…)") }
        apply(read.on, true, to: &flags)
        apply(read.off, false, to: &flags)
      }
    } else {
      groups += 1
      number = groups
    }
    let inner = try alternatives()
    guard take(")") else { throw fault("'(' is never closed by ')'") }
    return number.map { .group(inner, $0) } ?? inner
  }

  private mutating func name() throws(Fault) {
    var name = ""
    while let scalar = peek(), scalar != ">" {
      name.unicodeScalars.append(scalar)
      at += 1
    }
    guard take(">"), OpenJD.isIdentifier(name) else { throw fault("'\(name)' is no name of a group") }
    guard names.insert(name).inserted else { throw fault("the group '\(name)' is there twice") }
  }

  private mutating func readFlags() throws(Fault) -> (on: Set<Unicode.Scalar>, off: Set<Unicode.Scalar>, hasOff: Bool) {
    var (on, off, isOff) = (Set<Unicode.Scalar>(), Set<Unicode.Scalar>(), false)
    while let scalar = peek(), scalar != ":", scalar != ")" {
      switch scalar {
      case "-" where !isOff: isOff = true
      case "i", "m", "s", "x":
        if isOff { off.insert(scalar) } else { on.insert(scalar) }
      case "u" where !isOff: break
      default: throw fault("the flag '\(scalar)' is not supported")
      }
      at += 1
    }
    if isOff, off.isEmpty { throw fault("'-' turns nothing off") }
    return (on, off, isOff)
  }

  private func apply(_ letters: Set<Unicode.Scalar>, _ isOn: Bool, to flags: inout Flags) {
    if letters.contains("i") { flags.ignoresCase = isOn }
    if letters.contains("m") { flags.hasLines = isOn }
    if letters.contains("s") { flags.dotTakesAll = isOn }
    if letters.contains("x") { flags.isSpaced = isOn }
  }

  // MARK: Characters

  private mutating func escaped() throws(Fault) -> Tree {
    guard let letter = peek() else { throw fault("'\\' stands at the end") }
    switch letter {
    case "A":
      at += 1
      return .edge(.textStart)
    case "b" where peek(1) != "{":
      at += 1
      return .edge(.word)
    case "B":
      at += 1
      return .edge(.noWord)
    default: break
    }
    if let member = classMember(letter) { return .scalar(Members(members: [member])) }
    return single(try escape())
  }

  private mutating func classMember(_ letter: Unicode.Scalar) -> Members.Member? {
    let member: Members.Member
    switch letter {
    case "d": member = .digit(true)
    case "D": member = .digit(false)
    case "w": member = .word(true)
    case "W": member = .word(false)
    case "s": member = .space(true)
    case "S": member = .space(false)
    default: return nil
    }
    at += 1
    return member
  }

  /// The character that `\` and what follows it mean.
  private mutating func escape() throws(Fault) -> Unicode.Scalar {
    guard let letter = peek() else { throw fault("'\\' stands at the end") }
    at += 1
    switch letter {
    case "n": return "\n"
    case "t": return "\t"
    case "r": return "\r"
    case "f": return "\u{0C}"
    case "v": return "\u{0B}"
    case "a": return "\u{07}"
    case "x": return try hexadecimal(2)
    case "u": return try hexadecimal(4)
    case "U": return try hexadecimal(8)
    default:
      guard letter.isASCII, letter != "<", letter != ">", !letter.isDecimalDigit, !letter.properties.isAlphabetic,
        letter.value > 0x1F
      else {
        at -= 1
        throw fault(
          letter.isDecimalDigit ? "back references are not supported" : "'\\\(letter)' is not supported")
      }
      return letter
    }
  }

  private mutating func hexadecimal(_ count: Int) throws(Fault) -> Unicode.Scalar {
    var value: UInt32 = 0
    for _ in 0..<count {
      guard let digit = peek(), digit.isASCII, let number = Character(digit).hexDigitValue else {
        throw fault("\(count) hexadecimal digits are wanted")
      }
      value = value &* 16 &+ UInt32(number)
      at += 1
    }
    guard let scalar = Unicode.Scalar(value) else { throw fault("there is no such character") }
    return scalar
  }

  private mutating func members() throws(Fault) -> Members {
    at += 1
    var members = Members(members: [], ignoresCase: flags.ignoresCase)
    members.isNegated = take("^")
    var isFirst = true
    while let scalar = peek() {
      if scalar == "]", !isFirst {
        at += 1
        return members
      }
      isFirst = false
      if flags.isSpaced, scalar.properties.isWhitespace || scalar == "#" {
        throw fault("white space or '#' in […] with the flag x means another thing elsewhere")
      }
      if scalar == "[" { throw fault("'[' in […] is not supported; write \\[ for the character") }
      for sign in ["&&", "--", "~~"] where scalars[at...].starts(with: sign.unicodeScalars) {
        throw fault("'\(sign)' in […] is not supported")
      }
      if scalar == "\\", let letter = peek(1) {
        at += 1
        if let member = classMember(letter) {
          if peek() == "-", peek(1) != "]" { throw fault("a range wants characters at both ends") }
          members.members.append(member)
          continue
        }
        at -= 1
      }
      let low = try bound()
      guard peek() == "-", let end = peek(1), end != "]" else {
        members.members.append(.range(low.value...low.value))
        continue
      }
      if end == "-" { throw fault("'--' in […] is not supported") }
      at += 1
      if end == "[" { throw fault("'[' in […] is not supported; write \\[ for the character") }
      if end == "\\", let letter = peek(1), "dDwWsS".unicodeScalars.contains(letter) {
        throw fault("a range wants characters at both ends")
      }
      let high = try bound()
      guard low.value <= high.value else { throw fault("the range \(low)-\(high) counts down") }
      members.members.append(.range(low.value...high.value))
    }
    throw fault("'[' is never closed by ']'")
  }

  private mutating func bound() throws(Fault) -> Unicode.Scalar {
    guard let scalar = peek() else { throw fault("'[' is never closed by ']'") }
    at += 1
    return scalar == "\\" ? try escape() : scalar
  }
}
