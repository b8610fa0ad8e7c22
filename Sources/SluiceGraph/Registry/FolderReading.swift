import FoundationEssentials
import SluiceModel

/// Reads folders and registers from rows in the form in which they are written; there are some for every folder.
///
/// It knows one order of members, and plain ASCII: whatever it finds otherwise, the general decoder reads.
struct FolderReading {
  private var project = Remembered<ProjectName>()
  private var actor = Remembered<Actor>()
  private var time = Remembered<Date>()

  mutating func folder(_ body: UnsafeRawBufferPointer) throws -> Registry.FolderRow {
    var text = RowText(bytes: body.assumingMemoryBound(to: UInt8.self))
    if let row = try? folder(&text) { return row }
    return try StableJSON.decode(Registry.FolderRow.self, from: body)
  }

  /// Nil for a key of a kind that is not known.
  mutating func register(
    _ body: UnsafeRawBufferPointer
  ) throws -> (project: ProjectName, key: RegisterKey, register: Register)? {
    var text = RowText(bytes: body.assumingMemoryBound(to: UInt8.self))
    if let found = try? register(&text) { return found }
    let row = try StableJSON.decode(Registry.RegisterRow.self, from: body)
    return try RegisterKey(row.key).map { (row.project, $0, row.register) }
  }

  private mutating func folder(_ text: inout RowText) throws(RowText.Other) -> Registry.FolderRow {
    try text.pass(#"{"folder":{"attributes":{"#)
    var attributes: [String: String] = [:]
    while !text.has("}") {
      if !attributes.isEmpty { try text.pass(",") }
      let name = RowText.string(try text.quoted())
      try text.pass(":")
      attributes[name] = RowText.string(try text.quoted())
    }
    try text.pass(#","omitted":"#)
    let isOmitted = text.has("true")
    try text.pass(isOmitted ? #","path":"# : #"false,"path":"#)
    let path = FolderPath(stored: RowText.string(try text.quoted()))
    try text.pass(#","type":"#)
    let type = RowText.string(try text.quoted())
    try text.pass(#"},"project":"#)
    let project = try project.value(text.quoted()) { ProjectName(stored: RowText.string($0)) }
    try text.pass("}")
    guard text.isAtEnd else { throw RowText.Other() }
    return Registry.FolderRow(
      project: project, folder: Folder(path: path, type: type, attributes: attributes, omitted: isOmitted))
  }

  private mutating func register(
    _ text: inout RowText
  ) throws(RowText.Other) -> (project: ProjectName, key: RegisterKey, register: Register) {
    try text.pass(#"{"key":"#)
    let key = try key(text.quoted())
    try text.pass(#","project":"#)
    let project = try project.value(text.quoted()) { ProjectName(stored: RowText.string($0)) }
    try text.pass(#","register":{"heads":["#)
    var heads: [Register.Write] = []
    while !text.has("]}}") {
      if !heads.isEmpty { try text.pass(",") }
      heads.append(try write(&text))
    }
    guard text.isAtEnd else { throw RowText.Other() }
    return (project, key, Register(heads: heads))
  }

  private mutating func write(_ text: inout RowText) throws(RowText.Other) -> Register.Write {
    try text.pass(#"{"actor":"#)
    let actor = try actor.decoded(text.value())
    try text.pass(#","clock":"#)
    guard let clock = HybridTime(RowText.string(try text.quoted())) else { throw RowText.Other() }
    try text.pass(#","sequence":"#)
    let sequence = try text.whole()
    try text.pass(#","site":"#)
    let site = RowText.string(try text.quoted())
    try text.pass(#","time":"#)
    let time = try time.value(text.quoted()) { Timestamp.date(RowText.string($0)) }
    try text.pass(#","value":"#)
    let value = RowText.string(try text.quoted())
    try text.pass("}")
    return Register.Write(value: value, site: site, sequence: sequence, clock: clock, actor: actor, time: time)
  }

  /// Those that every folder has; others are rare.
  private func key(_ text: RowText.Part) throws(RowText.Other) -> RegisterKey {
    let words = text.split(separator: UInt8(ascii: " "), omittingEmptySubsequences: false)
    if words.count == 2, words[0].elementsEqual("type".utf8) {
      return .folderType(FolderPath(stored: RowText.string(words[1])))
    }
    if words.count == 3, words[0].elementsEqual("attribute".utf8) {
      return .folderAttribute(FolderPath(stored: RowText.string(words[1])), RowText.string(words[2]))
    }
    throw RowText.Other()
  }
}

extension RowText {
  fileprivate static func string(_ part: Part) -> String { String(decoding: part, as: UTF8.self) }
}
