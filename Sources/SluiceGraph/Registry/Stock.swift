import FoundationEssentials
import SluiceModel

/// The products of a project with their versions, folder by folder.
///
/// What a folder holds lies together in a few arrays, so that a version costs its digests and not a tree of values, and
/// whoever looks at a folder finds all of it at once (ADR 0023). A copy shares every folder that is not changed.
struct Stock: Sendable {
  private struct Place: Hashable {
    let folder: FolderPath
    /// A folder with many products has several shelves.
    let part: UInt32
  }

  let project: ProjectName
  private var shelves: Table<Place, Shelf> = [:]
  private(set) var productCount = 0
  /// Forms that were used last, so that equal ones are kept once.
  private var forms: [VersionForm: SharedForm] = [:]
  private static let keptForms = 512

  init(project: ProjectName) { self.project = project }

  // MARK: Looking

  func product(_ ref: ProductRef) -> Product? {
    guard ref.project == project, let shelf = shelf(of: ref), let index = shelf.index(of: ref.name) else { return nil }
    return shelf.product(at: index, ref)
  }

  func version(_ address: VersionAddress) -> Version? {
    guard address.product.project == project, let shelf = shelf(of: address.product),
      let index = shelf.index(of: address.product.name), let record = shelf.record(of: address.version, at: index)
    else { return nil }
    return shelf.version(record, of: address.product)
  }

  /// Products that say they were made from a product; nil where none does.
  func users(of ref: ProductRef) -> Set<ProductRef>? {
    guard ref.project == project, let shelf = shelf(of: ref), let index = shelf.index(of: ref.name) else { return nil }
    let users = shelf.users(at: index, in: project, ref.folder)
    return users.isEmpty ? nil : users
  }

  /// Whether a version of a product was rejected.
  func isAnyRejected(of ref: ProductRef) -> Bool {
    guard ref.project == project, let shelf = shelf(of: ref), let index = shelf.index(of: ref.name) else {
      return false
    }
    return shelf.isAnyRejected(at: index)
  }

  /// In no order that means anything.
  var products: [Product] { folded { shelf, index, ref in shelf.product(at: index, ref).map { [$0] } ?? [] } }
  var productRefs: [ProductRef] { productRefs { _ in true } }
  func productRefs(inFolders isMeant: (FolderPath) -> Bool) -> [ProductRef] {
    folded(inFolders: isMeant) { shelf, index, ref in shelf.kept[index].isThere ? [ref] : [] }
  }
  var versions: [Version] {
    folded { shelf, index, ref in shelf.records(at: index).map { shelf.version($0, of: ref) } }
  }
  var addresses: [VersionAddress] {
    folded { shelf, index, ref in
      shelf.records(at: index).map { VersionAddress(product: ref, version: shelf.id(of: $0)) }
    }
  }
  /// When freezes end, or have ended.
  var thaws: [ProductRef: Date] {
    var found: [ProductRef: Date] = [:]
    for place in shelves.keys {
      for (name, end) in shelves[place]?.thaws ?? [] {
        found[ProductRef(stored: project, folder: place.folder, name: name)] = end
      }
    }
    return found
  }

  /// How many products there are that no unit makes.
  func count(ofSourcesIn graph: StepGraph) -> Int {
    var count = 0
    for place in shelves.keys {
      let folder = graph.index(ofFolder: place.folder)
      for kept in shelves[place]?.kept ?? [] where kept.isThere {
        if let folder, graph.makerIndex(of: kept.name, inFolder: folder) != nil { continue }
        count += 1
      }
    }
    return count
  }

  /// Versions that could not be taken apart.
  var wholeCount: Int {
    folded { shelf, index, _ in shelf.records(at: index).filter { shelf.records[$0].flags.contains(.isWhole) } }.count
  }

  /// Versions whose files are gone.
  var gone: [VersionAddress] {
    folded { shelf, index, ref in
      shelf.records(at: index).filter { shelf.isGone($0) }.map {
        VersionAddress(product: ref, version: shelf.id(of: $0))
      }
    }
  }
  var lineage: [ProductRef: Set<ProductRef>] {
    let all = folded { shelf, index, ref in [(ref, shelf.users(at: index, in: project, ref.folder))] }
    return Dictionary(uniqueKeysWithValues: all.filter { !$0.1.isEmpty })
  }

  private func folded<Value>(
    inFolders isMeant: (FolderPath) -> Bool = { _ in true }, _ look: (Shelf, Int, ProductRef) -> [Value]
  ) -> [Value] {
    var found: [Value] = []
    for place in shelves.keys where isMeant(place.folder) {
      guard let shelf = shelves[place] else { continue }
      for index in shelf.kept.indices {
        let ref = ProductRef(stored: project, folder: place.folder, name: shelf.kept[index].name)
        found += look(shelf, index, ref)
      }
    }
    return found
  }

  /// All of a folder's shelves, a power of two of them or none.
  func shelves(ofFolder folder: FolderPath) -> [Shelf] {
    guard let first = shelves[Place(folder: folder, part: 0)] else { return [] }
    return [first] + (1..<max(1, 1 << UInt32(first.depth))).map { shelves[Place(folder: folder, part: $0)] ?? Shelf() }
  }

  /// On which of a folder's shelves a product is.
  static func part(of name: String, amongShelves count: Int) -> Int {
    Int(part(of: name, UInt8(count.trailingZeroBitCount)))
  }

  func shelf(of ref: ProductRef) -> Shelf? {
    guard let first = shelves[Place(folder: ref.folder, part: 0)], first.depth > 0 else {
      return shelves[Place(folder: ref.folder, part: 0)]
    }
    return shelves[Place(folder: ref.folder, part: Stock.part(of: ref.name, first.depth))]
  }

  // MARK: Changing

  mutating func set(_ product: Product?, at ref: ProductRef) {
    guard ref.project == project else { return }
    var more = product == nil ? 0 : 1
    change(ref) { shelf, index in
      more -= shelf.kept[index].isThere ? 1 : 0
      shelf.set(product, at: index, ref)
    }
    productCount += more
  }

  mutating func set(_ version: Version?, at address: VersionAddress) {
    guard address.product.project == project else { return }
    let form = version.map { shared(VersionForm($0), $0.published.made?.core) }
    change(address.product) { shelf, index in
      if let version, let form {
        shelf.set(version, at: index, form)
      } else {
        shelf.remove(address.version, at: index)
      }
    }
  }

  mutating func add(user: ProductRef, of ref: ProductRef) {
    guard ref.project == project else { return }
    change(ref) { shelf, index in shelf.add(user: user, at: index, of: ref) }
  }

  // MARK: Reading

  /// Products that have a version and were not stored are what it says.
  mutating func putUpSaid() {
    for place in Array(shelves.keys) { productCount += shelves[place, default: Shelf()].putUpSaid() }
  }

  /// What is stored of a version, and of a product that is not what its only version says.
  func row(_ address: VersionAddress) -> [UInt8]? {
    guard let shelf = shelf(of: address.product), let index = shelf.index(of: address.product.name),
      let record = shelf.record(of: address.version, at: index)
    else { return nil }
    return shelf.row(record) ?? StableJSON.encode(shelf.version(record, of: address.product))
  }
  func row(_ ref: ProductRef) -> [UInt8]? {
    guard let shelf = shelf(of: ref), let index = shelf.index(of: ref.name), !shelf.isSaid(at: index) else {
      return nil
    }
    return shelf.productRow(at: index) ?? shelf.product(at: index, ref).map { StableJSON.encode($0) }
  }

  /// Takes a folder's shelf that was filled apart.
  mutating func put(_ shelf: Shelf, of folder: FolderPath) {
    let first = Place(folder: folder, part: 0)
    guard shelves[first] == nil else { return merge(shelf, of: folder) }
    shelves[first] = shelf.packed
    productCount += shelf.kept.count { $0.isThere }
    while shelves[first]?.isFull == true, shelves[first]?.depth ?? 20 < 20 { spread(folder) }
  }

  /// Takes in what another stock of the project has; few folders are in both.
  mutating func join(_ other: Stock) {
    var split: Set<FolderPath> = []
    for place in other.shelves.keys where shelves[Place(folder: place.folder, part: 0)] != nil {
      split.insert(place.folder)
    }
    for place in other.shelves.keys {
      guard let shelf = other.shelves[place] else { continue }
      if split.contains(place.folder) {
        merge(shelf, of: place.folder)
      } else {
        shelves[place] = shelf
        productCount += shelf.kept.count { $0.isThere }
      }
    }
    if forms.isEmpty { forms = other.forms }
  }

  private mutating func merge(_ shelf: Shelf, of folder: FolderPath) {
    for index in shelf.kept.indices {
      let ref = ProductRef(stored: project, folder: folder, name: shelf.kept[index].name)
      for record in shelf.records(at: index).reversed() {
        set(shelf.version(record, of: ref), at: VersionAddress(product: ref, version: shelf.id(of: record)))
      }
      if let product = shelf.product(at: index, ref) { set(product, at: ref) }
      for user in shelf.users(at: index, in: project, folder) { add(user: user, of: ref) }
    }
  }

  private mutating func shared(_ form: VersionForm, _ core: Digest?) -> [VersionForm] {
    if forms.count == Stock.keptForms, forms[form] == nil { forms = [:] }
    return forms[form, default: SharedForm(form)].form(madeBy: core)
  }

  private mutating func change(_ ref: ProductRef, _ change: (inout Shelf, Int) -> Void) {
    var place = Place(folder: ref.folder, part: 0)
    if let depth = shelves[place]?.depth, depth > 0 {
      place = Place(folder: ref.folder, part: Stock.part(of: ref.name, depth))
    }
    var isFull = false
    func put(_ shelf: inout Shelf) {
      change(&shelf, shelf.place(for: ref.name))
      isFull = shelf.isFull
    }
    put(&shelves[place, default: Shelf()])
    if isFull { spread(ref.folder) }
  }

  /// Puts the products of a folder on twice as many shelves.
  private mutating func spread(_ folder: FolderPath) {
    guard let depth = shelves[Place(folder: folder, part: 0)]?.depth, depth < 20 else { return }
    var parts = [Shelf](repeating: Shelf(), count: 1 << (Int(depth) + 1))
    for part in 0..<(UInt32(1) << UInt32(depth)) {
      guard let shelf = shelves[Place(folder: folder, part: part)] else { continue }
      for index in shelf.kept.indices {
        let ref = ProductRef(stored: project, folder: folder, name: shelf.kept[index].name)
        let next = Int(Stock.part(of: ref.name, depth + 1))
        parts[next].take(shelf, index, ref)
      }
    }
    for part in parts.indices { parts[part].depth = depth + 1 }
    for part in parts.indices { shelves[Place(folder: folder, part: UInt32(part))] = parts[part] }
  }

  private static func part(of name: String, _ depth: UInt8) -> UInt32 {
    var hash: UInt32 = 2_166_136_261
    for byte in name.utf8 { hash = (hash ^ UInt32(byte)) &* 16_777_619 }
    return hash & ((1 << UInt32(depth)) - 1)
  }
}

extension Stock: Equatable {
  /// Where things lie is chance.
  static func == (left: Stock, right: Stock) -> Bool {
    guard left.project == right.project else { return false }
    let (refs, addresses) = (left.productRefs, left.addresses)
    guard Set(refs) == Set(right.productRefs), Set(addresses) == Set(right.addresses) else { return false }
    return refs.allSatisfy { left.product($0) == right.product($0) }
      && addresses.allSatisfy { left.version($0) == right.version($0) } && left.lineage == right.lineage
  }
}
