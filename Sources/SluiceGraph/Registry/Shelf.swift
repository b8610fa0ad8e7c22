import FoundationEssentials
import SluiceModel

/// Some products of one folder, and their versions.
struct Shelf: Sendable {
  /// One product.
  struct Kept: Sendable {
    let name: String
    /// False for one of which others only say that they use it.
    var isThere = false
    /// The version that came last, and the one that is the latest by what people said; -1 for none.
    var last: Int32 = -1
    var latest: Int32 = -1
    /// Who uses it, of this shelf, by their places, and of others.
    var near: UInt64 = 0
    /// One set, where there are any.
    var far: [KeySet<ProductRef>] = []
    /// One, where it is not what its versions say.
    var apart: [Product] = []
  }

  /// Of the first shelf of a folder: twice as many shelves for each.
  var depth: UInt8 = 0
  var kept: [Kept] = []
  var records: [VersionRecord] = []
  var used: [UsedRecord] = []
  /// Each one behind a reference, that others share.
  var forms: [[VersionForm]] = []
  var frames: [FrameSet] = []
  /// Checksums of files that count by another content, and events that caused some versions.
  var sums: [Digest] = []
  var causes: [EventWords] = []
  var reasons: [Int32: [Reason]] = [:]
  var extras: [Int32: [VersionExtra]] = [:]

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
    kept.compactMap { kept in
      kept.isThere ? kept.apart.first?.freeze?.until.map { (kept.name, $0) } : nil
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
      if !kept[index].apart.isEmpty {
        let product = kept[index].apart[0]
        guard product.freeze == nil, product.hold == nil, product.newest == product.latest else { return nil }
      }
      let record = Int(kept[index].latest)
      return shelf.pointee.records[record].flags.isDisjoint(with: [.isWhole, .isSpecial]) ? record : nil
    }
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

  func sum(of record: VersionRecord) -> Digest { record.sum < 0 ? record.content : sums[Int(record.sum)] }
  func form(of record: Int) -> VersionForm { forms[Int(records[record].form)][0] }

  // MARK: Products

  func product(at index: Int, _ ref: ProductRef) -> Product? {
    guard kept[index].isThere else { return nil }
    return kept[index].apart.first ?? derived(at: index, ref)
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
    kept[index].apart = product.map { [$0] } ?? []
    settle(at: index, ref)
  }

  /// Keeps a product only where its versions say something else.
  private mutating func settle(at index: Int, _ ref: ProductRef) {
    guard let product = kept[index].apart.first else { return }
    kept[index].latest = product.latest.flatMap { record(of: $0, at: index) }.map { Int32($0) } ?? -1
    guard product.versions.count <= Shelf.derivedVersions, product.tags.isEmpty, product.freeze == nil,
      product.hold == nil, derived(at: index, ref) == product
    else { return }
    kept[index].apart = []
  }

  /// Whether a product is what its only version says.
  func isSaid(at index: Int) -> Bool {
    let (kept, last) = (kept[index], Int(kept[index].last))
    return kept.isThere && kept.apart.isEmpty && last >= 0 && kept.latest == kept.last && records[last].previous < 0
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
    let uses = used[Int(known.used)..<(Int(known.used) + Int(known.usedCount))]
    return Version(
      known, form(of: record), frames: known.frames < 0 ? nil : frames[Int(known.frames)],
      sum: sum(of: known), cause: known.cause < 0 ? nil : causes[Int(known.cause)], uses,
      reasons: reasons[Int32(record)] ?? [], extra, of: ref)
  }

  mutating func set(_ version: Version, at index: Int, _ form: [VersionForm]) {
    let ref = version.address.product
    // What a product is says nothing by itself while a version of it is another one.
    if kept[index].isThere, kept[index].apart.isEmpty, let product = derived(at: index, ref) {
      kept[index].apart = [product]
    }
    let old = record(of: version.address.version, at: index)
    let place = old ?? records.count
    var record = VersionRecord(version)
    record.previous = old.map { records[$0].previous } ?? kept[index].last
    record.form = Int32(put(form))
    if let shape = version.published.representations.first, shape.sha256 != shape.content {
      record.sum = Int32(put(sum: shape.sha256))
    }
    record.cause =
      version.cause.flatMap { EventID.words($0) }.map { Int32(put(EventWords(high: $0.0, low: $0.1))) } ?? -1
    record.frames = version.published.representations.first?.frames.map { Int32(put($0)) } ?? -1
    let uses = version.published.madeFrom.map { UsedRecord($0) }
    if let old, Int(records[old].usedCount) == uses.count {
      record.used = records[old].used
      used.replaceSubrange(Int(record.used)..<(Int(record.used) + uses.count), with: uses)
    } else {
      record.used = UInt32(used.count)
      used.grow(by: uses.count)
      used += uses
    }
    record.usedCount = UInt32(uses.count)
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

  mutating func put(sum: Digest) -> Int {
    if let same = sums.lastIndex(of: sum) { return same }
    sums.append(sum)
    return sums.count - 1
  }

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
    kept[mine].far = [KeySet(other.users(at: index, in: ref.project, ref.folder))]
  }

  // MARK: What people said

  func isAnyRejected(at index: Int) -> Bool {
    records(at: index).contains { records[$0].flags.contains(.isRejected) || records[$0].flags.contains(.isWhole) }
  }

  // MARK: Lineage

  func users(at index: Int, in project: ProjectName, _ folder: FolderPath) -> Set<ProductRef> {
    var found: Set<ProductRef> = []
    for far in kept[index].far { found.formUnion(far.elements) }
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
    } else if kept[index].far.first?.contains(user) != true {
      if kept[index].far.isEmpty { kept[index].far = [KeySet([])] }
      kept[index].far[0].insert(user)
    }
  }
}

extension Array {
  /// Makes room for a few more: these arrays are many, and each is short.
  fileprivate mutating func grow(by more: Int = 1) {
    if capacity < count + more { reserveCapacity(count + more + Swift.max(1, count / 8)) }
  }
}
