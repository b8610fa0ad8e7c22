/// What templates ask of a machine beside cores, memory and GPUs, as machines are compared with it.
///
/// Names are whole and in lower case: `attr.worker.os.family`, `amount.tapes`, `vendor:attr.pool`.
package struct HostNeeds: Sendable, Hashable, Codable {
  package struct Amount: Sendable, Hashable, Codable {
    package var name: String
    /// Of that much no other task on the machine has anything; nil for nothing.
    package var min: Double?
    /// The machine has no more than that.
    package var max: Double?
    package init(name: String, min: Double? = nil, max: Double? = nil) {
      (self.name, self.min, self.max) = (name, min, max)
    }
  }

  package struct Attribute: Sendable, Hashable, Codable {
    package var name: String
    /// The machine has one of these.
    package var anyOf: [String]?
    /// The machine has each of these.
    package var allOf: [String]?
    package init(name: String, anyOf: [String]? = nil, allOf: [String]? = nil) {
      (self.name, self.anyOf, self.allOf) = (name, anyOf, allOf)
    }
  }

  package var amounts: [Amount]
  package var attributes: [Attribute]

  package init(amounts: [Amount] = [], attributes: [Attribute] = []) {
    (self.amounts, self.attributes) = (amounts, attributes)
  }

  package var isEmpty: Bool { amounts.isEmpty && attributes.isEmpty }

  /// What both ask for; of an amount the tighter bounds.
  package static func + (left: Self, right: Self) -> Self {
    var both = left
    for amount in right.amounts {
      if let at = both.amounts.firstIndex(where: { $0.name == amount.name }) {
        both.amounts[at].min = [both.amounts[at].min, amount.min].compactMap { $0 }.max()
        both.amounts[at].max = [both.amounts[at].max, amount.max].compactMap { $0 }.min()
      } else {
        both.amounts.append(amount)
      }
    }
    both.attributes += right.attributes.filter { !left.attributes.contains($0) }
    return both
  }
}

extension HostNeeds {
  /// - Returns: nil for requirements that ask for nothing.
  package init?(_ requirements: OpenJD.HostRequirements?) {
    guard let requirements else { return nil }
    self.init(
      amounts: requirements.amounts.map { amount in
        Amount(name: amount.name, min: amount.least.map(\.double), max: amount.most.map(\.double))
      },
      attributes: requirements.attributes.map { attribute in
        Attribute(
          name: attribute.name, anyOf: attribute.anyOf?.map { $0.lowercased() },
          allOf: attribute.allOf?.map { $0.lowercased() })
      })
    if isEmpty { return nil }
  }
}

extension HostNeeds.Amount: CustomStringConvertible {
  /// `amount.tapes of at least 2`
  package var description: String {
    let bounds = [min.map { "at least \(HostNeeds.text($0))" }, max.map { "at most \(HostNeeds.text($0))" }]
    return "\(name) of \(bounds.compactMap { $0 }.joined(separator: " and "))"
  }
}

extension HostNeeds.Attribute: CustomStringConvertible {
  /// `attr.worker.os.family windows or macos`
  package var description: String {
    let words = [anyOf?.joined(separator: " or "), allOf?.joined(separator: " and ")]
    return "\(name) \(words.compactMap { $0 }.joined(separator: ", and "))"
  }
}

extension HostNeeds {
  /// `3` and `0.5`.
  package static func text(_ amount: Double) -> String {
    Int(exactly: amount).map(String.init) ?? "\(amount)"
  }
}

/// What a machine has beside cores, memory and GPUs, by whole names in lower case.
package struct HostTraits: Sendable, Hashable {
  package private(set) var amounts: [String: Double]
  package private(set) var attributes: [String: Set<String>]

  /// - Parameters:
  ///   - amounts: `tapes` is `amount.tapes`.
  ///   - attributes: `pool` is `attr.pool`; several values are joined by commas.
  package init(amounts: [String: Double] = [:], attributes: [String: String] = [:]) {
    self.amounts = Dictionary(
      amounts.map { (HostTraits.name($0.key, "amount"), $0.value) }, uniquingKeysWith: max)
    self.attributes = Dictionary(
      attributes.map { key, value in
        (HostTraits.name(key, "attr"), Set(value.lowercased().split(separator: ",").map(String.init)))
      },
      uniquingKeysWith: { $0.union($1) })
  }

  /// - Parameter labels: what people gave the machine; where one says what it is, that is so.
  package init(labels: [String: String], amounts: [String: Double] = [:], attributes: [String: String]) {
    let named = Set(labels.keys.map { HostTraits.name($0, "attr") })
    let own = attributes.filter { !named.contains(HostTraits.name($0.key, "attr")) }
    self.init(amounts: amounts, attributes: own.merging(labels) { _, label in label })
  }

  /// The whole name of a capability: `tapes` and `amount.tapes` are the same.
  package static func name(_ written: String, _ kind: String) -> String {
    let name = written.lowercased()
    return name.hasPrefix(kind + ".") || name.contains(":\(kind).") ? name : "\(kind).\(name)"
  }

  package func has(_ wanted: HostNeeds.Attribute) -> Bool {
    let own = attributes[wanted.name] ?? []
    return (wanted.anyOf.map { !own.isDisjoint(with: $0) } ?? true) && own.isSuperset(of: wanted.allOf ?? [])
  }

  /// The machine that this program was built for, in the words of Open Job Description.
  package static let ofThisBuild: [String: String] = {
    var traits: [String: String] = [:]
    #if os(Linux)
      traits["attr.worker.os.family"] = "linux"
    #elseif os(macOS)
      traits["attr.worker.os.family"] = "macos"
    #elseif os(Windows)
      traits["attr.worker.os.family"] = "windows"
    #endif
    #if arch(x86_64)
      traits["attr.worker.cpu.arch"] = "x86_64"
    #elseif arch(arm64)
      traits["attr.worker.cpu.arch"] = "arm64"
    #endif
    return traits
  }()
}

extension OpenJD.Number {
  /// The nearest one.
  package var double: Double { Double(description) ?? 0 }
}
