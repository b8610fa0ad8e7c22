extension OpenJD {
  /// What a machine must have to run a step's tasks, as the template says it.
  package struct HostRequirementsTemplate: Sendable, Hashable {
    package struct Amount: Sendable, Hashable {
      package let name: FormatString
      package let least: Quantity<Number>?
      package let most: Quantity<Number>?
      package init(name: FormatString, least: Quantity<Number>?, most: Quantity<Number>?) {
        (self.name, self.least, self.most) = (name, least, most)
      }
    }
    package struct Attribute: Sendable, Hashable {
      package let name: FormatString
      package let anyOf: [FormatString]?
      package let allOf: [FormatString]?
      package init(name: FormatString, anyOf: [FormatString]?, allOf: [FormatString]?) {
        (self.name, self.anyOf, self.allOf) = (name, anyOf, allOf)
      }
    }
    package let amounts: [Amount]
    package let attributes: [Attribute]
    package init(amounts: [Amount], attributes: [Attribute]) { (self.amounts, self.attributes) = (amounts, attributes) }
  }

  /// The same once the job's parameters are known.
  package struct HostRequirements: Sendable, Hashable {
    package struct Amount: Sendable, Hashable {
      /// Lower case.
      package let name: String
      /// Not negative.
      package let least: Number?
      package let most: Number?
    }
    package struct Attribute: Sendable, Hashable {
      /// Lower case.
      package let name: String
      package let anyOf: [String]?
      package let allOf: [String]?
    }
    package let amounts: [Amount]
    package let attributes: [Attribute]
  }

  /// What the specification says of the names of capabilities and their values.
  package enum Capability {
    package static let standardAmounts: Set<String> = [
      "amount.worker.vcpu", "amount.worker.memory", "amount.worker.gpu", "amount.worker.gpu.memory",
      "amount.worker.disk.scratch",
    ]
    /// Each takes one value at a time.
    package static let standardAttributes: [String: [String]] = [
      "attr.worker.os.family": ["linux", "windows", "macos"],
      "attr.worker.cpu.arch": ["x86_64", "arm64"],
    ]
    private static let reservedScopes: Set<String> = ["worker", "job", "step", "task"]

    /// What is wrong with the name of an amount; nil when nothing is.
    package static func refusal(amount name: String) -> String? {
      refusal(name, prefix: "amount", isStandard: standardAmounts.contains)
    }

    /// What is wrong with the name of an attribute; nil when nothing is.
    package static func refusal(attribute name: String) -> String? {
      refusal(name, prefix: "attr") { standardAttributes[$0] != nil }
    }

    private static func refusal(_ written: String, prefix: String, isStandard: (String) -> Bool) -> String? {
      guard !written.isEmpty, written.unicodeScalars.count <= Bounds.capability else {
        return "has \(written.unicodeScalars.count) characters; 1 to \(Bounds.capability) are allowed"
      }
      let name = written.lowercased()
      let sides = name.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
      let parts = (sides.last ?? "").split(separator: ".", omittingEmptySubsequences: false)
      let isVendor = sides.count == 1 || (isIdentifier(sides[0]) && sides[0].utf8.count > 1)
      guard isVendor, parts.count > 1, parts[0] == "amount" || parts[0] == "attr",
        parts.dropFirst().allSatisfy(isIdentifier)
      else { return "is not the name of a capability, such as \(prefix).worker.… or vendor:\(prefix).…" }
      if sides.count == 1, isStandard(name) { return nil }
      guard parts[0] == prefix else { return "does not begin with '\(prefix).'" }
      guard !reservedScopes.contains(String(parts[1])) else {
        return "is none of those that Open Job Description defines, and only they begin with '\(prefix).\(parts[1])'"
      }
      return nil
    }

    /// What is wrong with the values of an attribute; nil when nothing is.
    package static func refusal(values: [String], count: Int, of attribute: String, isAll: Bool) -> String? {
      if let known = standardAttributes[attribute.lowercased()] {
        if isAll, count > 1 { return "has \(count) values, and no machine has more than one of \(attribute)" }
        if let other = values.first(where: { !known.contains($0.lowercased()) }) {
          return "says '\(other)'; \(attribute) is one of \(known.joined(separator: ", "))"
        }
        return nil
      }
      for value in values where !isValue(value) {
        return "says '\(value)'; a value has at most \(Bounds.capability) latin letters, digits, '_' and '-'"
          + " and begins with a letter or '_'"
      }
      return nil
    }

    private static func isValue(_ text: String) -> Bool {
      text.utf8.count <= Bounds.capability && text.utf8.first != 0x2D
        && isIdentifier(text.replacing("-", with: "_"))
    }
  }
}
