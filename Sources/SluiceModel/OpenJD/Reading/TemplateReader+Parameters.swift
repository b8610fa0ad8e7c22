extension TemplateReader {
  private static let common = ["userInterface", "description", "default", "allowedValues"]

  mutating func jobParameters(_ spot: Spot?, most: Int) -> [OpenJD.JobParameter] {
    guard let spot, let list = list(spot, "parameter definitions", most: most) else { return [] }
    let parameters = list.map { (parameter: jobParameter($0), spot: $0) }
    refuseDoubles(parameters.map { ($0.spot.node.child("name")?.text, $0.spot) }, "the parameter")
    return parameters.compactMap(\.parameter)
  }

  private mutating func jobParameter(_ spot: Spot) -> OpenJD.JobParameter? {
    guard spot.node.map != nil else {
      _ = fields(spot, "a parameter", required: ["name", "type"])
      return nil
    }
    guard let type = type(of: spot, OpenJD.JobParameterType.self) else { return nil }
    if type.needsExpressions { return typedParameter(spot, type) }
    let own =
      switch type {
      case .string: ["minLength", "maxLength"]
      case .path: ["minLength", "maxLength", "objectType", "dataFlow"]
      default: ["minValue", "maxValue"]
      }
    guard
      let fields = fields(
        spot, "a parameter of type \(type.rawValue)", required: ["name", "type"],
        optional: TemplateReader.common + own)
    else { return nil }
    let name = fields["name"].flatMap { identifier($0, "the name of a parameter") }
    let description = description(fields)
    if fields.has("allowedValues"), fields["allowedValues"] == nil {
      note(.openjdShape, "'allowedValues' is empty", fix: "take it away, or write at least one value", spot)
    }
    let (rule, standard) = self.rule(type, fields)
    if fields.has("default"), fields["default"] == nil, (own.prefix(2) + ["allowedValues"]).contains(where: fields.has)
    {
      note(.openjdShape, "'default' is empty, and the parameter's values are bounded", fix: "take 'default' away", spot)
    }
    let userInterface = fields["userInterface"].flatMap { self.userInterface($0, type, fields) }
    guard let name else { return nil }
    return OpenJD.JobParameter(
      name: name, description: description, rule: rule, standard: standard, userInterface: userInterface)
  }

  /// The type decides which keys there are, so it is read first.
  mutating func type<Word: RawRepresentable<String> & CaseIterable>(
    of spot: Spot, _ words: Word.Type
  ) -> Word? {
    guard let type = spot.node.child("type"), !type.isNull else {
      note(
        .openjdShape, "a parameter needs the key 'type'",
        fix: "write one of \(Word.allCases.map(\.rawValue).joined(separator: ", "))", spot)
      return nil
    }
    let place = spot.child("type", type)
    if let text = type.text {
      // With EXPR types are known in small letters, too.
      if hasExpressions, let word = Word(rawValue: text.asciiUppercased) { return word }
      if !hasExpressions, OpenJD.JobParameterType(rawValue: text)?.needsExpressions == true {
        note(
          .openjdExtension, "the type \(text) needs the extension EXPR", fix: "list it in 'extensions'", place)
        return nil
      }
    }
    return choice(place, "the type of a parameter", words)
  }

  // MARK: Values

  private mutating func rule(
    _ type: OpenJD.JobParameterType, _ fields: Fields
  ) -> (OpenJD.JobParameter.Rule, standard: String?) {
    switch type {
    case .string:
      let (rule, standard) = textRule(fields)
      return (.string(rule), standard)
    case .path:
      let (rule, standard) = textRule(fields)
      let object = fields["objectType"].flatMap {
        choice($0, "the object type", OpenJD.JobParameter.PathUse.Object.self)
      }
      let flow = fields["dataFlow"].flatMap { choice($0, "the data flow", OpenJD.JobParameter.PathUse.Flow.self) }
      return (.path(rule, .init(object: object, flow: flow)), standard)
    case .int:
      let (rule, standard) = numberRule(fields) { reader, spot, what in reader.parameterInteger(spot, what) }
      return (.int(rule), standard.map(String.init))
    default:
      let (rule, standard) = numberRule(fields) { reader, spot, what in reader.number(spot, what) }
      return (.float(rule), standard?.description)
    }
  }

  private mutating func textRule(_ fields: Fields) -> (OpenJD.JobParameter.TextRule, standard: String?) {
    var rule = OpenJD.JobParameter.TextRule()
    rule.minLength = fields["minLength"].flatMap { strictInteger($0, "'minLength'", least: 0) }
    rule.maxLength = fields["maxLength"].flatMap { strictInteger($0, "'maxLength'", least: 1) }
    if let least = rule.minLength, let most = rule.maxLength, least > most, let spot = fields["maxLength"] {
      note(.openjdValue, "'maxLength' is below 'minLength'", fix: "raise 'maxLength'", spot)
    }
    if let spot = fields["allowedValues"], let list = list(spot, "allowed values") {
      let allowed = list.compactMap { spot -> String? in
        guard let value = parameterText(spot) else { return nil }
        refuse(rule.refusal(of: value), value, spot)
        return value
      }
      if allowed.count == list.count { rule.allowed = allowed }
    }
    let standard = fields["default"].flatMap { spot -> String? in
      guard let value = parameterText(spot) else { return nil }
      refuse(rule.refusal(of: value), value, spot)
      return value
    }
    return (rule, standard)
  }

  mutating func parameterText(_ spot: Spot) -> String? {
    text(spot, "the value of a parameter", length: 0...OpenJD.Bounds.parameterText, isPrintable: false)
  }

  private mutating func refuse(_ refusal: String?, _ value: some CustomStringConvertible, _ spot: Spot) {
    guard let refusal else { return }
    note(.openjdValue, "'\(value)' \(refusal)", fix: "write another value, or change the bounds", spot)
  }

  private mutating func numberRule<Value: Comparable & Hashable & Sendable & CustomStringConvertible>(
    _ fields: Fields, _ read: (inout TemplateReader, Spot, String) -> Value?
  ) -> (OpenJD.JobParameter.NumberRule<Value>, standard: Value?) {
    var rule = OpenJD.JobParameter.NumberRule<Value>()
    rule.least = fields["minValue"].flatMap { read(&self, $0, "'minValue'") }
    rule.most = fields["maxValue"].flatMap { read(&self, $0, "'maxValue'") }
    if let least = rule.least, let most = rule.most, least > most, let spot = fields["maxValue"] {
      note(.openjdValue, "'maxValue' is below 'minValue'", fix: "raise 'maxValue'", spot)
    }
    if let spot = fields["allowedValues"], let list = list(spot, "allowed values") {
      var allowed: [Value] = []
      for spot in list {
        guard let value = read(&self, spot, "an allowed value") else { continue }
        refuse(rule.refusal(of: value), value, spot)
        allowed.append(value)
      }
      if allowed.count == list.count { rule.allowed = allowed }
    }
    guard let spot = fields["default"], let standard = read(&self, spot, "'default'") else { return (rule, nil) }
    refuse(rule.refusal(of: standard), standard, spot)
    return (rule, standard)
  }

  /// Unlike elsewhere, `5.0` is not one here.
  mutating func parameterInteger(_ spot: Spot, _ what: String) -> Int? {
    if case .float = spot.node.value {
      note(
        .openjdShape, "\(what) is a whole number, and here stands \(spot.node.kind)", fix: "write it without '.'", spot)
      return nil
    }
    return integer(spot, what, isLenient: true)
  }

  // MARK: User interface

  private mutating func userInterface(
    _ spot: Spot, _ type: OpenJD.JobParameterType, _ parameter: Fields
  ) -> OpenJD.JobParameter.UserInterface? {
    let own =
      switch type {
      case .string: [String]()
      case .path: ["fileFilters", "fileFilterDefault"]
      case .int: ["singleStepDelta"]
      default: ["singleStepDelta", "decimals"]
      }
    guard
      let fields = fields(
        spot, "the user interface", required: [], optional: ["control", "label", "groupLabel"] + own)
    else { return nil }
    var made = OpenJD.JobParameter.UserInterface()
    made.label = fields["label"].flatMap { text($0, "a label", length: 1...OpenJD.Bounds.label) }
    made.group = fields["groupLabel"].flatMap { text($0, "a label", length: 1...OpenJD.Bounds.label) }
    switch type {
    case .string: made.control = fields["control"].flatMap { choice($0, "the control", TextControl.self) }?.rawValue
    case .path: made.control = fields["control"].flatMap { choice($0, "the control", PathControl.self) }?.rawValue
    default: made.control = fields["control"].flatMap { choice($0, "the control", NumberControl.self) }?.rawValue
    }
    switch type {
    case .int:
      made.step = fields["singleStepDelta"].flatMap { integer($0, "'singleStepDelta'", least: 1, isLenient: true) }
        .map { OpenJD.Number($0) }
    case .float:
      made.decimals = fields["decimals"].flatMap { integer($0, "'decimals'", least: 1, isLenient: true) }
      made.step = fields["singleStepDelta"].flatMap { spot -> OpenJD.Number? in
        guard let step = number(spot, "'singleStepDelta'") else { return nil }
        if step > .zero { return step }
        note(.openjdValue, "'singleStepDelta' is not above 0", fix: "write a number above 0", spot)
        return nil
      }
    case .path:
      if let spot = fields["fileFilters"],
        let list = list(spot, "file filters", most: OpenJD.Bounds.fileFilters)
      {
        made.filters = list.compactMap { fileFilter($0) }
      }
      made.standardFilter = fields["fileFilterDefault"].flatMap { fileFilter($0) }
    default: break
    }
    refuse(made, type, parameter, spot)
    return made
  }

  private enum TextControl: String, CaseIterable {
    case line = "LINE_EDIT"
    case lines = "MULTILINE_EDIT"
    case dropdown = "DROPDOWN_LIST"
    case checkBox = "CHECK_BOX"
    case hidden = "HIDDEN"
  }
  private enum PathControl: String, CaseIterable {
    case input = "CHOOSE_INPUT_FILE"
    case output = "CHOOSE_OUTPUT_FILE"
    case directory = "CHOOSE_DIRECTORY"
    case dropdown = "DROPDOWN_LIST"
    case hidden = "HIDDEN"
  }
  private enum NumberControl: String, CaseIterable {
    case spin = "SPIN_BOX"
    case dropdown = "DROPDOWN_LIST"
    case hidden = "HIDDEN"
  }

  private mutating func fileFilter(_ spot: Spot) -> OpenJD.JobParameter.UserInterface.FileFilter? {
    guard let fields = fields(spot, "a file filter", required: ["label", "patterns"]) else { return nil }
    let label = fields["label"].flatMap { text($0, "a label", length: 1...OpenJD.Bounds.label) }
    var patterns: [String] = []
    if let spot = fields["patterns"], let list = list(spot, "patterns", most: OpenJD.Bounds.fileFilters) {
      for spot in list {
        guard let pattern = text(spot, "a pattern", length: 1...OpenJD.Bounds.filePattern) else { continue }
        let ending = pattern.dropFirst(2)
        let isPattern =
          pattern == "*" || pattern == "*.*"
          || pattern.hasPrefix("*.") && !ending.isEmpty
            && ending.unicodeScalars.allSatisfy { !"\\/*?[]#%&{}<>$!'\":@`|=".unicodeScalars.contains($0) }
        if !isPattern {
          note(.openjdValue, "'\(pattern)' is not allowed as a pattern", fix: "write '*', '*.*' or '*.ext'", spot)
        }
        patterns.append(pattern)
      }
    }
    return label.map { .init(label: $0, patterns: patterns) }
  }

  /// Whether the control goes with the values.
  private mutating func refuse(
    _ made: OpenJD.JobParameter.UserInterface, _ type: OpenJD.JobParameterType, _ parameter: Fields, _ spot: Spot
  ) {
    let isListed = parameter["allowedValues"] != nil
    func refuse(_ reader: inout TemplateReader, _ what: String, fix: String) {
      reader.note(.openjdValue, what, fix: fix, spot)
    }
    if made.decimals != nil, (made.control ?? (isListed ? "DROPDOWN_LIST" : "SPIN_BOX")) != "SPIN_BOX" {
      refuse(&self, "'decimals' is for SPIN_BOX alone", fix: "take 'decimals' away")
    }
    guard let control = made.control else { return }
    let free = [
      "LINE_EDIT", "MULTILINE_EDIT", "SPIN_BOX", "CHOOSE_INPUT_FILE", "CHOOSE_OUTPUT_FILE", "CHOOSE_DIRECTORY",
    ]
    if isListed, free.contains(control) {
      refuse(&self, "\(control) lets one write any value, and 'allowedValues' lists them", fix: "use DROPDOWN_LIST")
    }
    if !isListed, control == "DROPDOWN_LIST" {
      refuse(&self, "DROPDOWN_LIST needs 'allowedValues'", fix: "list them, or use another control")
    }
    if control == "CHECK_BOX" {
      let values = Set(parameter["allowedValues"]?.node.list?.compactMap { $0.text?.uppercased() } ?? [])
      let pairs: [Set<String>] = [["TRUE", "FALSE"], ["YES", "NO"], ["ON", "OFF"], ["1", "0"]]
      if !pairs.contains(values) {
        refuse(
          &self, "CHECK_BOX needs two 'allowedValues' for on and off",
          fix: "list true and false, yes and no, on and off, or 1 and 0, in quotes")
      }
    }
    if made.step != nil, control != "SPIN_BOX" {
      refuse(&self, "'singleStepDelta' is for SPIN_BOX alone", fix: "take it away")
    }
    let choosesFile = control == "CHOOSE_INPUT_FILE" || control == "CHOOSE_OUTPUT_FILE"
    if !made.filters.isEmpty || made.standardFilter != nil, !choosesFile {
      refuse(&self, "file filters are for CHOOSE_INPUT_FILE and CHOOSE_OUTPUT_FILE", fix: "take them away")
    }
    let object = parameter["objectType"]?.node.text
    if object == "FILE" && control == "CHOOSE_DIRECTORY" || object == "DIRECTORY" && choosesFile {
      refuse(&self, "\(control) does not choose a \(object ?? "")", fix: "use another control, or another 'objectType'")
    }
  }
}
