extension OpenJD {
  /// An expression taken apart, each part with its place in the text.
  struct ExpressionTree: Sendable, Hashable {
    indirect enum Kind: Sendable, Hashable {
      /// Without its sign; nil past 64 bits.
      case int(UInt64?)
      /// With its text where that is handed on.
      case float(Double, String?)
      case string(String)
      case name(String)
      case attribute(ExpressionTree, String)
      case unary(String, ExpressionTree)
      case binary(ExpressionTree, String, ExpressionTree)
      case both([ExpressionTree])
      case either([ExpressionTree])
      /// `1 < x <= 5`; one operator fewer than operands.
      case compare([ExpressionTree], [String])
      case choice(test: ExpressionTree, then: ExpressionTree, otherwise: ExpressionTree)
      case call(ExpressionTree, [ExpressionTree])
      case list([ExpressionTree])
      case each(ExpressionTree, name: String, in: ExpressionTree, filter: ExpressionTree?)
      case element(ExpressionTree, ExpressionTree)
      case slice(ExpressionTree, ExpressionTree?, ExpressionTree?, ExpressionTree?)
    }

    let kind: Kind
    /// In scalars of the expression.
    let place: Range<Int>

    /// `Param.File.stem` where it is names joined by dots.
    var dotted: String? {
      switch kind {
      case .name(let name): name
      case .attribute(let base, let name): base.dotted.map { "\($0).\(name)" }
      default: nil
      }
    }
  }

  /// What an expression names.
  struct ExpressionNames: Sendable, Hashable {
    /// Variables with the attributes that follow them: `Param.File.stem`.
    var symbols: Set<String> = []
    var functions: Set<String> = []
    /// Bound by `for`.
    var bound: Set<String> = []
    /// How deep the tree is.
    private(set) var depth = 0

    init(_ tree: ExpressionTree) throws(ExpressionFault) { try visit(tree, depth: 0, outer: []) }

    private mutating func visit(_ tree: ExpressionTree, depth: Int, outer: Set<String>) throws(ExpressionFault) {
      guard depth <= Limits.expressionDepth else {
        throw ExpressionFault("it is nested more than \(Limits.expressionDepth) deep", at: tree.place.lowerBound)
      }
      self.depth = max(self.depth, depth)
      func visit(_ names: inout Self, _ tree: ExpressionTree?) throws(ExpressionFault) {
        if let tree { try names.visit(tree, depth: depth + 1, outer: outer) }
      }
      switch tree.kind {
      case .int, .float, .string: break
      case .name(let name): take(name)
      case .attribute(let base, _):
        if let dotted = tree.dotted { take(dotted) } else { try visit(&self, base) }
      case .unary(_, let operand): try visit(&self, operand)
      case .binary(let left, _, let right):
        try visit(&self, left)
        try visit(&self, right)
      case .both(let parts), .either(let parts), .list(let parts): for part in parts { try visit(&self, part) }
      case .compare(let parts, let operators):
        guard operators.count <= Limits.expressionDepth else {
          throw ExpressionFault("it compares more than \(Limits.expressionDepth) times in a row")
        }
        for part in parts { try visit(&self, part) }
      case .choice(let test, let then, let otherwise):
        for part in [test, then, otherwise] { try visit(&self, part) }
      case .call(let function, let arguments):
        switch function.kind {
        case .name(let name): functions.insert(name)
        case .attribute(let base, let name):
          functions.insert(name)
          try self.visit(base, depth: depth + 2, outer: outer)
        default: try visit(&self, function)
        }
        for argument in arguments { try visit(&self, argument) }
      case .element(let base, let index):
        try visit(&self, base)
        try visit(&self, index)
      case .slice(let base, let start, let stop, let step):
        for part in [base, start, stop, step] { try visit(&self, part) }
      case .each(let element, let name, let list, let filter):
        try visit(&self, list)
        guard !outer.contains(name) else {
          throw ExpressionFault("'\(name)' is bound by a 'for' around it already", at: tree.place.lowerBound)
        }
        bound.insert(name)
        let inner = outer.union([name])
        try self.visit(element, depth: depth + 1, outer: inner)
        if let filter { try self.visit(filter, depth: depth + 1, outer: inner) }
      }
    }

    private mutating func take(_ name: String) {
      let first = name.prefix { $0 != "." }
      if !ExpressionLexer.constants.contains(String(first)), !bound.contains(String(first)) { symbols.insert(name) }
    }
  }
}
