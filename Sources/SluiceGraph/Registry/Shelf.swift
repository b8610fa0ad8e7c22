import FoundationEssentials
import SluiceModel

/// Some products of one folder, and their versions.
struct Shelf: Sendable {
  /// One product.
  struct Kept: Sendable {
    let name: String
    /// Who uses it, of this shelf, by their places.
    var near: UInt64 = 0
    /// The version that came last; -1 for none.
    var last: Int32 = -1
    /// The one that is the latest by what people said; -1 for none, -2 for a product of which others only say that they
    /// use it.
    var latest: Int32 = -2

    var isThere: Bool {
      get { latest > -2 }
      set { if isThere != newValue { latest = newValue ? -1 : -2 } }
    }
  }

  /// Of the first shelf of a folder: twice as many shelves for each.
  var depth: UInt8 = 0
  var kept: [Kept] = []
  var records: [VersionRecord] = []
  /// What versions were made from: records of this shelf, or the others by their place in `distant`, counted from -1
  /// down.
  var used: [Int32] = []
  var distant: [UsedRecord] = []
  /// Each one behind a reference, that others share.
  var forms: [[VersionForm]] = []
  var frames: [FrameSet] = []
  /// Checksums of files that count by another content, cores and recipes that have to be said, and events that caused
  /// some versions.
  var digests: [Digest] = []
  var causes: [EventWords] = []
  var reasons: [Int32: [Reason]] = [:]
  var extras: [Int32: [VersionExtra]] = [:]
  /// By the places of products: who uses them, of other shelves, and what they are where it is not what their versions
  /// say.
  var far: [Int32: KeySet<ProductRef>] = [:]
  var apart: [Int32: [Product]] = [:]

  /// Whether products should be put on other shelves: what lies together is copied together.
  var isFull: Bool { kept.count > 64 || records.count > 1_024 && kept.count >= 16 }
  /// With more versions a product is kept as it is.
  private static let derivedVersions = 8

  // MARK: Places

  func index(of name: String) -> Int? {
    kept.withUnsafeBufferPointer { kept in
      for index in kept.indices where kept[index].name == name { return index }
      return nil
    }
  }

  mutating func place(for name: String) -> Int {
    if let index = index(of: name) { return index }
    kept.grow()
    kept.append(Kept(name: name))
    return kept.count - 1
  }

  /// Freezes that have an end.
  var thaws: [(name: String, end: Date)] {
    apart.compactMap { index, product in
      kept[Int(index)].isThere ? product[0].freeze?.until.map { (kept[Int(index)].name, $0) } : nil
    }
  }

  /// The latest version of a product, where it is what everybody means and nothing special was said of it.
  ///
  /// These five look at a shelf where it stands: to copy one takes longer than to read a number.
  static func plainLatest(_ shelf: UnsafePointer<Shelf>, of name: String) -> Int? {
    shelf.pointee.kept.withUnsafeBufferPointer { kept in
      guard let index = kept.indices.first(where: { kept[$0].name == name }), kept[index].isThere,
        kept[index].latest >= 0
      else { return nil }
      if !shelf.pointee.apart.isEmpty, let product = shelf.pointee.apart[Int32(index)]?[0] {
        guard product.freeze == nil, product.hold == nil, product.newest == product.latest else { return nil }
      }
      let record = Int(kept[index].latest)
      return shelf.pointee.records[record].flags.isDisjoint(with: [.isWhole, .isSpecial]) ? record : nil
    }
  }

  /// Which form a version has: one that others share, while the shelf is there.
  static func identity(_ shelf: UnsafePointer<Shelf>, ofForm record: Int) -> UnsafeRawPointer? {
    shelf.pointee.forms[Int(shelf.pointee.records[record].form)].withUnsafeBytes { $0.baseAddress }
  }
  static func isSequence(_ shelf: UnsafePointer<Shelf>, _ record: Int) -> Bool {
    shelf.pointee.forms[Int(shelf.pointee.records[record].form)].withUnsafeBufferPointer { $0[0].kind == .sequence }
  }
  static func tools(_ shelf: UnsafePointer<Shelf>, of record: Int) -> [String: ToolVersion] {
    shelf.pointee.forms[Int(shelf.pointee.records[record].form)].withUnsafeBufferPointer { $0[0].making?.tools ?? [:] }
  }
  static func withUses<Result>(
    _ shelf: UnsafePointer<Shelf>, of record: Int, _ look: (UnsafeBufferPointer<VersionForm.Use>) -> Result
  ) -> Result {
    shelf.pointee.forms[Int(shelf.pointee.records[record].form)].withUnsafeBufferPointer {
      $0[0].uses.withUnsafeBufferPointer(look)
    }
  }
  static func frames(_ shelf: UnsafePointer<Shelf>, of record: Int) -> FrameSet? {
    let index = Int(shelf.pointee.records[record].frames)
    return index < 0 ? nil : shelf.pointee.frames[index]
  }

  func isGone(_ record: Int) -> Bool {
    records[record].flags.contains(.isGone) || extras[Int32(record)]?[0].whole.first?.isPurged == true
  }

  /// The versions of a product, those that came last first.
  func records(at index: Int) -> [Int] {
    var found: [Int] = []
    var record = Int(kept[index].last)
    while record >= 0 {
      found.append(record)
      record = Int(records[record].previous)
    }
    return found
  }

  func record(of id: VersionID, at index: Int) -> Int? {
    var record = Int(kept[index].last)
    while record >= 0 {
      if records[record].second == id.second, self.id(of: record) == id { return record }
      record = Int(records[record].previous)
    }
    return nil
  }

  func id(of record: Int) -> VersionID {
    let known = records[record]
    if known.flags.contains(.isWhole), let whole = extras[Int32(record)]?[0].whole.first {
      return whole.address.version
    }
    return VersionID(second: known.second, site: form(of: record).site, counter: Int(known.counter))
  }

  func sum(of record: VersionRecord) -> Digest { record.sum < 0 ? record.content : digests[Int(record.sum)] }
  func form(of record: Int) -> VersionForm { forms[Int(records[record].form)][0] }

  // MARK: Products

  func product(at index: Int, _ ref: ProductRef) -> Product? {
    guard kept[index].isThere else { return nil }
    return apart[Int32(index)]?[0] ?? derived(at: index, ref)
  }

  /// What the versions of a product say of it, where nobody said anything else.
  private func derived(at index: Int, _ ref: ProductRef) -> Product? {
    guard kept[index].latest >= 0 else { return nil }
    var product = Product(ref: ref)
    for record in records(at: index) {
      let id = id(of: record)
      product.versions.append(id)
      if let number = number(of: record) { product.numbers[number] = id }
    }
    product.versions.sort()
    let latest = id(of: Int(kept[index].latest))
    (product.heads, product.newest, product.latest) = ([latest], latest, latest)
    return product
  }

  private func number(of record: Int) -> Int? {
    if records[record].flags.contains(.isWhole) { return extras[Int32(record)]?[0].whole.first?.number }
    return records[record].number == VersionRecord.none ? nil : Int(records[record].number)
  }

  mutating func set(_ product: Product?, at index: Int, _ ref: ProductRef) {
    kept[index].isThere = product != nil
    apart[Int32(index)] = product.map { [$0] }
    settle(at: index, ref)
  }

  /// Keeps a product only where its versions say something else.
  private mutating func settle(at index: Int, _ ref: ProductRef) {
    guard let product = apart[Int32(index)]?[0] else { return }
    kept[index].latest = product.latest.flatMap { record(of: $0, at: index) }.map { Int32($0) } ?? -1
    guard product.versions.count <= Shelf.derivedVersions, product.tags.isEmpty, product.freeze == nil,
      product.hold == nil, derived(at: index, ref) == product
    else { return }
    apart[Int32(index)] = nil
  }

  /// Whether a product is what its only version says.
  func isSaid(at index: Int) -> Bool {
    let (kept, last) = (kept[index], Int(kept[index].last))
    return kept.isThere && apart[Int32(index)] == nil && last >= 0 && kept.latest == kept.last
      && records[last].previous < 0
  }

  /// - Returns: how many products were put up because they have one version.
  mutating func putUpSaid() -> Int {
    var count = 0
    for index in kept.indices where !kept[index].isThere && kept[index].last >= 0 {
      guard records[Int(kept[index].last)].previous < 0 else { continue }
      (kept[index].isThere, kept[index].latest) = (true, kept[index].last)
      count += 1
    }
    return count
  }

  // MARK: Versions

  func version(_ record: Int, of ref: ProductRef) -> Version {
    let (known, extra) = (records[record], extras[Int32(record)]?.first)
    if let whole = extra?.whole.first { return whole }
    let (form, uses) = (form(of: record), uses(of: record))
    let core = core(of: record)
    return Version(
      known, form, frames: known.frames < 0 ? nil : frames[Int(known.frames)],
      sum: sum(of: known), cause: known.cause < 0 ? nil : causes[Int(known.cause)], core: core,
      recipe: recipe(of: record, core, form, uses), uses, reasons: reasons[Int32(record)] ?? [], extra, of: ref)
  }

  mutating func set(_ version: Version, at index: Int, _ form: [VersionForm]) {
    let ref = version.address.product
    // What a product is says nothing by itself while a version of it is another one.
    if kept[index].isThere, apart[Int32(index)] == nil, let product = derived(at: index, ref) {
      apart[Int32(index)] = [product]
    }
    let old = record(of: version.address.version, at: index)
    let place = old ?? records.count
    var record = VersionRecord(version)
    record.previous = old.map { records[$0].previous } ?? kept[index].last
    record.form = Int32(put(form))
    if let shape = version.published.representations.first, shape.sha256 != shape.content {
      record.sum = Int32(put(digest: shape.sha256))
    }
    record.cause =
      version.cause.flatMap { EventID.words($0) }.map { Int32(put(EventWords(high: $0.0, low: $0.1))) } ?? -1
    record.frames = version.published.representations.first?.frames.map { Int32(put($0)) } ?? -1
    let uses = version.published.madeFrom.map { UsedRecord($0) }
    record.used = put(uses, form[0], inPlaceOf: old)
    if let made = version.published.made {
      if form[0].core != made.core { record.core = Int32(put(digest: made.core)) }
      if Recipe.following(from: made.core, form[0], uses) != made.recipe {
        record.recipe = Int32(put(digest: made.recipe))
      }
    }
    if let old, records[old].content != record.content { keepContent(of: old) }
    if old == nil {
      records.grow()
      records.append(record)
      kept[index].last = Int32(place)
    } else {
      records[place] = record
    }
    let why = version.published.made?.reasons ?? []
    reasons[Int32(place)] = why.isEmpty ? nil : why
    let extra = VersionExtra(version, record, form[0])
    extras[Int32(place)] = extra.isEmpty ? nil : [extra]
    if self.version(place, of: ref) != version {
      keepContent(of: place)
      records[place].flags = .isWhole
      extras[Int32(place)] = [VersionExtra(whole: version)]
    }
    settle(at: index, ref)
  }

  mutating func remove(_ id: VersionID, at index: Int) {
    guard let gone = record(of: id, at: index) else { return }
    if Int(kept[index].last) == gone {
      kept[index].last = records[gone].previous
    } else if let next = records(at: index).first(where: { Int(records[$0].previous) == gone }) {
      records[next].previous = records[gone].previous
    }
  }

  mutating func put(_ form: [VersionForm]) -> Int {
    // Equal ones are shared, and to compare what is in them takes long.
    let place = form.withUnsafeBufferPointer { $0.baseAddress }
    let same = forms.withUnsafeBufferPointer { forms in
      forms.indices.last { forms[$0].withUnsafeBufferPointer { $0.baseAddress } == place }
    }
    if let same { return same }
    forms.grow()
    forms.append(form)
    return forms.count - 1
  }

  mutating func put(digest: Digest) -> Int {
    if let same = digests.suffix(Shelf.comparedDigests).lastIndex(of: digest) { return same }
    digests.grow()
    digests.append(digest)
    return digests.count - 1
  }
  private static let comparedDigests = 64

  mutating func put(_ cause: EventWords) -> Int {
    if let same = causes.lastIndex(of: cause) { return same }
    causes.append(cause)
    return causes.count - 1
  }

  mutating func put(_ set: FrameSet) -> Int {
    if let same = frames.lastIndex(of: set) { return same }
    frames.append(set)
    return frames.count - 1
  }

  /// Takes a product from another shelf, with its versions.
  mutating func take(_ other: Shelf, _ index: Int, _ ref: ProductRef) {
    let mine = place(for: ref.name)
    for record in other.records(at: index).reversed() {
      set(other.version(record, of: ref), at: mine, other.forms[Int(other.records[record].form)])
    }
    if let product = other.product(at: index, ref) { set(product, at: mine, ref) }
    let users = other.users(at: index, in: ref.project, ref.folder)
    far[Int32(mine)] = users.isEmpty ? nil : KeySet(users)
  }

  // MARK: What people said

  func isAnyRejected(at index: Int) -> Bool {
    records(at: index).contains { records[$0].flags.contains(.isRejected) || records[$0].flags.contains(.isWhole) }
  }

  // MARK: Lineage

  func users(at index: Int, in project: ProjectName, _ folder: FolderPath) -> Set<ProductRef> {
    var found: Set<ProductRef> = []
    if let far = far[Int32(index)] { found.formUnion(far.elements) }
    for place in 0..<min(64, kept.count) where kept[index].near & (1 << UInt64(place)) != 0 {
      found.insert(ProductRef(stored: project, folder: folder, name: kept[place].name))
    }
    return found
  }

  mutating func add(user: ProductRef, at index: Int, of ref: ProductRef) {
    let isNear = user.folder == ref.folder && user.project == ref.project && depth == 0
    let place = isNear ? place(for: user.name) : 64
    if place < 64 {
      kept[index].near |= 1 << UInt64(place)
    } else if far[Int32(index)]?.contains(user) != true {
      far[Int32(index), default: KeySet([])].insert(user)
    }
  }
}

extension Array {
  /// Makes room for a few more: these arrays are many, and each is short.
  mutating func grow(by more: Int = 1) {
    if capacity < count + more { reserveCapacity(count + more + Swift.max(1, count / 8)) }
  }
}
