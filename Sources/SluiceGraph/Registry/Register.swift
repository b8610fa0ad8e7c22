package import FoundationEssentials
package import SluiceModel

/// Something that people move, such as a tag: sites may write it without asking one another.
///
/// A write supersedes what its writer had seen, whatever the clocks. Writes that did not see one another all stay, and
/// the clock only chooses the one that is shown, until somebody writes again and so settles it. Any causal order of
/// delivery gives the same register.
package struct Register: Sendable, Hashable, Codable {
  package struct Write: Sendable, Hashable, Codable {
    package var value: String
    package var site: String
    package var sequence: Int64
    package var clock: HybridTime
    package var actor: Actor
    package var time: Date
    package init(value: String, site: String, sequence: Int64, clock: HybridTime, actor: Actor, time: Date) {
      (self.value, self.site, self.sequence, self.clock) = (value, site, sequence, clock)
      (self.actor, self.time) = (actor, time)
    }
  }

  /// Writes that no other has superseded, the shown one first.
  package private(set) var heads: [Write] = []

  package init() {}
  /// As it was stored.
  init(heads: [Write]) { self.heads = heads }

  package var value: String? { heads.first?.value }
  /// Whether people disagreed without knowing of one another, and nobody has settled it.
  package var isContested: Bool { Set(heads.map(\.value)).count > 1 }

  /// - Parameter seen: what the writer had seen, all it wrote before included, in the same record too.
  package mutating func take(_ write: Write, seen: Frontier) {
    heads.removeAll { seen.covers($0.site, $0.sequence) }
    let place = heads.firstIndex { ($0.clock, $0.site) < (write.clock, write.site) } ?? heads.endIndex
    heads.insert(write, at: place)
  }
}

extension Register {
  /// As its encoding has it.
  func write(to writer: inout JSONWriter) {
    writer.open()
    writer.openArray("heads")
    for write in heads {
      writer.element()
      writer.open()
      writer.member("actor")
      writer.open()
      writer.member("name", write.actor.name)
      writer.member("trust", write.actor.trust.rawValue)
      writer.close()
      writer.member("clock", write.clock.description)
      writer.member("sequence", write.sequence)
      writer.member("site", write.site)
      writer.member("time", Timestamp.text(write.time))
      writer.member("value", write.value)
      writer.close()
    }
    writer.closeArray()
    writer.close()
  }
}

/// Names a register within a project.
package enum RegisterKey: Sendable, Hashable, Comparable, CustomStringConvertible {
  /// The site that gives the project's numbers.
  case home
  case folderType(FolderPath)
  case folderOmitted(FolderPath)
  case folderAttribute(FolderPath, String)
  case tag(ProductRef, String)
  /// Whether an asset, the second folder, is in a shot.
  case cast(FolderPath, FolderPath)
  /// What people said of a version; the values of these three are facts.
  case verdict(ProductRef, VersionID)
  case frozen(ProductRef)
  case held(ProductRef)

  package var description: String {
    switch self {
    case .home: "home"
    case .folderType(let path): "type \(path)"
    case .folderOmitted(let path): "omitted \(path)"
    case .folderAttribute(let path, let name): "attribute \(path) \(name)"
    case .tag(let ref, let tag): "tag \(ref) \(tag)"
    case .cast(let shot, let asset): "cast \(shot) \(asset)"
    case .verdict(let ref, let version): "verdict \(ref) \(version)"
    case .frozen(let ref): "frozen \(ref)"
    case .held(let ref): "held \(ref)"
    }
  }

  /// Reads what `description` says.
  package init?(_ text: String) throws {
    let words = text.split(separator: " ", omittingEmptySubsequences: false).map(String.init)
    switch (words.first, words.count) {
    case ("home", 1): self = .home
    case ("type", 2): self = .folderType(try FolderPath(words[1]))
    case ("omitted", 2): self = .folderOmitted(try FolderPath(words[1]))
    case ("attribute", 3): self = .folderAttribute(try FolderPath(words[1]), words[2])
    case ("tag", 3): self = .tag(try ProductRef(words[1]), words[2])
    case ("cast", 3): self = .cast(try FolderPath(words[1]), try FolderPath(words[2]))
    case ("verdict", 3):
      guard let version = VersionID(words[2]) else { return nil }
      self = .verdict(try ProductRef(words[1]), version)
    case ("frozen", 2): self = .frozen(try ProductRef(words[1]))
    case ("held", 2): self = .held(try ProductRef(words[1]))
    default: return nil
    }
  }

  package static func < (left: Self, right: Self) -> Bool { left.description < right.description }
}
