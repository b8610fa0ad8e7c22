package import SluiceModel

/// What one file was made from, spelled out: no digest of digests, no shortcut.
package struct Trace: Sendable, Hashable {
  /// The step, as far as it says what comes out.
  package struct Core: Sendable, Hashable {
    package var command: [String]
    package var inputs: [String: FrameRelations]
    package var outputs: [String: String]
    package var parameters: [String: String]
    package var tools: [String: ToolVersion]
  }
  /// A file that was seen: where, and what was in it.
  package struct Seen: Sendable, Hashable {
    /// In which folder, where an input is gathered over several.
    package var folder: String
    /// The product that the input's own one names; nil for the input's own.
    package var named: ProductRef?
    package var frame: Int?
    package var fileExtension: String
    package var identity: Digest
  }
  package var core: Core
  /// Nil for a whole.
  package var frame: Int?
  /// By input, in the order in which a program gets them.
  package var inputs: [String: [Seen]]
  /// What those name, directly and through others.
  package var named: [String: Set<Seen>]

  /// Whether nothing but the step may differ.
  package func hasSameInputs(as other: Trace) -> Bool {
    frame == other.frame && inputs == other.inputs && named == other.named
  }
}

/// What a person meant who vouched, spelled out.
package struct Vouching: Sendable, Hashable {
  /// A product as an input took it.
  package struct Taken: Sendable, Hashable {
    var product: ProductRef
    /// All of its files, where something is made from it frame by frame, and those within its range, where not.
    var all: [Trace.Seen]?
    var within: [Trace.Seen]?
  }
  package var core: Trace.Core
  /// By input, in the order in which a program gets them.
  package var inputs: [String: [Taken]] = [:]
  /// What those name.
  package var named: [String: Set<Taken>] = [:]

  init(_ core: Trace.Core) { self.core = core }

  mutating func take(_ taken: Taken, by input: String, isNamed: Bool) {
    if isNamed { named[input, default: []].insert(taken) } else { inputs[input, default: []].append(taken) }
  }
}

/// What was really done, beside the facts: how each file came about, and what vouches were about.
package struct Diary: Sendable {
  package struct Making: Sendable {
    package var core: Trace.Core
    /// Cores of frames that were carried over and accepted.
    package var accepted: Set<Trace.Core>
    /// By frame; `nil` for a whole.
    package var traces: [Int?: Trace]
  }
  package func traces(of version: VersionAddress) -> [Int?: Trace] {
    makings[version]?.traces ?? laidOver[version] ?? [:]
  }

  /// A file that a recipe gave before.
  struct Result: Sendable {
    var files: [StoredFile]
    var trace: Trace
  }
  package var makings: [VersionAddress: Making] = [:]
  /// Of what a person laid some frames over, what the others were made from.
  package var laidOver: [VersionAddress: [Int?: Trace]] = [:]
  package var vouchings: [VersionAddress: [Vouching]] = [:]
  var results: [String: Result] = [:]
  /// Where one recipe stood for two kinds of work.
  package var contradictions: [String] = []
  /// What an edit accepted although it was out of date.
  package var wronglyAccepted: [String] = []
  /// What occurred, by name.
  package var features: Set<String> = []
}
