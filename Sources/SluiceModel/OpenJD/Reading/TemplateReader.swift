/// Checks a template's document against the specification and makes values of it.
///
/// It gathers everything that is wrong and goes on with what is left; what it makes counts only when nothing was wrong.
struct TemplateReader {
  private(set) var problems: [TemplateProblem] = []
  /// Where each part stands, by its path.
  private(set) var places: [String: DocumentPlace] = [:]
  var extensions: Set<OpenJD.Extension> = []
  /// Operations that expressions may still take.
  var rest = Limits.templateOperations
  var bounds: OpenJD.Bounds { OpenJD.Bounds(extensions) }
  var hasExpressions: Bool { extensions.contains(.expressions) }

  /// A part of the document and the way to it.
  struct Spot {
    let node: TemplateNode
    let path: String

    func child(_ key: String, _ node: TemplateNode) -> Spot {
      Spot(node: node, path: path.isEmpty ? key : "\(path).\(key)")
    }
  }

  /// A map whose keys have been looked at.
  struct Fields {
    let spot: Spot
    fileprivate let entries: [String: TemplateNode]

    /// The value of a key; nil where there is none or nothing stands there.
    subscript(_ key: String) -> Spot? {
      guard let node = entries[key], !node.isNull else { return nil }
      return spot.child(key, node)
    }

    /// Whether the key stands there, be it with nothing after it.
    func has(_ key: String) -> Bool { entries[key] != nil }
  }

  mutating func note(_ code: ErrorCode, _ what: String, fix: String, _ spot: Spot) {
    problems.append(TemplateProblem(code, what, fix: fix, path: spot.path, at: spot.node.place))
  }

  // MARK: Shapes

  /// - Parameter what: with its article: "a step".
  mutating func fields(
    _ spot: Spot, _ what: String, required: [String], optional: [String] = []
  ) -> Fields? {
    places[spot.path] = spot.node.place
    guard let map = spot.node.map else {
      let keys = (required + optional).prefix(4).joined(separator: ", ")
      note(.openjdShape, "\(what) is a map, and here stands \(spot.node.kind)", fix: "write its keys: \(keys)", spot)
      return nil
    }
    let known = required + optional
    var entries: [String: TemplateNode] = [:]
    for entry in map {
      let place = Spot(node: TemplateNode(value: entry.value.value, place: entry.place), path: spot.path)
      guard let key = entry.key, known.contains(key) else {
        let hint = nearest(to: entry.shown, in: known).map { "did you mean '\($0)'?" }
        note(
          .openjdUnknownKey, "\(what) has no key '\(entry.shown)'",
          fix: hint ?? "take it away; known are \(known.joined(separator: ", "))", place)
        continue
      }
      entries[key] = entry.value
      places[spot.child(key, entry.value).path] = entry.value.place
    }
    for key in required where entries[key].map(\.isNull) ?? true {
      note(
        .openjdShape, entries[key] == nil ? "\(what) needs the key '\(key)'" : "'\(key)' is empty",
        fix: "write '\(key)'", spot)
    }
    return Fields(spot: spot, entries: entries)
  }

  mutating func list(_ spot: Spot, _ what: String, most: Int? = nil) -> [Spot]? {
    guard let list = spot.node.list else {
      note(.openjdShape, "\(what) are a list, and here stands \(spot.node.kind)", fix: "write a list", spot)
      return nil
    }
    if list.isEmpty {
      note(.openjdShape, "\(what) are an empty list", fix: "take the key away, or write at least one", spot)
    }
    if let most, list.count > most {
      note(.openjdValue, "\(what) are \(list.count); at most \(most) are allowed", fix: "write fewer", spot)
    }
    return list.enumerated().map { index, node in
      let place = Spot(node: node, path: "\(spot.path)[\(index)]")
      places[place.path] = node.place
      return place
    }
  }

  // MARK: Texts

  /// A text of `length` characters.
  mutating func text(
    _ spot: Spot, _ what: String, length: ClosedRange<Int>, isPrintable: Bool = true,
    allowing: Set<Unicode.Scalar> = []
  ) -> String? {
    guard let text = spot.node.text else {
      let quoted = if case .map = spot.node.value { "write one text" } else { "write it in quotes" }
      note(.openjdShape, "\(what) is a text, and here stands \(spot.node.kind)", fix: quoted, spot)
      return nil
    }
    guard hasLength(text, length, what, spot) else { return nil }
    if isPrintable, !OpenJD.isPrintable(text, allowing: allowing) {
      note(.openjdValue, "\(what) has control characters", fix: "take tabs, line ends and the like away", spot)
      return nil
    }
    return text
  }

  private mutating func hasLength(_ text: String, _ length: ClosedRange<Int>, _ what: String, _ spot: Spot) -> Bool {
    let count = text.unicodeScalars.count
    if length.contains(count) { return true }
    if text.isEmpty {
      note(.openjdValue, "\(what) is empty", fix: "write at least one character", spot)
    } else {
      let wide = extensions.contains(.featureBundle1) || length.upperBound != bounds.name
      note(
        .openjdValue, "\(what) has \(count) characters; at most \(length.upperBound) are allowed",
        fix: wide ? "shorten it" : "shorten it, or list FEATURE_BUNDLE_1 in 'extensions' for up to 512", spot)
    }
    return false
  }

  /// The name of a parameter or file: letters, digits and underscores.
  mutating func identifier(_ spot: Spot, _ what: String) -> String? {
    guard let name = text(spot, what, length: 1...bounds.name) else { return nil }
    guard OpenJD.isIdentifier(name) else {
      note(
        .openjdValue, "'\(name)' is not allowed as \(what)",
        fix: "use latin letters, digits and '_', and begin with no digit", spot)
      return nil
    }
    return name
  }

  mutating func description(_ fields: Fields) -> String? {
    fields["description"].flatMap {
      text($0, "a description", length: 1...OpenJD.Bounds.description, allowing: ["\n", "\r", "\t"])
    }
  }

  mutating func choice<Word: RawRepresentable<String> & CaseIterable>(
    _ spot: Spot, _ what: String, _: Word.Type
  ) -> Word? {
    if let text = spot.node.text, let word = Word(rawValue: text) { return word }
    let known = Word.allCases.map(\.rawValue)
    let hint = spot.node.text.flatMap { nearest(to: $0, in: known) }.map { "did you mean \($0)?" }
    note(
      .openjdValue, "\(what) is none of those known: \(spot.node.kind)",
      fix: hint ?? "write one of \(known.joined(separator: ", "))", spot)
    return nil
  }

  mutating func truth(_ spot: Spot, _ what: String) -> Bool? {
    if case .bool(let value) = spot.node.value { return value }
    note(.openjdShape, "\(what) is true or false, and here stands \(spot.node.kind)", fix: "write true or false", spot)
    return nil
  }

  // MARK: Format strings

  /// - Parameters:
  ///   - length: of the text as it is written.
  ///   - allowing: control characters that may stand in it; nil for all.
  ///   - visible: the variables that have a value when this is filled in.
  mutating func format(
    _ spot: Spot, _ what: String, length: ClosedRange<Int> = 1...Int.max,
    allowing: Set<Unicode.Scalar>? = nil, visible: Visible
  ) -> OpenJD.FormatString? {
    guard
      let text = text(spot, what, length: length, isPrintable: allowing != nil, allowing: allowing ?? [])
    else { return nil }
    let format: OpenJD.FormatString
    do {
      format = try OpenJD.FormatString(text, hasExpressions: hasExpressions)
    } catch {
      note(
        error.code, error.what,
        fix: hasExpressions
          ? "correct the expression" : "write variables as {{Param.Name}}; expressions want EXPR in 'extensions'", spot)
      return nil
    }
    for name in format.variables where !visible.names.contains(name) { noteMissing(name, visible, spot) }
    for expression in format.expressions { check(expression, visible, spot) }
    return format
  }

  mutating func noteMissing(_ name: String, _ visible: Visible, _ spot: Spot) {
    let hint = nearest(to: name, in: visible.names.sorted()).map { "did you mean {{\($0)}}?" }
    let known =
      visible.names.isEmpty
      ? "no variables are known here" : "known here are \(visible.names.sorted().joined(separator: ", "))"
    note(.openjdReference, "{{\(name)}} is not known here", fix: hint ?? known, spot)
  }

  // MARK: Numbers

  /// A whole number, also written as a text or with `.0`.
  /// - Parameter isLenient: whether a text may end in `.0`, too.
  mutating func integer(
    _ spot: Spot, _ what: String, least: Int? = nil, most: Int? = nil, isLenient: Bool = false
  ) -> Int? {
    let number: Int? =
      switch spot.node.value {
      case .integer(let number): number
      case .float(let number): Int(exactly: number)
      case .text(let text): Int(template: text) ?? (isLenient ? TemplateReader.trimmed(text) : nil)
      default: nil
      }
    return bounded(number, spot, what, least: least, most: most)
  }

  /// `"3.00"` is three.
  private static func trimmed(_ text: String) -> Int? {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count == 2, !parts[1].isEmpty, parts[1].allSatisfy({ $0 == "0" }) else { return nil }
    return Int(template: String(parts[0]))
  }

  /// A whole number that is written as one.
  mutating func strictInteger(_ spot: Spot, _ what: String, least: Int) -> Int? {
    guard case .integer(let number) = spot.node.value else {
      return bounded(nil, spot, what, least: least, most: nil)
    }
    return bounded(number, spot, what, least: least, most: nil)
  }

  private mutating func bounded(_ number: Int?, _ spot: Spot, _ what: String, least: Int?, most: Int?) -> Int? {
    guard let number else {
      let isLong = spot.node.text.map { $0.utf8.count > 18 && $0.allSatisfy(\.isNumber) } ?? false
      let kind = isLong ? "a number past 64 bits" : spot.node.kind
      note(.openjdShape, "\(what) is a whole number, and here stands \(kind)", fix: "write a whole number", spot)
      return nil
    }
    if let least, number < least {
      note(.openjdValue, "\(what) is \(number); at least \(least) is wanted", fix: "write \(least) or more", spot)
      return nil
    }
    if let most, number > most {
      note(.openjdValue, "\(what) is \(number); at most \(most) is allowed", fix: "write \(most) or less", spot)
      return nil
    }
    return number
  }

  mutating func number(_ spot: Spot, _ what: String) -> OpenJD.Number? {
    let number: OpenJD.Number? =
      switch spot.node.value {
      case .integer(let number): number.map { OpenJD.Number($0) }
      case .float(let number): OpenJD.Number(number)
      case .text(let text): OpenJD.Number(text)
      default: nil
      }
    if number == nil {
      note(.openjdShape, "\(what) is a number, and here stands \(spot.node.kind)", fix: "write a number", spot)
    }
    return number
  }

  /// A whole number, or a format string that becomes one.
  mutating func quantity(
    _ spot: Spot, _ what: String, least: Int, most: Int? = nil, needsBundle: Bool, visible: Visible
  ) -> OpenJD.Quantity<Int>? {
    if let text = spot.node.text, text.contains("{{") || text.contains("}}") {
      if needsBundle { wantBundle("a format string as \(what)", spot) }
      return format(spot, what, visible: visible).map { .text($0) }
    }
    return integer(spot, what, least: least, most: most).map { .fixed($0) }
  }

  /// Says that something needs `FEATURE_BUNDLE_1`, unless the template has it.
  mutating func wantBundle(_ what: String, _ spot: Spot) {
    guard !extensions.contains(.featureBundle1) else { return }
    note(.openjdExtension, "\(what) needs the extension FEATURE_BUNDLE_1", fix: "list it in 'extensions'", spot)
  }

  /// Names that stand more than once are said once each, where they stand again.
  mutating func refuseDoubles(_ names: [(name: String?, spot: Spot)], _ what: String) {
    var seen: Set<String> = []
    for (name, spot) in names {
      guard let name, !seen.insert(name).inserted else { continue }
      note(.openjdValue, "\(what) '\(name)' stands twice", fix: "rename one of them, or take it away", spot)
    }
  }
}
