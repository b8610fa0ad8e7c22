extension OpenJD.JobParameter {
  /// The value that a text means: as a person gives it, lists as JSON.
  /// - Throws: what is wrong with it, in words that go on from "the value 'x' ".
  func typed(_ text: String) throws(Refusal) -> OpenJD.Value {
    switch rule {
    case .bool:
      guard let truth = OpenJD.truth(text) else { throw Refusal("is neither true nor false") }
      return .bool(truth)
    case .range:
      do { return .range(try OpenJD.IntegerRange(text)) } catch { throw Refusal("is no range: \(error.what)") }
    case .list(let rule):
      guard let node = try? TemplateNode(json: text), let list = node.list else {
        throw Refusal("is no list; write it as JSON, such as \(rule.elements.example)")
      }
      return try rule.value(of: list)
    case .string, .path, .int, .float:
      guard let value = OpenJD.Value(text: text, type: rule.type.rawValueType) else {
        throw Refusal("is not written as \(rule.type == .int ? "a whole number" : "a number") in an expression is")
      }
      return value
    }
  }

  struct Refusal: Error, Sendable, Hashable {
    let what: String
    init(_ what: String) { self.what = what }
  }

  func refusal(ofTyped text: String) -> String? {
    do {
      _ = try typed(text)
      return nil
    } catch {
      return error.what
    }
  }
}

extension OpenJD.JobParameter.ListRule.Elements {
  var example: String {
    switch self {
    case .strings, .paths: "[\"a\", \"b\"]"
    case .ints: "[1, 2]"
    case .floats: "[1.5, 2]"
    case .bools: "[true, false]"
    case .intLists: "[[1, 2], [3]]"
    }
  }
}

extension OpenJD.JobParameter.ListRule {
  typealias Refusal = OpenJD.JobParameter.Refusal

  /// The list of a document's values.
  /// - Throws: what is wrong with it, in words that go on from "the value 'x' ".
  func value(of list: [TemplateNode]) throws(Refusal) -> OpenJD.Value {
    try Self.check(list.count, minLength, maxLength)
    var values: [OpenJD.Value] = []
    for (index, node) in list.enumerated() {
      do { values.append(try element(node)) } catch { throw Refusal("has an element \(index + 1) that \(error.what)") }
    }
    guard let element = elements.type.rawValueType.element else { return .null }
    return .list(values, of: element)
  }

  private static func check(_ count: Int, _ least: Int?, _ most: Int?) throws(Refusal) {
    if let least, count < least { throw Refusal("has \(count) elements; at least \(least) are wanted") }
    if let most, count > most { throw Refusal("has \(count) elements; at most \(most) are allowed") }
  }

  private func element(_ node: TemplateNode) throws(Refusal) -> OpenJD.Value {
    switch elements {
    case .strings(let rule), .paths(let rule, _):
      guard let text = node.text else { throw Refusal("is \(node.kind) and no text") }
      if let refusal = rule.refusal(of: text) { throw Refusal(refusal) }
      return .string(text)
    case .ints(let rule): return try Self.int(node, rule)
    case .floats(let rule):
      let number: OpenJD.Number?
      let double: Double?
      switch node.value {
      case .integer(let value): (number, double) = (value.map { OpenJD.Number($0) }, value.map(Double.init))
      case .float(let value): (number, double) = (OpenJD.Number(value), value)
      default: (number, double) = (nil, nil)
      }
      guard let number, let double, let real = try? OpenJD.Real(double) else {
        throw Refusal("is \(node.kind) and no number")
      }
      if let refusal = rule.refusal(of: number) { throw Refusal(refusal) }
      return .float(real)
    case .bools:
      guard let truth = node.truth else { throw Refusal("is \(node.kind), neither true nor false") }
      return .bool(truth)
    case .intLists(let rule, let least, let most):
      guard let inner = node.list else { throw Refusal("is \(node.kind) and no list") }
      try Self.check(inner.count, least, most)
      var values: [OpenJD.Value] = []
      for node in inner { values.append(try Self.int(node, rule)) }
      return .list(values, of: .int)
    }
  }

  private static func int(
    _ node: TemplateNode, _ rule: OpenJD.JobParameter.NumberRule<Int>
  ) throws(Refusal) -> OpenJD.Value {
    guard case .integer(.some(let number)) = node.value else { throw Refusal("is \(node.kind) and no whole number") }
    if let refusal = rule.refusal(of: number) { throw Refusal(refusal) }
    return .int(number)
  }
}

extension TemplateNode {
  /// What a `BOOL` may be written as; nil for anything else.
  var truth: Bool? {
    switch value {
    case .bool(let value): value
    case .integer(0), .float(0): false
    case .integer(1), .float(1): true
    case .text(let text): OpenJD.truth(text)
    default: nil
    }
  }
}
