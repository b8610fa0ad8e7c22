extension TemplateReader {
  /// Whether an expression's variables are known here, and go with what it does with them.
  mutating func check(_ expression: OpenJD.Expression, _ visible: Visible, _ spot: Spot) {
    let missing = expression.symbols.filter { visible.variable(in: $0) == nil }.sorted()
    for name in missing { noteMissing(name, visible, spot) }
    let used = Set(expression.symbols.compactMap(visible.variable))
    // What `let` binds has no type yet; with such a variable only the names are looked at.
    if missing.isEmpty, used.allSatisfy({ visible.types[$0] != nil }) {
      var values: [String: OpenJD.Value] = [:]
      for name in used { values[name] = visible.types[name].map { .unknown($0) } }
      do {
        _ = try expression.value(OpenJD.Symbols(values, host: .unknown), within: &rest)
      } catch {
        note(.openjdExpression, error.told(expression.text), fix: "correct the expression", spot)
      }
    }
    for name in expression.bound.intersection(visible.names).sorted() {
      note(.openjdExpression, "'\(name)' after 'for' is a variable already", fix: "use another name", spot)
    }
    if visible.isEarly, expression.functions.contains("apply_path_mapping") {
      note(
        .openjdExpression, "apply_path_mapping() is not known when the job is made",
        fix: "use it in a script or environment", spot)
    }
  }

  // MARK: Let

  /// What `let` binds; each may use what was bound before it.
  /// - Parameters:
  ///   - visible: to the expressions.
  ///   - outer: what may not be bound again.
  mutating func bindings(_ fields: Fields, visible: Visible, outer: Visible) -> [OpenJD.Binding]? {
    guard let spot = fields["let"] else { return nil }
    guard hasExpressions else {
      note(.openjdExtension, "'let' needs the extension EXPR", fix: "list it in 'extensions'", spot)
      return nil
    }
    guard let list = list(spot, "bindings", most: OpenJD.Bounds.bindings) else { return nil }
    let names = list.map { $0.node.text.map { String($0.prefix { $0 != "=" }).unpadded } }
    refuseDoubles(Array(zip(names, list)), "the binding")
    var known = visible
    // A name counts from where it is bound.
    for name in names.compactMap({ $0 }) where !outer.names.contains(name) {
      known.names.remove(name)
      known.types[name] = nil
    }
    var bindings: [OpenJD.Binding] = []
    for (spot, name) in zip(list, names) {
      if let binding = binding(spot, known, outer) { bindings.append(binding) }
      if let name { known.names.insert(name) }
    }
    return bindings
  }

  private mutating func binding(_ spot: Spot, _ visible: Visible, _ outer: Visible) -> OpenJD.Binding? {
    guard let text = text(spot, "a binding", length: 1...Int.max, isPrintable: false) else { return nil }
    guard let sign = text.firstIndex(of: "=") else {
      note(.openjdValue, "'\(text)' binds nothing", fix: "write name = expression", spot)
      return nil
    }
    let (name, written) = (String(text[..<sign]).unpadded, String(text[text.index(after: sign)...]))
    guard let first = name.utf8.first, first == 0x5F || (0x61...0x7A).contains(first), OpenJD.isIdentifier(name),
      name.utf8.count <= OpenJD.Bounds.longestName
    else {
      note(
        .openjdValue, "'\(name.prefix(40))' is not allowed as the name of a binding",
        fix: "use at most \(OpenJD.Bounds.longestName) latin letters, digits and '_', and begin with a small one", spot)
      return nil
    }
    if outer.names.contains(name) {
      note(.openjdValue, "'\(name)' is bound around it already", fix: "use another name", spot)
    }
    let expression: OpenJD.Expression
    do {
      expression = try OpenJD.Expression(written)
    } catch {
      note(.openjdExpression, error.told(written), fix: "correct the expression", spot)
      return nil
    }
    guard !expression.symbols.contains(name) else {
      note(.openjdExpression, "'\(name)' is used to say what it is", fix: "use another name", spot)
      return nil
    }
    check(expression, visible, spot)
    return OpenJD.Binding(name: name, expression: expression)
  }
}
