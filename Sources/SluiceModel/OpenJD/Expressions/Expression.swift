extension OpenJD {
  /// An expression between `{{` and `}}` of a template that has the extension `EXPR`, or of its `let`.
  ///
  /// Source: Expression Language (2026-02); RFCs 0005 and 0006 of Open Job Description.
  package struct Expression: Sendable, Hashable {
    /// As it was written, without white space around it.
    package let text: String
    let tree: ExpressionTree
    let names: ExpressionNames

    /// - Throws: for what is no expression; one that can have no value is not told from others.
    package init(_ text: String) throws(ExpressionFault) {
      self.text = text.unpadded
      tree = try ExpressionParser.tree(self.text)
      names = try ExpressionNames(tree)
    }

    /// Variables with what follows them: `Param.File.stem`.
    package var symbols: Set<String> { names.symbols }
    /// Functions that are called, be it after a dot.
    package var functions: Set<String> { names.functions }
    /// The variable that it is, and nothing else.
    package var variable: String? { tree.dotted }
    /// Names after `for`.
    package var bound: Set<String> { names.bound }

    /// What it is with these values.
    /// - Throws: with the place in the expression.
    package func value(_ symbols: Symbols) throws(ExpressionFault) -> Value {
      var rest = Int.max
      return try value(symbols, within: &rest)
    }

    /// - Parameter rest: operations that this and others may still take together.
    func value(_ symbols: Symbols, within rest: inout Int) throws(ExpressionFault) -> Value {
      var evaluation = Evaluation(symbols, rest: rest)
      defer { rest -= evaluation.budget.spent }
      return try evaluation.value(of: tree)
    }
  }

  /// The variables that a format string may name, with their values.
  package struct Symbols: Sendable, Hashable {
    /// Whether functions are there that want the machine a job runs on.
    package enum Host: Sendable, Hashable {
      case none
      /// On a machine that is not known yet.
      case unknown
      case rules([PathMappingRule])
    }

    package var values: [String: Value]
    package var host: Host

    package init(_ values: [String: Value] = [:], host: Host = .none) { (self.values, self.host) = (values, host) }

    /// Texts alone, as in a template without `EXPR`.
    package init(texts: [String: String]) { self.init(texts.mapValues { .string($0) }) }

    package subscript(_ name: String) -> Value? {
      get { values[name] }
      set { values[name] = newValue }
    }

    /// These with others, which count where both have one.
    package func merging(_ others: [String: Value]) -> Symbols {
      Symbols(values.merging(others) { $1 }, host: host)
    }
  }
}
