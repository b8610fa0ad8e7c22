/// Reads a filter, a function for each level of precedence, from what binds least to what binds most.
///
/// It goes down only into brackets, so their depth bounds the stack; the height of the tree is bounded by itself, since
/// whatever walks the tree goes down it.
struct FilterParser {
  private let text: FilterText
  private let tokens: [FilterToken]
  private var at = 0
  private var depth = 0

  static func expression(of text: String) throws(SluiceError) -> FilterExpression {
    guard text.utf8.count <= Limits.filterBytes else {
      throw SluiceError(
        .filterSyntax, what: "the filter has \(text.utf8.count) bytes; at most \(Limits.filterBytes) are allowed",
        at: "filter '\(NameRule.printable(text))'", fix: "write a shorter one")
    }
    let text = FilterText(text)
    var parser = FilterParser(text: text, tokens: try FilterTokenizer.tokens(of: text))
    let tree = try parser.logic()
    guard parser.token.kind == .end else { throw parser.leftOver() }
    return tree.expression
  }

  private init(text: FilterText, tokens: [FilterToken]) { (self.text, self.tokens) = (text, tokens) }
}

// The levels.
extension FilterParser {
  /// `a AND b OR c XOR d`, all alike.
  private mutating func logic() throws(SluiceError) -> Tree {
    depth += 1
    defer { depth -= 1 }
    guard depth <= Limits.filterDepth else { throw tooDeep() }
    let first = try comparison()
    var (steps, parts): ([FilterExpression.LogicStep], [Tree]) = ([], [first])
    while let logic = logicOperator {
      at += 1
      let operand = try comparison()
      steps.append(FilterExpression.LogicStep(logic: logic, operand: operand.expression))
      parts.append(operand)
    }
    return steps.isEmpty ? first : try tree(.logic(first.expression, steps), over: parts)
  }

  private mutating func comparison() throws(SluiceError) -> Tree {
    var left = try sum()
    while let comparison = comparisonOperator {
      at += 1
      let right = try sum()
      left = try tree(.comparison(left.expression, comparison, right.expression), over: [left, right])
    }
    return left
  }

  private mutating func sum() throws(SluiceError) -> Tree {
    var left = try product()
    while let operation = arithmeticOperator(.plus, .minus) {
      at += 1
      let right = try product()
      left = try tree(.arithmetic(left.expression, operation, right.expression), over: [left, right])
    }
    return left
  }

  private mutating func product() throws(SluiceError) -> Tree {
    var left = try membership()
    while let operation = arithmeticOperator(.times, .divide, .remainder) {
      at += 1
      let right = try membership()
      left = try tree(.arithmetic(left.expression, operation, right.expression), over: [left, right])
    }
    return left
  }

  /// `a LIKE 'text'` and `a IN (b, c)`, with `NOT` or without.
  private mutating func membership() throws(SluiceError) -> Tree {
    var left = try unary()
    while true {
      let isNegated = take(.keyword(.not))
      if take(.keyword(.like)) {
        left = try tree(.like(left.expression, try pattern()), over: [left])
      } else if take(.keyword(.in)) {
        try expect(.open, "a list in brackets has to follow IN", fix: "write IN ('a', 'b')")
        let elements = try list()
        left = try tree(.isIn(left.expression, elements.map(\.expression)), over: [left] + elements)
      } else if isNegated {
        throw error("NOT behind a value needs LIKE or IN", fix: "write NOT LIKE or NOT IN, or NOT (a = b)")
      } else {
        return left
      }
      if isNegated { left = try tree(.not(left.expression), over: [left]) }
    }
  }

  /// `NOT a` and `-a`, which bind more than any operator between two values.
  private mutating func unary() throws(SluiceError) -> Tree {
    var prefixes: [FilterToken] = []
    while token.kind == .keyword(.not) || (token.kind == .sign(.minus) && !isSignOfNumber) {
      prefixes.append(advance())
    }
    var operand = try primary()
    for prefix in prefixes.reversed() {
      let isNot = prefix.kind == .keyword(.not)
      operand = try tree(isNot ? .not(operand.expression) : .negated(operand.expression), over: [operand])
    }
    return operand
  }

  private mutating func primary() throws(SluiceError) -> Tree {
    if isSignOfNumber || token.kind == .digits { return Tree(expression: .literal(.integer(try number())), height: 0) }
    switch token.kind {
    case .text(let content):
      at += 1
      return Tree(expression: .literal(.string(content)), height: 0)
    case .keyword(.true), .keyword(.false):
      return Tree(expression: .literal(.boolean(advance().kind == .keyword(.true))), height: 0)
    case .keyword(.exists):
      at += 1
      guard case .name(let name) = token.kind else {
        throw error("the name of an attribute has to follow EXISTS", fix: "write EXISTS subject, without brackets")
      }
      return Tree(expression: .exists(try attribute(name)), height: 0)
    case .sign(.open):
      at += 1
      let inner = try logic()
      try expect(.close, "a bracket was opened and is not closed before this", fix: "close it with )")
      return inner
    case .name(let name):
      if tokens[at + 1].kind == .sign(.open) { return try call(name) }
      return Tree(expression: .attribute(try attribute(name)), height: 0)
    default:
      throw error("a value is missing before this", fix: "write an attribute, a 'text', a number or a function")
    }
  }

  /// Digits with the sign that stands right before them, so that the smallest integer can be written.
  private mutating func number() throws(SluiceError) -> Int32 {
    let start = token.range.lowerBound
    if token.kind != .digits { at += 1 }
    let range = start..<advance().range.upperBound
    guard let number = Int32(text[range]) else {
      throw text.error(
        "the number is beyond 32 bits", at: range, fix: "write one from \(Int32.min) to \(Int32.max), or a 'text'")
    }
    return number
  }

  private mutating func attribute(_ name: String) throws(SluiceError) -> String {
    guard !name.contains("_") else {
      throw error("the name of an attribute has letters and digits only", fix: unknown(name, "write one without _"))
    }
    at += 1
    return name.lowercased()
  }

  private mutating func call(_ name: String) throws(SluiceError) -> Tree {
    guard let function = FilterFunction(rawValue: name.uppercased()) else {
      let all = FilterFunction.allCases.map(\.rawValue).joined(separator: ", ")
      throw error("there is no function '\(NameRule.printable(name))'", fix: unknown(name, "the functions are \(all)"))
    }
    at += 2
    var arguments: [Tree] = []
    if !take(.sign(.close)) { arguments = try list() }
    guard function.arity.contains(arguments.count) else {
      return Tree(expression: .miscalled(function, arguments: arguments.count), height: 0)
    }
    return try tree(.call(function, arguments.map(\.expression)), over: arguments)
  }

  /// One value or more with commas between them, up to the bracket that closes the list.
  private mutating func list() throws(SluiceError) -> [Tree] {
    var elements: [Tree] = []
    repeat { elements.append(try logic()) } while take(.sign(.comma))
    try expect(.close, "a list was opened and is not closed before this", fix: "write a comma, or close it with )")
    return elements
  }

  private mutating func pattern() throws(SluiceError) -> LikePattern {
    guard case .text(let pattern) = token.kind else {
      throw error("a text in quotes has to follow LIKE", fix: "write it as 'sluice.version.%'")
    }
    at += 1
    return LikePattern(pattern)
  }
}

// Tokens.
extension FilterParser {
  private var token: FilterToken { tokens[at] }

  /// The token, and on to the next; never called at the end.
  private mutating func advance() -> FilterToken {
    defer { at += 1 }
    return token
  }

  private mutating func take(_ kind: FilterToken.Kind) -> Bool {
    guard token.kind == kind else { return false }
    at += 1
    return true
  }

  private mutating func expect(_ sign: FilterToken.Sign, _ what: String, fix: String) throws(SluiceError) {
    guard take(.sign(sign)) else { throw error(what, fix: fix) }
  }

  private var isSignOfNumber: Bool {
    (token.kind == .sign(.minus) || token.kind == .sign(.plus))
      && tokens[at + 1].kind == .digits && tokens[at + 1].range.lowerBound == token.range.upperBound
  }

  private var logicOperator: FilterExpression.Logic? {
    switch token.kind {
    case .keyword(.and): .and
    case .keyword(.or): .or
    case .keyword(.xor): .xor
    default: nil
    }
  }

  private var comparisonOperator: FilterExpression.Comparison? {
    switch token.kind {
    case .sign(.equal): .equal
    case .sign(.notEqual), .sign(.different): .notEqual
    case .sign(.less): .less
    case .sign(.lessOrEqual): .lessOrEqual
    case .sign(.greater): .greater
    case .sign(.greaterOrEqual): .greaterOrEqual
    default: nil
    }
  }

  private func arithmeticOperator(_ candidates: FilterExpression.Arithmetic...) -> FilterExpression.Arithmetic? {
    guard case .sign(let sign) = token.kind else { return nil }
    return candidates.first { $0.rawValue == sign.rawValue }
  }
}

// Trees and errors.
extension FilterParser {
  private struct Tree {
    let expression: FilterExpression
    let height: Int
  }

  private func tree(_ expression: FilterExpression, over parts: [Tree]) throws(SluiceError) -> Tree {
    let height = 1 + (parts.map(\.height).max() ?? 0)
    guard height <= Limits.filterDepth else { throw tooDeep() }
    return Tree(expression: expression, height: height)
  }

  private func error(_ what: String, fix: String) -> SluiceError { text.error(what, at: token.range, fix: fix) }

  private func tooDeep() -> SluiceError {
    error("the filter is nested more than \(Limits.filterDepth) deep up to here", fix: "write a flatter one")
  }

  private func leftOver() -> SluiceError {
    let fix = "put AND, OR or another operator before it, or take it out"
    let hint =
      switch token.kind {
      case .text: "write \\' for a quote inside of a 'text'; else "
      case .name(let name):
        nearest(to: name, in: ["AND", "OR", "XOR", "LIKE", "IN", "NOT"]).map { "did you mean \($0)? Else " } ?? ""
      default: ""
      }
    return error("the filter could end before this, and goes on", fix: hint + fix)
  }

  private func unknown(_ name: String, _ otherwise: String) -> String {
    nearest(to: name, in: FilterFunction.allCases.map(\.rawValue)).map { "did you mean \($0)?" } ?? otherwise
  }
}
