package import FoundationEssentials

/// What a person says of a version.
package enum Verdict: String, Sendable, Hashable, Codable {
  case approved, rejected
  /// What was said before holds no more.
  case withdrawn = "none"
}

/// A person approved or rejected a version, or took that back. Of verdicts that did not see one another, a rejection
/// holds.
package struct VersionJudged: Sendable, Hashable, Codable {
  package var version: VersionID
  package var verdict: Verdict
  package var because: String?
  package init(version: VersionID, verdict: Verdict, because: String? = nil) {
    (self.version, self.verdict, self.because) = (version, verdict, because)
  }
}

/// A person says that a version is right for exactly these inputs.
package struct VersionVouched: Sendable, Hashable, Codable {
  package var version: VersionID
  package var inputs: [Used]
  /// The core of the step that it counts as made by; nil for a step without a command.
  package var core: Digest?
  package var because: String?
  package init(version: VersionID, inputs: [Used], core: Digest?, because: String?) {
    (self.version, self.inputs, self.core, self.because) = (version, inputs, core, because)
  }
}

/// Who takes the latest version of a product takes this one from here on; or, without one, the latest again.
package struct ProductFrozen: Sendable, Hashable, Codable {
  package var at: VersionID?
  /// When it ends by itself.
  package var until: Date?
  package var because: String?
  package init(at: VersionID?, until: Date? = nil, because: String? = nil) {
    (self.at, self.until, self.because) = (at, until, because)
  }
}

/// A person has the product in hand, and its step leaves it alone; or gave it back. Of two that did not see one
/// another, the hold holds.
package struct ProductHeld: Sendable, Hashable, Codable {
  package var held: Bool
  package var because: String?
  package init(held: Bool, because: String? = nil) { (self.held, self.because) = (held, because) }
}
