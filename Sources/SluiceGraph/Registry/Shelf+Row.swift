import FoundationEssentials
import SluiceModel

/// What a version's row has beside what every version has.
private struct RowMarks: OptionSet {
  let rawValue: UInt8
  static let hasOwnSum = RowMarks(rawValue: 1)
  static let hasFrames = RowMarks(rawValue: 2)
  static let hasNumber = RowMarks(rawValue: 4)
  static let wasNumbered = RowMarks(rawValue: 8)
  static let hasReasons = RowMarks(rawValue: 16)
  static let hasWords = RowMarks(rawValue: 32)
  /// Its recipe follows from its core and its inputs.
  static let isFollowing = RowMarks(rawValue: 64)
}

// MARK: Writing

extension Shelf {
  /// Rows that begin with it are written here; all others are JSON, which begins with a brace.
  static let rowMark: UInt8 = 1

  /// A version as it is kept; nil for one of which there is something rare to be said.
  func row(_ record: Int) -> [UInt8]? {
    let (known, extra) = (records[record], extras[Int32(record)]?.first)
    guard !known.flags.contains(.isWhole), extra?.isWords != false else { return nil }
    let why = reasons[Int32(record)] ?? []
    var marks: RowMarks = []
    if known.sum >= 0 { marks.insert(.hasOwnSum) }
    if known.frames >= 0 { marks.insert(.hasFrames) }
    if known.number != VersionRecord.none { marks.insert(.hasNumber) }
    if known.published != VersionRecord.none { marks.insert(.wasNumbered) }
    if !why.isEmpty { marks.insert(.hasReasons) }
    if extra != nil { marks.insert(.hasWords) }
    let recipe = known.recipe < 0 ? nil : digests[Int(known.recipe)]
    if known.flags.contains(.isMade), recipe == nil { marks.insert(.isFollowing) }
    var row = RowWriter()
    row.put(Shelf.rowMark)
    var form = RowWriter()
    self.form(of: record).write(to: &form)
    row.put(part: form.bytes)
    row.put(marks.rawValue)
    row.put(UInt64(known.flags.rawValue))
    row.put(known.content)
    if marks.contains(.hasOwnSum) { row.put(sum(of: known)) }
    row.put(known.manifest)
    if known.flags.contains(.isMade) {
      if let recipe { row.put(recipe) }
      row.put(core(of: record))
      row.put(word: known.run)
    }
    row.put(word: known.event.0)
    row.put(word: known.event.1)
    if known.cause >= 0 {
      row.put(word: causes[Int(known.cause)].high)
      row.put(word: causes[Int(known.cause)].low)
    }
    row.put(word: known.time.bitPattern)
    for number in [known.second, known.sequence, known.milliseconds, known.bytes] { row.put(signed: number) }
    for number in [Int64(known.counter), Int64(known.ticks), Int64(known.files)] { row.put(signed: number) }
    if marks.contains(.hasNumber) { row.put(signed: Int64(known.number)) }
    if marks.contains(.wasNumbered) { row.put(signed: Int64(known.published)) }
    if marks.contains(.hasFrames) { row.put(frames[Int(known.frames)].description) }
    let uses = uses(of: record)
    row.put(UInt64(uses.count))
    for use in uses {
      row.put(use.content)
      row.put(signed: use.second)
      row.put(signed: Int64(use.counter))
    }
    if marks.contains(.hasReasons) {
      row.put(UInt64(why.count))
      for reason in why { reason.write(to: &row) }
    }
    extra?.writeWords(to: &row)
    return row.bytes
  }

  /// A product as it is kept, in a row of its own; nil for one that is not what its versions say.
  func productRow(at index: Int) -> [UInt8]? {
    guard kept[index].isThere, apart[Int32(index)] == nil, kept[index].latest >= 0 else { return nil }
    var row = RowWriter()
    row.put(Shelf.rowMark)
    id(of: Int(kept[index].latest)).write(to: &row)
    return row.bytes
  }
}

extension VersionExtra {
  /// Whether it has only what is in every row that has it.
  fileprivate var isWords: Bool {
    var rest = self
    (rest.note, rest.label, rest.base, rest.changed) = (nil, nil, nil, nil)
    return rest.isEmpty
  }

  fileprivate func writeWords(to row: inout RowWriter) {
    row.put(note)
    row.put(label)
    row.put(base == nil ? UInt8(0) : 1)
    base?.write(to: &row)
    row.put(changed?.description)
  }

  fileprivate init(words row: inout RowReader) throws(RowReader.Broken) {
    (note, label) = (try row.textIfAny(), try row.textIfAny())
    if try row.byte() == 1 { base = try VersionID(&row) }
    if let text = try row.textIfAny() { changed = try FrameSet(row: text) }
  }
}

extension FrameSet {
  /// As it was written: an empty set has no text of its own.
  fileprivate init(row text: String) throws(RowReader.Broken) {
    if text.isEmpty {
      self = .empty
    } else {
      guard let set = FrameSet(text) else { throw RowReader.Broken() }
      self = set
    }
  }
}

// MARK: Reading

/// What rows of many versions have in common, read once.
struct RowForms {
  private var forms: [UInt64: (bytes: [UInt8], form: SharedForm)] = [:]
  private var frames: (bytes: [UInt8], set: FrameSet)?

  /// - Parameter core: by what the version was made.
  fileprivate mutating func form(
    _ bytes: UnsafeRawBufferPointer, _ core: Digest?
  ) throws(RowReader.Broken) -> [VersionForm] {
    let hash = RowForms.hash(of: bytes)
    if let known = forms[hash].map({ RowForms.isSame($0.bytes, bytes) }) {
      if known { return forms[hash]?.form.form(madeBy: core) ?? [] }
      var reader = RowReader(bytes)
      return [try VersionForm(&reader)]
    }
    var reader = RowReader(bytes)
    var form = SharedForm(try VersionForm(&reader))
    let shared = form.form(madeBy: core)
    forms[hash] = (Array(bytes), form)
    return shared
  }

  fileprivate mutating func frames(_ bytes: UnsafeRawBufferPointer) throws(RowReader.Broken) -> FrameSet {
    if let frames, RowForms.isSame(frames.bytes, bytes) { return frames.set }
    let set = try FrameSet(row: String(decoding: bytes, as: UTF8.self))
    frames = (Array(bytes), set)
    return set
  }

  private static func isSame(_ known: [UInt8], _ bytes: UnsafeRawBufferPointer) -> Bool {
    known.count == bytes.count && known.withUnsafeBytes { $0.elementsEqual(bytes) }
  }

  /// Eight bytes at a time; two forms with one hash are only read more often.
  private static func hash(of bytes: UnsafeRawBufferPointer) -> UInt64 {
    var hash = UInt64(bytes.count)
    var at = 0
    while at + 8 <= bytes.count {
      hash = (hash ^ bytes.loadUnaligned(fromByteOffset: at, as: UInt64.self)) &* 0x9E37_79B9_7F4A_7C15
      hash ^= hash >> 32
      at += 8
    }
    while at < bytes.count {
      hash = (hash ^ UInt64(bytes[at])) &* 0x9E37_79B9_7F4A_7C15
      at += 1
    }
    return hash ^ hash >> 29
  }
}

extension Shelf {
  /// Puts a version down that `row` wrote, the newest of its product so far.
  /// - Returns: what its form says of all that have it.
  mutating func put(
    _ row: inout RowReader, at index: Int, _ forms: inout RowForms
  ) throws(RowReader.Broken) -> [VersionForm] {
    let formBytes = try row.part()
    let marks = RowMarks(rawValue: try row.byte())
    var record = VersionRecord.blank
    record.flags = VersionRecord.Flags(rawValue: UInt16(truncatingIfNeeded: try row.number()))
    record.content = try row.digest()
    if marks.contains(.hasOwnSum) { record.sum = Int32(put(digest: try row.digest())) }
    record.manifest = try row.digest()
    var core: Digest?
    if record.flags.contains(.isMade) {
      if !marks.contains(.isFollowing) { record.recipe = Int32(put(digest: try row.digest())) }
      (core, record.run) = (try row.digest(), try row.word())
    }
    let form = try forms.form(formBytes, core)
    if let core, form[0].core == nil { record.core = Int32(put(digest: core)) }
    record.event = (try row.word(), try row.word())
    if record.flags.contains(.hasCause) {
      record.cause = Int32(put(EventWords(high: try row.word(), low: try row.word())))
    }
    record.time = Double(bitPattern: try row.word())
    (record.second, record.sequence) = (try row.signed(), try row.signed())
    (record.milliseconds, record.bytes) = (try row.signed(), try row.signed())
    guard let counter = UInt16(exactly: try row.signed()), let ticks = UInt16(exactly: try row.signed()) else {
      throw RowReader.Broken()
    }
    (record.counter, record.ticks, record.files) = (counter, ticks, try row.small())
    let number = marks.contains(.hasNumber) ? try row.small() : VersionRecord.none
    record.number(number, published: marks.contains(.wasNumbered) ? try row.small() : VersionRecord.none)
    if marks.contains(.hasFrames) { record.frames = Int32(put(try forms.frames(row.part()))) }
    record.form = Int32(put(form))
    record.used = UInt32(used.count)
    guard try row.count() == form[0].uses.count else { throw RowReader.Broken() }
    for _ in form[0].uses.indices {
      used.append(~Int32(distant.count))
      distant.append(UsedRecord(content: try row.digest(), second: try row.signed(), counter: try row.small()))
    }
    let place = Int32(records.count)
    if marks.contains(.hasReasons) {
      var why: [Reason] = []
      for _ in 0..<(try row.count()) { why.append(try Reason(&row)) }
      reasons[place] = why
    }
    if marks.contains(.hasWords) { extras[place] = [try VersionExtra(words: &row)] }
    guard row.isAtEnd else { throw RowReader.Broken() }
    record.previous = kept[index].last
    records.append(record)
    kept[index].last = place
    return form
  }

  /// What a product's row says, when its versions are all there.
  mutating func putUp(at index: Int, latest: VersionID) throws(RowReader.Broken) {
    guard let record = record(of: latest, at: index) else { throw RowReader.Broken() }
    (kept[index].isThere, kept[index].latest) = (true, Int32(record))
  }

  /// The same with as much room as it needs, and no more.
  var packed: Shelf {
    var packed = self
    packed.kept = kept.withUnsafeBufferPointer { Array($0) }
    packed.records = records.withUnsafeBufferPointer { Array($0) }
    packed.used = used.withUnsafeBufferPointer { Array($0) }
    packed.distant = distant.withUnsafeBufferPointer { Array($0) }
    packed.forms = forms.withUnsafeBufferPointer { Array($0) }
    return packed
  }

  /// Finds inputs among the records, when these are all there.
  /// - Parameter sources: the products of inputs on this shelf, by their places in `used`.
  mutating func settle(_ sources: [(place: Int, source: Int, site: String)]) {
    for (place, source, site) in sources where used[place] < 0 {
      if let near = near(distant[Int(~used[place])], site, at: source) { used[place] = near }
    }
    let all = distant
    distant.removeAll(keepingCapacity: true)
    for place in used.indices where used[place] < 0 {
      distant.append(all[Int(~used[place])])
      used[place] = ~Int32(distant.count - 1)
    }
  }

  /// Empty, with the room that it has.
  mutating func clear() {
    kept.removeAll(keepingCapacity: true)
    records.removeAll(keepingCapacity: true)
    used.removeAll(keepingCapacity: true)
    distant.removeAll(keepingCapacity: true)
    forms.removeAll(keepingCapacity: true)
    (frames, digests, causes) = ([], [], [])
    (reasons, extras, far, apart) = ([:], [:], [:], [:])
  }

  /// A user on the same shelf.
  mutating func markUser(_ user: Int, at index: Int) { kept[index].near |= 1 << UInt64(user) }
}
