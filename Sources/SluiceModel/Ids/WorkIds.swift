/// Text that names one thing of a kind; each kind is its own type, so that none is taken for another.
package protocol TextID: Sendable, Hashable, Comparable, Codable, CustomStringConvertible {
  init(_ description: String)
  var description: String { get }
}

extension TextID {
  package static func < (left: Self, right: Self) -> Bool { left.description < right.description }
  package init(from decoder: any Decoder) throws {
    self.init(try decoder.singleValueContainer().decode(String.self))
  }
  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }
}

/// The digest of what a plan says: selection, pipeline revision, runs and reasons.
package struct PlanID: TextID {
  package let description: String
  package init(_ description: String) { self.description = description }
  package init(digest: Digest) { description = "p-" + digest.hex.prefix(12) }
}

/// One step on one folder within a plan: digest(plan, step, folder).
package struct RunID: TextID {
  package let description: String
  package init(_ description: String) { self.description = description }
  package init(plan: PlanID, step: String, folder: FolderPath) {
    var ids = RunIDs(plan: plan)
    self = ids.id(step: step, folder: folder)
  }

  /// `r-` with 48 bits of a digest.
  package init(number: UInt64) {
    description = String(unsafeUninitializedCapacity: 14) { buffer in
      (buffer[0], buffer[1]) = (UInt8(ascii: "r"), UInt8(ascii: "-"))
      for digit in 0..<12 {
        let nibble = UInt8(truncatingIfNeeded: number >> UInt64(44 - digit * 4)) & 0xf
        buffer[2 + digit] = nibble < 10 ? 0x30 + nibble : 0x57 + nibble
      }
      return 14
    }
  }
}

/// The ids of a plan's runs, one after the other.
package struct RunIDs {
  private var text: [UInt8]
  private let start: Int

  package init(plan: PlanID) {
    text = Array("\(plan)\n".utf8)
    start = text.count
    text.reserveCapacity(128)
  }

  package mutating func id(step: String, folder: FolderPath) -> RunID {
    text.removeSubrange(start...)
    text += step.utf8
    text.append(UInt8(ascii: "\n"))
    text += folder.description.utf8
    return RunID(number: Digest.of(text).words.0 >> 16)
  }
}

extension RunID {
  /// A run that brings versions back: a plan may have several on one step and folder.
  package init(plan: PlanID, step: String, folder: FolderPath, restoring versions: [VersionAddress]) {
    let names = versions.map { "\($0.product)@\($0.version)" }.joined(separator: "\n")
    description = "r-" + Digest.of("\(plan)\n\(step)\n\(folder)\n\(names)").hex.prefix(12)
  }
}

/// One command of a run: the run and the first frame, or `1` where the run is not frame by frame.
package struct TaskID: TextID {
  package let description: String
  package init(_ description: String) { self.description = description }
  package init(run: RunID, frame: Int?) { description = "\(run).\(frame ?? 1)" }
  package var run: RunID { RunID(String(Substring(description.utf8.prefix { $0 != 0x2E }))) }
}

/// As a key of a map it is a JSON key, so that maps are written in one order.
extension TaskID: CodingKeyRepresentable {
  private struct Key: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }
    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
  }
  package var codingKey: any CodingKey { Key(stringValue: description) }
  package init?(codingKey: some CodingKey) { self.init(codingKey.stringValue) }
}

/// A CloudEvents `id`; made at any site, unique by construction (RFC 9562, version 7).
package struct EventID: TextID {
  package let description: String
  package init(_ description: String) { self.description = description }
}

/// Chosen by the caller, so that a command sent twice is carried out once.
package struct CommandID: TextID {
  package let description: String
  package init(_ description: String) { self.description = description }
}

/// A place in the log, opaque to clients: everything up to it has been seen.
package struct Position: Sendable, Hashable, Comparable, CustomStringConvertible {
  package let site: String
  /// Events before and at this place; 0 is before the first.
  package let sequence: Int64

  package init(site: String, sequence: Int64) { (self.site, self.sequence) = (site, sequence) }

  package init?(_ text: some StringProtocol) {
    guard let colon = text.lastIndex(of: ":"), let sequence = Int64(text[text.index(after: colon)...]), sequence >= 0
    else { return nil }
    self.init(site: String(text[..<colon]), sequence: sequence)
  }

  package var description: String { "\(site):\(sequence)" }
  package static func < (left: Position, right: Position) -> Bool { left.sequence < right.sequence }
}

extension Position: Codable {
  package init(from decoder: any Decoder) throws {
    let text = try decoder.singleValueContainer().decode(String.self)
    guard let position = Position(text) else {
      throw DecodingError.dataCorrupted(
        .init(codingPath: decoder.codingPath, debugDescription: "not a position: \(text.prefix(80))"))
    }
    self = position
  }
  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }
}
