import FoundationEssentials
import SluiceModel

/// Reads versions from rows in the form in which they are written; there are as many as products and more.
///
/// It knows one order of members and none of what is rare: whatever it finds otherwise, the general decoder reads.
package struct VersionReading {
  private var project = Remembered<ProjectName>()
  private var folder = Remembered<FolderPath>()
  private var frames = Remembered<FrameSet>()
  private var actor = Remembered<Actor>()
  private var seen = Remembered<Frontier>()
  private var tools = Remembered<[String: ToolVersion]>()
  private var reasons = Remembered<[Reason]>()

  package init() {}

  mutating func version(_ row: ViewRow) throws -> Version {
    if let version = plain(row.body ?? []) { return version }
    return try Registry.decode(Version.self, row)
  }

  /// Nil where a text has another form, or says something rare.
  package mutating func plain(_ body: [UInt8]) -> Version? {
    body.withUnsafeBufferPointer { bytes in
      var text = RowText(bytes: bytes)
      return try? version(&text)
    }
  }

  private mutating func version(_ text: inout RowText) throws(RowText.Other) -> Version {
    try text.pass(#"{"actor":"#)
    let actor = try actor.decoded(text.value())
    try text.pass(#","address":{"product":"#)
    let ref = try product(text.quoted())
    try text.pass(#","version":"#)
    let id = try id(text.quoted())
    let cause = text.has(#"},"cause":"#) ? EventID(String(decoding: try text.quoted(), as: UTF8.self)) : nil
    try text.pass(cause == nil ? #"},"event":"# : #","event":"#)
    let event = EventID(String(decoding: try text.quoted(), as: UTF8.self))
    let number = text.has(#","number":"#) ? Int(try text.whole()) : nil
    try text.pass(#","place":{"clock":"#)
    let clock = try clock(text.quoted())
    try text.pass(#","seen":"#)
    let seen = try seen.decoded(text.value())
    try text.pass(#","sequence":"#)
    let sequence = try text.whole()
    try text.pass(#","site":"#)
    let site = String(decoding: try text.quoted(), as: UTF8.self)
    try text.pass(#"},"published":{"#)
    let published = try published(&text)
    try text.pass(#"},"time":"#)
    guard let time = Timestamp.date(String(decoding: try text.quoted(), as: UTF8.self)) else { throw RowText.Other() }
    try text.pass(#","vouches":[]}"#)
    guard text.isAtEnd else { throw RowText.Other() }
    return Version(
      address: VersionAddress(product: ref, version: id), published: published, time: time, actor: actor,
      event: event, cause: cause, number: number,
      place: VersionPlace(site: site, sequence: sequence, clock: clock, seen: seen))
  }

  private mutating func published(_ text: inout RowText) throws(RowText.Other) -> VersionPublished {
    var base: VersionID?
    var changed: FrameSet?
    var note, label: String?
    if text.has(#""base":"#) {
      base = try id(text.quoted())
      try text.pass(",")
    }
    if text.has(#""changed":"#) {
      changed = try frames(text.quoted())
      try text.pass(",")
    }
    if text.has(#""label":"#) {
      label = String(decoding: try text.quoted(), as: UTF8.self)
      try text.pass(",")
    }
    var made: Made?
    if text.has(#""made":{"#) {
      made = try self.made(&text)
      try text.pass(",")
    }
    try text.pass(#""madeFrom":["#)
    var used: [Used] = []
    while !text.has("]") {
      if !used.isEmpty { try text.pass(",") }
      used.append(try self.used(&text))
    }
    try text.pass(#","manifest":"#)
    let manifest = try digest(text.quoted())
    if text.has(#","note":"#) { note = String(decoding: try text.quoted(), as: UTF8.self) }
    let number = text.has(#","number":"#) ? Int(try text.whole()) : nil
    try text.pass(#","representations":["#)
    var representations: [RepresentationSummary] = []
    while !text.has("]") {
      if !representations.isEmpty { try text.pass(",") }
      representations.append(try representation(&text))
    }
    try text.pass(#","version":"#)
    return VersionPublished(
      version: try id(text.quoted()), number: number, manifest: manifest, representations: representations,
      madeFrom: used, note: note, label: label, base: base, changed: changed, made: made)
  }

  private mutating func made(_ text: inout RowText) throws(RowText.Other) -> Made {
    try text.pass(#""core":"#)
    let core = try digest(text.quoted())
    try text.pass(#","plan":"#)
    let plan = PlanID(String(decoding: try text.quoted(), as: UTF8.self))
    try text.pass(#","reasons":"#)
    let reasons = try reasons.decoded(text.value())
    try text.pass(#","recipe":"#)
    let recipe = try digest(text.quoted())
    try text.pass(#","run":"#)
    let run = RunID(String(decoding: try text.quoted(), as: UTF8.self))
    try text.pass(#","step":"#)
    let step = String(decoding: try text.quoted(), as: UTF8.self)
    try text.pass(#","tools":"#)
    let tools = try tools.decoded(text.value())
    try text.pass(#","uniform":"#)
    let isUniform = text.has("true")
    try text.pass(isUniform ? "}" : "false}")
    return Made(
      step: step, run: run, plan: plan, core: core, tools: tools, recipe: recipe, uniform: isUniform,
      reasons: reasons)
  }

  private mutating func used(_ text: inout RowText) throws(RowText.Other) -> Used {
    try text.pass(#"{"content":"#)
    let content = try digest(text.quoted())
    let input = text.has(#","input":"#) ? String(decoding: try text.quoted(), as: UTF8.self) : nil
    try text.pass(#","product":"#)
    let ref = try product(text.quoted())
    try text.pass(#","version":"#)
    let id = try id(text.quoted())
    try text.pass("}")
    return Used(input: input, product: ref, version: id, content: content)
  }

  private mutating func representation(_ text: inout RowText) throws(RowText.Other) -> RepresentationSummary {
    try text.pass(#"{"bytes":"#)
    let bytes = try text.whole()
    try text.pass(#","content":"#)
    let content = try digest(text.quoted())
    try text.pass(#","files":"#)
    let files = Int(try text.whole())
    var frames: FrameSet?
    if text.has(#","frames":"#) { frames = try self.frames(text.quoted()) }
    try text.pass(#","kind":"#)
    guard let kind = RepresentationKind(rawValue: String(decoding: try text.quoted(), as: UTF8.self)) else {
      throw RowText.Other()
    }
    try text.pass(#","name":"#)
    let name = String(decoding: try text.quoted(), as: UTF8.self)
    try text.pass(#","sha256":"#)
    let sha256 = try digest(text.quoted())
    try text.pass("}")
    return RepresentationSummary(
      name: name, kind: kind, files: files, bytes: bytes, sha256: sha256, content: content, frames: frames)
  }

  // MARK: Texts

  private mutating func frames(_ text: RowText.Part) throws(RowText.Other) -> FrameSet {
    try frames.value(text) { $0.isEmpty ? nil : FrameSet(String(decoding: $0, as: UTF8.self)) }
  }

  private mutating func product(_ text: RowText.Part) throws(RowText.Other) -> ProductRef {
    let slash = UInt8(ascii: "/")
    guard let first = text.firstIndex(of: slash), let last = text.lastIndex(of: slash),
      RowText.isName(text[(last + 1)...])
    else { throw RowText.Other() }
    let project = try project.value(text[..<first]) { try? ProjectName(String(decoding: $0, as: UTF8.self)) }
    let folder = try folder.value(first == last ? text[first..<first] : text[(first + 1)..<last]) {
      try? FolderPath(String(decoding: $0, as: UTF8.self))
    }
    return ProductRef(
      stored: project, folder: folder, name: String(decoding: text[(last + 1)...], as: UTF8.self))
  }

  private func clock(_ text: RowText.Part) throws(RowText.Other) -> HybridTime {
    guard let dot = text.firstIndex(of: UInt8(ascii: ".")) else { throw RowText.Other() }
    return HybridTime(
      milliseconds: try RowText.whole(text[..<dot]), counter: Int(try RowText.whole(text[(dot + 1)...])))
  }

  /// `v-20261122-142301-lon`, and `-02` where there are more.
  private func id(_ text: RowText.Part) throws(RowText.Other) -> VersionID {
    let (start, dash) = (text.startIndex, UInt8(ascii: "-"))
    guard text.count > 18, text[start] == UInt8(ascii: "v"), text[start + 1] == dash, text[start + 10] == dash,
      text[start + 17] == dash
    else { throw RowText.Other() }
    let date = try RowText.whole(text[(start + 2)..<(start + 10)])
    let time = try RowText.whole(text[(start + 11)..<(start + 17)])
    let (year, month, day) = (date / 10_000, date / 100 % 100, date % 100)
    let (hour, minute, second) = (time / 10_000, time / 100 % 100, time % 100)
    let days = Civil.days(year: year, month: month, day: day)
    guard date > 0, Civil.date(days: days) == (year, month, day), hour < 24, minute < 60, second < 60 else {
      throw RowText.Other()
    }
    let rest = text[(start + 18)...]
    let end = rest.firstIndex(of: dash) ?? rest.endIndex
    var counter = 1
    if end < rest.endIndex {
      counter = Int(try RowText.whole(rest[(end + 1)...]))
      guard rest.endIndex - end == 3, (2...Limits.versionsPerSecond).contains(counter) else { throw RowText.Other() }
    }
    guard RowText.isName(rest[..<end]) else { throw RowText.Other() }
    return VersionID(
      second: days * 86_400 + hour * 3_600 + minute * 60 + second,
      site: String(decoding: rest[..<end], as: UTF8.self), counter: counter)
  }

  private func digest(_ text: RowText.Part) throws(RowText.Other) -> Digest {
    guard text.count == 64 else { throw RowText.Other() }
    func word(_ first: Int) throws(RowText.Other) -> UInt64 {
      var word: UInt64 = 0
      for index in (text.startIndex + first)..<(text.startIndex + first + 16) {
        switch text[index] {
        case 0x30...0x39: word = word << 4 | UInt64(text[index] - 0x30)
        case 0x61...0x66: word = word << 4 | UInt64(text[index] - 0x57)
        default: throw RowText.Other()
        }
      }
      return word
    }
    return Digest(words: (try word(0), try word(16), try word(32), try word(48)))
  }
}

/// What a text meant: the next one is often the same.
private struct Remembered<Value> {
  private var text: [UInt8] = []
  private var value: Value?

  mutating func value(_ part: RowText.Part, _ read: (RowText.Part) -> Value?) throws(RowText.Other) -> Value {
    if let value, text.count == part.count, text.elementsEqual(part) { return value }
    guard let found = read(part) else { throw RowText.Other() }
    (text, value) = (Array(part), found)
    return found
  }
}

extension Remembered where Value: Decodable {
  mutating func decoded(_ part: RowText.Part) throws(RowText.Other) -> Value {
    try value(part) { try? StableJSON.decode(Value.self, from: $0) }
  }
}

/// A row's text, read from its beginning to its end.
struct RowText {
  typealias Part = Slice<UnsafeBufferPointer<UInt8>>
  /// It goes on otherwise than was expected.
  struct Other: Error {}

  let bytes: UnsafeBufferPointer<UInt8>
  private var at = 0

  init(bytes: UnsafeBufferPointer<UInt8>) { self.bytes = bytes }

  var isAtEnd: Bool { at == bytes.count }

  /// Passes over a word that may stand here.
  mutating func has(_ word: StaticString) -> Bool {
    let count = word.utf8CodeUnitCount
    guard at + count <= bytes.count else { return false }
    for index in 0..<count where bytes[at + index] != word.utf8Start[index] { return false }
    at += count
    return true
  }

  mutating func pass(_ word: StaticString) throws(Other) {
    guard has(word) else { throw Other() }
  }

  /// What stands between quotes, plain ASCII without escapes.
  mutating func quoted() throws(Other) -> Part {
    try pass("\"")
    let start = at
    while at < bytes.count {
      switch bytes[at] {
      case UInt8(ascii: "\""):
        at += 1
        return bytes[start..<(at - 1)]
      case UInt8(ascii: "\\"), 0..<0x20, 0x80...: throw Other()
      default: at += 1
      }
    }
    throw Other()
  }

  mutating func whole() throws(Other) -> Int64 {
    let start = at
    while at < bytes.count, bytes[at] &- 0x30 < 10 { at += 1 }
    guard at == start + 1 || bytes[start..<at].first != UInt8(ascii: "0") else { throw Other() }
    return try RowText.whole(bytes[start..<at])
  }

  static func whole(_ part: Part) throws(Other) -> Int64 {
    guard (1...18).contains(part.count) else { throw Other() }
    var number: Int64 = 0
    for byte in part {
      guard byte &- 0x30 < 10 else { throw Other() }
      number = number * 10 + Int64(byte - 0x30)
    }
    return number
  }

  /// As `NameRule` has it.
  static func isName(_ part: Part) -> Bool {
    let (dash, dot) = (UInt8(ascii: "-"), UInt8(ascii: "."))
    guard let first = part.first, first != dash, first != dot, part.count <= Limits.nameBytes else { return false }
    if first == UInt8(ascii: "v"), part.dropFirst().first == dash { return false }
    return part.allSatisfy { byte in
      switch byte {
      case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "_"), dash, dot: true
      default: false
      }
    }
  }

  /// An object or an array.
  mutating func value() throws(Other) -> Part {
    let start = at
    var (depth, isText) = (0, false)
    while at < bytes.count {
      let byte = bytes[at]
      at += 1
      if isText {
        if byte == UInt8(ascii: "\\") { at += 1 } else if byte == UInt8(ascii: "\"") { isText = false }
        continue
      }
      switch byte {
      case UInt8(ascii: "\""): isText = true
      case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
      case UInt8(ascii: "}"), UInt8(ascii: "]"):
        depth -= 1
        if depth == 0 { return bytes[start..<at] }
      default: break
      }
      guard depth > 0 else { throw Other() }
    }
    throw Other()
  }
}
