extension TemplateReader {
  /// A parameter of a type that wants `EXPR`.
  mutating func typedParameter(_ spot: Spot, _ type: OpenJD.JobParameterType) -> OpenJD.JobParameter? {
    let own: [String] =
      switch type {
      case .bool: []
      case .range, .bools: ["minLength", "maxLength"]
      case .paths: ["minLength", "maxLength", "item", "objectType", "dataFlow"]
      default: ["minLength", "maxLength", "item"]
      }
    guard
      let fields = fields(
        spot, "a parameter of type \(type.rawValue)", required: ["name", "type"],
        optional: ["userInterface", "description", "default"] + own)
    else { return nil }
    let name = fields["name"].flatMap { identifier($0, "the name of a parameter") }
    let description = description(fields)
    let least = fields["minLength"].flatMap { strictInteger($0, "'minLength'", least: .min) }
    let most = fields["maxLength"].flatMap { strictInteger($0, "'maxLength'", least: .min) }
    let elements = self.elements(type, fields)
    let rule: OpenJD.JobParameter.Rule =
      switch type {
      case .bool: .bool
      case .range: .range
      default: .list(.init(minLength: least, maxLength: most, elements: elements ?? .bools))
      }
    let userInterface = fields["userInterface"].flatMap { typedInterface($0, type) }
    let standard = fields["default"].flatMap { typedStandard($0, rule) }
    guard let name else { return nil }
    return OpenJD.JobParameter(
      name: name, description: description, rule: rule, standard: standard, userInterface: userInterface)
  }

  /// The default as a person would give it.
  private mutating func typedStandard(_ spot: Spot, _ rule: OpenJD.JobParameter.Rule) -> String? {
    switch rule {
    case .bool:
      if let truth = spot.node.truth { return "\(truth)" }
      note(
        .openjdShape, "'default' is true or false, and here stands \(spot.node.kind)", fix: "write true or false", spot)
    case .range:
      guard let text = parameterText(spot) else { return nil }
      do {
        _ = try OpenJD.IntegerRange(text)
        return text
      } catch {
        note(.openjdRange, "'\(text)': \(error.what)", fix: "write it as 1-100, 1-100:2 or 1,3,7", spot)
      }
    case .list(let rule):
      guard let list = spot.node.list else {
        note(.openjdShape, "'default' is a list, and here stands \(spot.node.kind)", fix: "write a list", spot)
        return nil
      }
      do {
        return try rule.value(of: list).text
      } catch {
        note(.openjdValue, "'default' \(error.what)", fix: "write another value, or change the bounds", spot)
      }
    case .string, .path, .int, .float: break
    }
    return nil
  }

  private mutating func elements(
    _ type: OpenJD.JobParameterType, _ fields: Fields
  ) -> OpenJD.JobParameter.ListRule.Elements? {
    switch type {
    case .strings: return .strings(textItem(fields["item"]))
    case .paths:
      let object = fields["objectType"].flatMap {
        choice($0, "the object type", OpenJD.JobParameter.PathUse.Object.self)
      }
      let flow = fields["dataFlow"].flatMap { choice($0, "the data flow", OpenJD.JobParameter.PathUse.Flow.self) }
      return .paths(textItem(fields["item"]), .init(object: object, flow: flow))
    case .ints: return .ints(intItem(fields["item"]))
    case .floats: return .floats(floatItem(fields["item"]))
    case .bools: return .bools
    case .intLists:
      guard let spot = fields["item"],
        let own = self.fields(spot, "the rule of elements", required: [], optional: ["minLength", "maxLength", "item"])
      else { return .intLists(.init(), minLength: nil, maxLength: nil) }
      return .intLists(
        intItem(own["item"]), minLength: own["minLength"].flatMap { strictInteger($0, "'minLength'", least: .min) },
        maxLength: own["maxLength"].flatMap { strictInteger($0, "'maxLength'", least: .min) })
    default: return nil
    }
  }

  private func isList(_ spot: Spot) -> [Spot]? {
    spot.node.list.map { $0.enumerated().map { Spot(node: $1, path: "\(spot.path)[\($0)]") } }
  }

  private mutating func allowed<Value>(
    _ spot: Spot?, _ read: (inout TemplateReader, Spot) -> Value?
  ) -> [Value]? {
    guard let spot else { return nil }
    guard let list = isList(spot) else {
      note(.openjdShape, "allowed values are a list, and here stands \(spot.node.kind)", fix: "write a list", spot)
      return nil
    }
    return list.compactMap { read(&self, $0) }
  }

  private mutating func textItem(_ spot: Spot?) -> OpenJD.JobParameter.TextRule {
    guard let spot,
      let fields = fields(
        spot, "the rule of elements", required: [], optional: ["allowedValues", "minLength", "maxLength"])
    else { return .init() }
    return .init(
      minLength: fields["minLength"].flatMap { strictInteger($0, "'minLength'", least: .min) },
      maxLength: fields["maxLength"].flatMap { strictInteger($0, "'maxLength'", least: .min) },
      allowed: allowed(fields["allowedValues"]) { $0.parameterText($1) })
  }

  private mutating func intItem(_ spot: Spot?) -> OpenJD.JobParameter.NumberRule<Int> {
    guard let spot,
      let fields = fields(
        spot, "the rule of elements", required: [], optional: ["allowedValues", "minValue", "maxValue"])
    else { return .init() }
    return .init(
      least: fields["minValue"].flatMap { strictInteger($0, "'minValue'", least: .min) },
      most: fields["maxValue"].flatMap { strictInteger($0, "'maxValue'", least: .min) },
      allowed: allowed(fields["allowedValues"]) { $0.strictInteger($1, "an allowed value", least: .min) })
  }

  private mutating func floatItem(_ spot: Spot?) -> OpenJD.JobParameter.NumberRule<OpenJD.Number> {
    guard let spot,
      let fields = fields(
        spot, "the rule of elements", required: [], optional: ["allowedValues", "minValue", "maxValue"])
    else { return .init() }
    return .init(
      least: fields["minValue"].flatMap { number($0, "'minValue'") },
      most: fields["maxValue"].flatMap { number($0, "'maxValue'") },
      allowed: allowed(fields["allowedValues"]) { $0.number($1, "an allowed value") })
  }

  /// Of lists and ranges any control, with keys of its own, is let through, as `openjd-model` does.
  private mutating func typedInterface(
    _ spot: Spot, _ type: OpenJD.JobParameterType
  ) -> OpenJD.JobParameter.UserInterface? {
    var made = OpenJD.JobParameter.UserInterface()
    if type == .bool {
      guard
        let fields = fields(
          spot, "the user interface", required: [], optional: ["control", "label", "groupLabel"])
      else { return nil }
      made.control = fields["control"].flatMap { choice($0, "the control", TruthControl.self) }?.rawValue
      made.label = fields["label"].flatMap { text($0, "a label", length: 1...OpenJD.Bounds.label) }
      made.group = fields["groupLabel"].flatMap { text($0, "a label", length: 1...OpenJD.Bounds.label) }
      return made
    }
    guard spot.node.map != nil else {
      note(.openjdShape, "the user interface is a map, and here stands \(spot.node.kind)", fix: "write its keys", spot)
      return nil
    }
    func child(_ key: String) -> Spot? {
      spot.node.child(key).flatMap { $0.isNull ? nil : spot.child(key, $0) }
    }
    made.control = child("control").flatMap { text($0, "the control", length: 0...Int.max, isPrintable: false) }
    made.label = child("label").flatMap { text($0, "a label", length: 1...OpenJD.Bounds.label) }
    made.group = child("groupLabel").flatMap { text($0, "a label", length: 1...OpenJD.Bounds.label) }
    return made
  }

  private enum TruthControl: String, CaseIterable {
    case checkBox = "CHECK_BOX"
    case hidden = "HIDDEN"
  }
}
