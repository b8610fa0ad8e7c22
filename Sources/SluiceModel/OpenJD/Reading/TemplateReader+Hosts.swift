extension TemplateReader {
  mutating func hostRequirements(_ spot: Spot, visible: Visible) -> OpenJD.HostRequirementsTemplate? {
    guard let fields = fields(spot, "host requirements", required: [], optional: ["amounts", "attributes"]) else {
      return nil
    }
    if fields["amounts"] == nil, fields["attributes"] == nil {
      note(.openjdShape, "host requirements require nothing", fix: "write 'amounts', 'attributes' or both", spot)
    }
    let amounts = fields["amounts"].flatMap { list($0, "amounts") } ?? []
    let attributes = fields["attributes"].flatMap { list($0, "attributes") } ?? []
    let count = amounts.count + attributes.count
    if count > OpenJD.Bounds.requirements {
      note(
        .openjdValue, "there are \(count) requirements; at most \(OpenJD.Bounds.requirements) are allowed",
        fix: "write fewer", spot)
    }
    refuseDoubles(amounts.map { ($0.node.child("name")?.text?.lowercased(), $0) }, "the amount")
    refuseDoubles(attributes.map { ($0.node.child("name")?.text?.lowercased(), $0) }, "the attribute")
    return OpenJD.HostRequirementsTemplate(
      amounts: amounts.compactMap { amount($0, visible: visible) },
      attributes: attributes.compactMap { attribute($0, visible: visible) })
  }

  private mutating func capability(
    _ spot: Spot, visible: Visible, _ refusal: (String) -> String?
  ) -> OpenJD.FormatString? {
    guard
      let name = format(
        spot, "the name of a capability", length: 1...OpenJD.Bounds.capability, visible: visible)
    else { return nil }
    if name.isLiteral, let refusal = refusal(name.text) {
      note(
        .openjdValue, "'\(name.text)' \(refusal)", fix: "use a standard name, or one of your own: attr.studio.pool",
        spot)
      return nil
    }
    return name
  }

  private mutating func amount(
    _ spot: Spot, visible: Visible
  ) -> OpenJD.HostRequirementsTemplate.Amount? {
    guard let fields = fields(spot, "an amount", required: ["name"], optional: ["min", "max"]) else { return nil }
    if !fields.has("min"), !fields.has("max") {
      note(.openjdShape, "an amount says how much", fix: "write 'min', 'max' or both", spot)
    }
    let name = fields["name"].flatMap { capability($0, visible: visible, OpenJD.Capability.refusal(amount:)) }
    let least = fields["min"].flatMap { amountValue($0, "'min'", visible: visible) }
    let most = fields["max"].flatMap { amountValue($0, "'max'", visible: visible) }
    if case .fixed(let most) = most, let spot = fields["max"] {
      if most.isZero { note(.openjdValue, "'max' is 0", fix: "write a number above 0", spot) }
      if case .fixed(let least) = least, least > most {
        note(.openjdValue, "'max' is below 'min'", fix: "raise 'max'", spot)
      }
    }
    return name.map { .init(name: $0, least: least, most: most) }
  }

  private mutating func amountValue(
    _ spot: Spot, _ what: String, visible: Visible
  ) -> OpenJD.Quantity<OpenJD.Number>? {
    if let text = spot.node.text, text.contains("{{") || text.contains("}}") {
      wantBundle("a format string as \(what)", spot)
      return format(spot, what, visible: visible).map { .text($0) }
    }
    guard let number = number(spot, what) else { return nil }
    guard number >= .zero else {
      note(.openjdValue, "\(what) is below 0", fix: "write 0 or more", spot)
      return nil
    }
    return .fixed(number)
  }

  private mutating func attribute(
    _ spot: Spot, visible: Visible
  ) -> OpenJD.HostRequirementsTemplate.Attribute? {
    guard let fields = fields(spot, "an attribute", required: ["name"], optional: ["anyOf", "allOf"]) else {
      return nil
    }
    if !fields.has("anyOf"), !fields.has("allOf") {
      note(.openjdShape, "an attribute says what it must be", fix: "write 'anyOf', 'allOf' or both", spot)
    }
    let name = fields["name"].flatMap { capability($0, visible: visible, OpenJD.Capability.refusal(attribute:)) }
    let anyOf = attributeValues(fields["anyOf"], of: name?.text, isAll: false, visible: visible)
    let allOf = attributeValues(fields["allOf"], of: name?.text, isAll: true, visible: visible)
    return name.map { .init(name: $0, anyOf: anyOf, allOf: allOf) }
  }

  private mutating func attributeValues(
    _ spot: Spot?, of name: String?, isAll: Bool, visible: Visible
  ) -> [OpenJD.FormatString]? {
    guard let spot, let list = list(spot, "values", most: OpenJD.Bounds.attributeValues) else { return nil }
    let values = list.compactMap { format($0, "a value", visible: visible) }
    let literals = values.filter(\.isLiteral).map(\.text)
    if let name, let refusal = OpenJD.Capability.refusal(values: literals, count: list.count, of: name, isAll: isAll) {
      note(.openjdValue, "it \(refusal)", fix: "write another value", spot)
    }
    return values
  }
}
