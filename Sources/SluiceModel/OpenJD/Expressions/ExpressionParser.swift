extension OpenJD {
  /// Makes a tree of an expression. Source: Expression Language (2026-02), "Extended Format String Grammar".
  struct ExpressionParser {
    private typealias Tree = ExpressionTree
    private typealias Token = ExpressionLexer.Token
    private var lexer: ExpressionLexer
    private var token: ExpressionLexer.Token = .end
    /// Where the token stands, and where the one before it ends.
    private var start = 0
    private var end = 0
    private var nesting = 0

    static func tree(_ text: String) throws(ExpressionFault) -> ExpressionTree {
      guard text.utf8.count <= Limits.expressionTextBytes else {
        throw ExpressionFault("it has more than \(Limits.expressionTextBytes) bytes")
      }
      var parser = ExpressionParser(lexer: ExpressionLexer(text))
      try parser.advance()
      guard parser.token != .end else { throw ExpressionFault("nothing stands there; write a value") }
      let tree = try parser.expression()
      guard parser.token == .end else { throw parser.unexpected() }
      return tree
    }

    private init(lexer: ExpressionLexer) { self.lexer = lexer }

    // MARK: Tokens

    private mutating func advance() throws(ExpressionFault) {
      end = lexer.at
      token = try lexer.next()
      start = lexer.start
    }

    private mutating func take(_ sign: String) throws(ExpressionFault) -> Bool {
      guard token == .sign(sign) else { return false }
      try advance()
      return true
    }

    private mutating func want(_ sign: String, _ what: String) throws(ExpressionFault) {
      guard try take(sign) else {
        throw ExpressionFault("\(what) wants '\(sign)' here, and here stands \(shown)", at: start)
      }
    }

    private mutating func deepen() throws(ExpressionFault) {
      nesting += 1
      guard nesting <= Limits.expressionNesting else {
        throw ExpressionFault("it is nested more than \(Limits.expressionNesting) deep", at: start)
      }
    }

    private var shown: String {
      switch token {
      case .name(let name): "'\(name)'"
      case .int, .float: "a number"
      case .string: "a text"
      case .sign(let sign): "'\(sign)'"
      case .end: "the end"
      }
    }

    private func unexpected() -> ExpressionFault {
      switch token {
      case .sign("="): ExpressionFault("'=' sets nothing in an expression; write '==' to compare", at: start)
      case .sign(","):
        ExpressionFault("values with ',' between them are not supported; write a list: [a, b]", at: start)
      case .sign("{"): ExpressionFault("maps and sets are not supported; write a list: [a, b]", at: start)
      case .sign(":="): ExpressionFault("':=' is not supported; write 'let' in the template", at: start)
      case .sign("&"), .sign("|"), .sign("^"), .sign("<<"), .sign(">>"), .sign("~"), .sign("@"):
        ExpressionFault("the operator \(shown) is not supported", at: start)
      case .end: ExpressionFault("it ends where a value is wanted", at: start)
      default: ExpressionFault("\(shown) does not belong here", at: start)
      }
    }

    private func node(_ kind: ExpressionTree.Kind, from begin: Int) -> ExpressionTree {
      ExpressionTree(kind: kind, place: begin..<max(end, begin))
    }

    // MARK: Operators

    /// `a if b else c`, or what binds tighter.
    private mutating func expression() throws(ExpressionFault) -> ExpressionTree {
      try deepen()
      defer { nesting -= 1 }
      let begin = start
      let value = try operation(0)
      guard token == .name("if") else { return value }
      try advance()
      let test = try operation(0)
      guard token == .name("else") else {
        throw ExpressionFault("'if' wants 'else' and another value here, and here stands \(shown)", at: start)
      }
      try advance()
      let otherwise = try expression()
      return node(.choice(test: test, then: value, otherwise: otherwise), from: begin)
    }

    private enum Level {
      static let or = 1
      static let and = 2
      static let not = 3
      static let compare = 4
      static let sum = 5
      static let product = 6
    }

    /// Operators that bind at least so tight.
    private mutating func operation(_ least: Int) throws(ExpressionFault) -> ExpressionTree {
      let begin = start
      var left: ExpressionTree
      if token == .name("not") {
        guard least <= Level.not else { throw unexpected() }
        try deepen()
        defer { nesting -= 1 }
        try advance()
        left = node(.unary("not", try operation(Level.not)), from: begin)
      } else {
        left = try signed()
      }
      while true {
        switch token {
        case .name("or") where least <= Level.or:
          let parts = try operands(left, "or", above: Level.or)
          left = node(.either(parts), from: begin)
        case .name("and") where least <= Level.and:
          let parts = try operands(left, "and", above: Level.and)
          left = node(.both(parts), from: begin)
        case .sign("+"), .sign("-"):
          guard least <= Level.sum else { return left }
          left = try binary(left, above: Level.sum, from: begin)
        case .sign("*"), .sign("/"), .sign("//"), .sign("%"):
          guard least <= Level.product else { return left }
          left = try binary(left, above: Level.product, from: begin)
        case .sign("@"), .sign("&"), .sign("|"), .sign("^"), .sign("<<"), .sign(">>"): throw unexpected()
        default:
          guard least <= Level.compare, comparison != nil else { return left }
          left = try comparisons(left, from: begin)
        }
      }
    }

    private mutating func operands(
      _ first: ExpressionTree, _ word: String, above level: Int
    ) throws(ExpressionFault) -> [ExpressionTree] {
      var parts = [first]
      while token == .name(word) {
        try advance()
        parts.append(try operation(level + 1))
      }
      return parts
    }

    private mutating func binary(
      _ left: ExpressionTree, above level: Int, from begin: Int
    ) throws(ExpressionFault) -> ExpressionTree {
      guard case .sign(let sign) = token else { return left }
      try advance()
      let right = try operation(level + 1)
      return node(.binary(left, sign, right), from: begin)
    }

    private var comparison: String? {
      switch token {
      case .sign(let sign) where ["<", ">", "<=", ">=", "==", "!="].contains(sign): sign
      case .name("in"): "in"
      case .name("not"): "not in"
      case .name("is"): "is"
      default: nil
      }
    }

    private mutating func comparisons(
      _ first: ExpressionTree, from begin: Int
    ) throws(ExpressionFault) -> ExpressionTree {
      var (parts, operators) = ([first], [String]())
      while let sign = comparison {
        let place = start
        if sign == "is" { throw ExpressionFault("'is' is not supported; write '=='", at: place) }
        try advance()
        if sign == "not in" {
          guard token == .name("in") else { throw ExpressionFault("'not' wants 'in' after it here", at: place) }
          try advance()
        }
        operators.append(sign)
        parts.append(try operation(Level.compare + 1))
      }
      return node(.compare(parts, operators), from: begin)
    }

    /// A value with signs before it; `**` binds tighter than those, and less tight than those after it.
    private mutating func signed() throws(ExpressionFault) -> ExpressionTree {
      let begin = start
      if case .sign(let sign) = token, ["-", "+", "~"].contains(sign) {
        if sign == "~" { throw unexpected() }
        try deepen()
        defer { nesting -= 1 }
        try advance()
        return node(.unary(sign, try signed()), from: begin)
      }
      let base = try postfix()
      guard try take("**") else { return base }
      try deepen()
      defer { nesting -= 1 }
      return node(.binary(base, "**", try signed()), from: begin)
    }

    // MARK: Values

    /// A value with what follows it: attributes, arguments and indices.
    private mutating func postfix() throws(ExpressionFault) -> ExpressionTree {
      let begin = start
      var value = try atom()
      while true {
        switch token {
        case .sign("."):
          try advance()
          guard case .name(let name) = token else {
            throw ExpressionFault("'.' wants a name after it, and here stands \(shown)", at: start)
          }
          try advance()
          value = node(.attribute(value, name), from: begin)
        case .sign("("):
          try advance()
          value = node(.call(value, try arguments()), from: begin)
        case .sign("["):
          try advance()
          value = try index(value, from: begin)
        default: return value
        }
      }
    }

    private mutating func arguments() throws(ExpressionFault) -> [ExpressionTree] {
      var arguments: [ExpressionTree] = []
      while token != .sign(")") {
        if token == .sign("*") || token == .sign("**") {
          throw ExpressionFault("'*' before an argument is not supported", at: start)
        }
        arguments.append(try expression())
        switch token {
        case .sign("="): throw ExpressionFault("arguments have no names; write the value alone", at: start)
        case .name("for"), .name("async"):
          throw ExpressionFault("'for' without brackets is not supported; write [… for …]", at: start)
        case .sign(")"): break
        default: try want(",", "between arguments an expression")
        }
      }
      try advance()
      return arguments
    }

    private mutating func index(_ value: ExpressionTree, from begin: Int) throws(ExpressionFault) -> ExpressionTree {
      var parts: [ExpressionTree?] = [nil, nil, nil]
      var place = 0
      while true {
        switch token {
        case .sign(":"):
          guard place < 2 else { throw unexpected() }
          place += 1
          try advance()
        case .sign("]"):
          guard place > 0 || parts[0] != nil else { throw unexpected() }
          try advance()
          guard place > 0 else { return node(.element(value, parts[0] ?? value), from: begin) }
          return node(.slice(value, parts[0], parts[1], parts[2]), from: begin)
        default:
          guard parts[place] == nil else { throw unexpected() }
          parts[place] = try expression()
        }
      }
    }

    private mutating func atom() throws(ExpressionFault) -> ExpressionTree {
      let begin = start
      switch token {
      case .int(let number):
        try advance()
        return node(.int(number), from: begin)
      case .float(let number, let text):
        try advance()
        return node(.float(number, text), from: begin)
      case .string(var text):
        try advance()
        while case .string(let more) = token {
          text += more
          try advance()
        }
        return node(.string(text), from: begin)
      case .name(let name):
        guard !ExpressionLexer.keywords.contains(name) else {
          if name == "lambda" { throw ExpressionFault("'lambda' is not supported", at: start) }
          throw ExpressionFault("'\(name)' is a word of the language, and here a value is wanted", at: start)
        }
        try advance()
        return node(.name(name), from: begin)
      case .sign("("):
        try advance()
        let inner = try expression()
        if token == .name("for") {
          throw ExpressionFault("'for' without brackets is not supported; write [… for …]", at: start)
        }
        guard token == .sign(")") else { throw unexpected() }
        try advance()
        // Its own place: what is said of it is said of what stands in the brackets.
        return inner
      case .sign("["):
        try advance()
        return try list(from: begin)
      default: throw unexpected()
      }
    }

    private mutating func list(from begin: Int) throws(ExpressionFault) -> ExpressionTree {
      var elements: [ExpressionTree] = []
      while token != .sign("]") {
        if token == .sign("*") { throw ExpressionFault("'*' in a list is not supported; write a + b", at: start) }
        elements.append(try expression())
        if elements.count == 1, token == .name("for") { return try each(elements[0], from: begin) }
        guard token != .sign("]") else { break }
        try want(",", "between elements a list")
      }
      try advance()
      return node(.list(elements), from: begin)
    }

    private mutating func each(_ element: ExpressionTree, from begin: Int) throws(ExpressionFault) -> ExpressionTree {
      try advance()
      guard case .name(let name) = token, !ExpressionLexer.keywords.contains(name) else {
        throw ExpressionFault("'for' wants one name after it, and here stands \(shown)", at: start)
      }
      guard let first = name.unicodeScalars.first, first == "_" || ("a"..."z").contains(first),
        !ExpressionLexer.constants.contains(name)
      else {
        throw ExpressionFault("'\(name)' after 'for' begins with no small letter", at: start)
      }
      try advance()
      guard token == .name("in") else {
        throw ExpressionFault("'for \(name)' wants 'in' after it, and here stands \(shown)", at: start)
      }
      try advance()
      let list = try operation(0)
      var filter: ExpressionTree?
      if token == .name("if") {
        try advance()
        filter = try operation(0)
      }
      if token == .name("if") {
        throw ExpressionFault("a second 'if' is not supported; join them with 'and'", at: start)
      }
      if token == .name("for") { throw ExpressionFault("a second 'for' is not supported", at: start) }
      guard token == .sign("]") else { throw unexpected() }
      try advance()
      return node(.each(element, name: name, in: list, filter: filter), from: begin)
    }
  }
}
