import FoundationEssentials
import SluiceModel

/// What differs from version to version, in numbers.
struct VersionRecord: Sendable {
  struct Flags: OptionSet, Sendable {
    let rawValue: UInt16
    static let isMade = Flags(rawValue: 1)
    /// Its files were dropped.
    static let isGone = Flags(rawValue: 2)
    static let isRejected = Flags(rawValue: 4)
    static let isInPlace = Flags(rawValue: 8)
    /// People vouched for it.
    static let isVouched = Flags(rawValue: 16)
    /// Several forms, damage, a stand-in, or other cores that count: whoever is made from it has to look at all of it.
    static let isSpecial = Flags(rawValue: 32)
    static let hasEvent = Flags(rawValue: 64)
    static let hasCause = Flags(rawValue: 128)
    static let hasRun = Flags(rawValue: 256)
    /// It could not be taken apart.
    static let isWhole = Flags(rawValue: 512)
    static let isUniform = Flags(rawValue: 1_024)
    /// Its fact gave no number, or gave one that it has not: others gave it, or another version has it.
    static let isNumberedLater = Flags(rawValue: 2_048)
    static let isNumberless = Flags(rawValue: 4_096)
  }
  static let none = Int32.min

  var content, manifest: Digest
  var sequence, bytes: Int64
  var time: Double
  var event: (UInt64, UInt64)
  var run: UInt64
  /// Within what 32 bits have of the time, to 2106; a version of another one is kept whole.
  private var moment: UInt32
  /// By how many milliseconds the writer's clock is ahead of the time.
  private var ahead: Int32
  var files: Int32
  /// The number that it has, or was published with.
  private var given: Int32
  /// In the shelf: the version before of the same product, its form, its frames, the checksum of its files where it is
  /// not the content, and what caused it.
  var previous, form, frames, sum, cause: Int32
  /// Where its form does not say by which core it was made, and where its recipe is not what follows from core and
  /// inputs: these, among the shelf's digests.
  var core, recipe: Int32
  /// The first of what it was made from; its form says how many there are.
  var used: UInt32
  var counter, ticks: UInt16
  var flags: Flags

  var second: Int64 {
    get { Int64(moment) }
    set { moment = UInt32(clamping: newValue) }
  }

  var milliseconds: Int64 {
    get { VersionRecord.milliseconds(of: time) + Int64(ahead) }
    set {
      ahead = Int32(clamping: newValue.subtractingReportingOverflow(VersionRecord.milliseconds(of: time)).partialValue)
    }
  }
  private static func milliseconds(of time: Double) -> Int64 {
    Int64(exactly: ((time + Date.timeIntervalBetween1970AndReferenceDate) * 1_000).rounded()) ?? 0
  }

  var number: Int32 { flags.contains(.isNumberless) ? VersionRecord.none : given }
  var published: Int32 { flags.contains(.isNumberedLater) ? VersionRecord.none : given }
  /// A version that has another number than it was published with is kept whole.
  mutating func number(_ number: Int32, published: Int32) {
    given = number == VersionRecord.none ? published : number
    flags.remove([.isNumberedLater, .isNumberless])
    if number != published {
      if number == VersionRecord.none { flags.insert(.isNumberless) }
      if published == VersionRecord.none { flags.insert(.isNumberedLater) }
    }
  }

  init(_ version: Version) {
    self.init()
    let (fact, place) = (version.published, version.place)
    let shape = fact.representations.first
    let nothing = Digest(words: (0, 0, 0, 0))
    content = shape?.content ?? nothing
    manifest = fact.manifest
    (moment, sequence) = (UInt32(clamping: version.address.version.second), place.sequence)
    (time, bytes) = (version.time.timeIntervalSinceReferenceDate, shape?.bytes ?? 0)
    milliseconds = place.clock.milliseconds
    let (event, source) = (EventID.words(version.event), version.cause.flatMap { EventID.words($0) })
    let run = fact.made.flatMap { RunID.number($0.run) }
    (self.event, self.run) = (event ?? (0, 0), run ?? 0)
    (counter, ticks) = (UInt16(clamping: version.address.version.counter), UInt16(clamping: place.clock.counter))
    files = Int32(clamping: shape?.files ?? 0)
    var flags: Flags = []
    if fact.made != nil { flags.insert(.isMade) }
    if fact.made?.uniform == true { flags.insert(.isUniform) }
    if version.purge?.isGone == true { flags.insert(.isGone) }
    if version.judgement?.verdict == .rejected { flags.insert(.isRejected) }
    if fact.inPlace != nil { flags.insert(.isInPlace) }
    if !version.vouches.isEmpty { flags.insert(.isVouched) }
    if fact.representations.count != 1 || version.damage != nil || version.standIn != nil
      || fact.made?.accepted?.isEmpty == false
    {
      flags.insert(.isSpecial)
    }
    if event != nil { flags.insert(.hasEvent) }
    if source != nil { flags.insert(.hasCause) }
    if run != nil { flags.insert(.hasRun) }
    self.flags = flags
    number(
      version.number.map { Int32(clamping: $0) } ?? VersionRecord.none,
      published: fact.number.map { Int32(clamping: $0) } ?? VersionRecord.none)
  }

  private init() {
    let nothing = Digest(words: (0, 0, 0, 0))
    (content, manifest) = (nothing, nothing)
    (moment, sequence, ahead, bytes, time) = (0, 0, 0, 0, 0)
    (event, run) = ((0, 0), 0)
    (counter, ticks, files) = (0, 0, 0)
    given = VersionRecord.none
    (previous, form, frames, sum, cause, core, recipe, used, flags) = (-1, 0, -1, -1, -1, -1, -1, 0, [])
  }
  static let blank = VersionRecord()
}

/// An event's id as the 128 bits of a UUID.
struct EventWords: Sendable, Equatable {
  let high, low: UInt64
}

/// One version that another was made from.
struct UsedRecord: Sendable, Equatable {
  let content: Digest
  /// Within what 32 bits have of the time, to 2106; a version that used another one is kept whole.
  private let moment: UInt32
  let counter: Int32
  var second: Int64 { Int64(moment) }

  init(_ used: Used) {
    self.init(
      content: used.content, second: used.version.second, counter: Int32(clamping: used.version.counter))
  }

  init(content: Digest, second: Int64, counter: Int32) {
    (self.content, moment, self.counter) = (content, UInt32(clamping: second), counter)
  }
}

/// What versions of many products have in common.
struct VersionForm: Sendable, Hashable {
  struct Use: Sendable, Hashable {
    enum Place: Sendable, Hashable {
      /// In the folder of what is made from it.
      case near(String)
      case far(ProductRef)
    }
    let input: String?
    let place: Place
    let site: String
  }
  struct Making: Sendable, Hashable {
    let step: String
    let plan: PlanID
    let tools: [String: ToolVersion]
    let isUniform: Bool
  }
  let site: String
  let name: String
  let kind: RepresentationKind
  let making: Making?
  let actor: Actor
  let origin: String
  let seen: Frontier
  let uses: [Use]
  /// By what all that have this form were made; nil where each says it itself. No row has it with the form.
  var core: Digest?

  init(_ version: Version) {
    let (fact, ref) = (version.published, version.address.product)
    site = version.address.version.site
    (name, kind) = (fact.representations.first?.name ?? "", fact.representations.first?.kind ?? .file)
    making = fact.made.map { Making(step: $0.step, plan: $0.plan, tools: $0.tools, isUniform: $0.uniform) }
    (actor, origin, seen) = (version.actor, version.place.site, version.place.seen)
    uses = fact.madeFrom.map { used in
      let isNear = used.product.folder == ref.folder && used.product.project == ref.project
      return Use(
        input: used.input, place: isNear ? .near(used.product.name) : .far(used.product), site: used.version.site)
    }
  }
}

/// What there is to say of few versions.
struct VersionExtra: Sendable {
  var note, label: String?
  var base: VersionID?
  var changed: FrameSet?
  var inPlace: InPlaceState?
  var told: Told?
  var accepted: [Digest]?
  /// Where they are not one.
  var representations: [RepresentationSummary]?
  /// Where frames were left out, or names are among them.
  var used: [Used]?
  var event, cause: EventID?
  var run: RunID?
  var judgement: Judgement?
  var vouches: [Vouch] = []
  var purge: Purge?
  var standIn: StandIn?
  var damage: Damage?
  /// One, which could not be taken apart.
  var whole: [Version] = []

  init(whole: Version) { self.whole = [whole] }

  init(_ version: Version, _ record: VersionRecord, _ form: VersionForm) {
    let fact = version.published
    (note, label, base, changed, inPlace) = (fact.note, fact.label, fact.base, fact.changed, fact.inPlace)
    (told, accepted) = (fact.made?.told, fact.made?.accepted)
    if fact.representations.count != 1 { representations = fact.representations }
    if fact.madeFrom.contains(where: { $0.frames != nil || $0.through != nil }) { used = fact.madeFrom }
    if !record.flags.contains(.hasEvent) { event = version.event }
    if !record.flags.contains(.hasCause) { cause = version.cause }
    if !record.flags.contains(.hasRun) { run = fact.made?.run }
    (judgement, vouches, purge) = (version.judgement, version.vouches, version.purge)
    (standIn, damage) = (version.standIn, version.damage)
  }

  var isEmpty: Bool {
    note == nil && label == nil && base == nil && changed == nil && inPlace == nil && told == nil && accepted == nil
      && representations == nil && used == nil && event == nil && cause == nil && run == nil && judgement == nil
      && vouches.isEmpty && purge == nil && standIn == nil && damage == nil && whole.isEmpty
  }
}

extension Version {
  /// Put together again.
  init(
    _ record: VersionRecord, _ form: VersionForm, frames: FrameSet?, sum: Digest, cause: EventWords?,
    core: Digest, recipe: Digest, _ uses: [UsedRecord], reasons: [Reason], _ extra: VersionExtra?, of ref: ProductRef
  ) {
    let id = VersionID(second: record.second, site: form.site, counter: Int(record.counter))
    let known = { (number: Int32) in number == VersionRecord.none ? nil : Int(number) }
    var fact = VersionPublished(
      version: id, number: known(record.published), manifest: record.manifest,
      representations: extra?.representations ?? [
        RepresentationSummary(
          name: form.name, kind: form.kind, files: Int(record.files), bytes: record.bytes, sha256: sum,
          content: record.content, frames: frames)
      ],
      madeFrom: extra?.used
        ?? zip(form.uses, uses).map { use, record in
          let product: ProductRef
          switch use.place {
          case .near(let name): product = ProductRef(stored: ref.project, folder: ref.folder, name: name)
          case .far(let ref): product = ref
          }
          return Used(
            input: use.input, product: product,
            version: VersionID(second: record.second, site: use.site, counter: Int(record.counter)),
            content: record.content)
        }, note: extra?.note, label: extra?.label, base: extra?.base, changed: extra?.changed)
    fact.inPlace = extra?.inPlace
    if let making = form.making {
      fact.made = Made(
        step: making.step, run: extra?.run ?? RunID(number: record.run), plan: making.plan, core: core,
        tools: making.tools, recipe: recipe, told: extra?.told, uniform: making.isUniform,
        accepted: extra?.accepted, reasons: reasons)
    }
    self.init(
      address: VersionAddress(product: ref, version: id), published: fact,
      time: Date(timeIntervalSinceReferenceDate: record.time), actor: form.actor,
      event: extra?.event ?? EventID(words: record.event),
      cause: extra?.cause ?? cause.map { EventID(words: ($0.high, $0.low)) },
      number: known(record.number),
      place: VersionPlace(
        site: form.origin, sequence: record.sequence,
        clock: HybridTime(milliseconds: record.milliseconds, counter: Int(record.ticks)), seen: form.seen),
      judgement: extra?.judgement, vouches: extra?.vouches ?? [], purge: extra?.purge, standIn: extra?.standIn,
      damage: extra?.damage)
  }
}

// MARK: Ids as numbers

extension EventID {
  /// The 128 bits of a UUID; nil for anything else.
  static func words(_ id: EventID) -> (UInt64, UInt64)? {
    var (high, low, digits): (UInt64, UInt64, Int) = (0, 0, 0)
    for (place, byte) in id.description.utf8.enumerated() {
      if place == 8 || place == 13 || place == 18 || place == 23 {
        guard byte == UInt8(ascii: "-") else { return nil }
        continue
      }
      guard let nibble = byte.lowerHexadecimal, digits < 32 else { return nil }
      if digits < 16 { high = high << 4 | nibble } else { low = low << 4 | nibble }
      digits += 1
    }
    return digits == 32 ? (high, low) : nil
  }

  init(words: (UInt64, UInt64)) {
    self.init(
      String(unsafeUninitializedCapacity: 36) { buffer in
        var digit = 0
        for place in 0..<36 {
          if place == 8 || place == 13 || place == 18 || place == 23 {
            buffer[place] = UInt8(ascii: "-")
            continue
          }
          let word = digit < 16 ? words.0 : words.1
          buffer[place] = .hexadecimal(word >> UInt64(60 - digit % 16 * 4))
          digit += 1
        }
        return 36
      })
  }
}

extension RunID {
  /// The 48 bits of a run's digest; nil for anything else.
  static func number(_ id: RunID) -> UInt64? {
    let text = id.description.utf8
    guard text.count == 14, text.starts(with: "r-".utf8) else { return nil }
    var number: UInt64 = 0
    for byte in text.dropFirst(2) {
      guard let nibble = byte.lowerHexadecimal else { return nil }
      number = number << 4 | nibble
    }
    return number
  }
}

extension UInt8 {
  fileprivate var lowerHexadecimal: UInt64? {
    switch self {
    case 0x30...0x39: UInt64(self - 0x30)
    case 0x61...0x66: UInt64(self - 0x57)
    default: nil
    }
  }

  fileprivate static func hexadecimal(_ word: UInt64) -> UInt8 {
    let nibble = UInt8(truncatingIfNeeded: word) & 0xf
    return nibble < 10 ? 0x30 + nibble : 0x57 + nibble
  }
}
