import SluiceModel

/// Puts products and versions on shelves, as their rows come: a folder's together, and each product's together.
struct StockReading {
  private(set) var stocks: [ProjectName: Stock] = [:]
  /// Who uses a product of another folder, which may be in another part.
  private(set) var links: [(user: ProductRef, source: ProductRef)] = []
  private(set) var placed: [(address: VersionAddress, site: String)] = []

  private var forms = RowForms()
  /// Project and folder of the shelf that is filled, as rows have it.
  private var prefix: [UInt8] = []
  private var place: (project: ProjectName, folder: FolderPath)?
  private var shelf = Shelf()
  /// Products of it whose rows name their latest version.
  private var latest: [(index: Int, id: VersionID)] = []
  /// Inputs that lie on it, too, or will.
  private var sources: [(place: Int, source: Int, site: String)] = []
  /// The product of the last row.
  private var index = 0

  mutating func take(key: UnsafeRawBufferPointer, body: UnsafeRawBufferPointer) throws {
    guard let slash = key.lastIndex(of: UInt8(ascii: "/")),
      let at = key[(slash + 1)...].firstIndex(of: UInt8(ascii: "@"))
    else { throw RowReader.Broken() }
    if slash != prefix.count || !prefix.elementsEqual(key[..<slash]) { try open(key[..<slash]) }
    try turn(to: String(decoding: key[(slash + 1)..<at], as: UTF8.self))
    guard let place else { throw RowReader.Broken() }
    let isProduct = at + 1 == key.count
    var row = RowReader(body)
    guard body.first == Shelf.rowMark else {
      if isProduct {
        let product = try StableJSON.decode(Product.self, from: body)
        shelf.set(product, at: index, product.ref)
      } else {
        take(try StableJSON.decode(Version.self, from: body))
      }
      return
    }
    _ = try row.byte()
    if isProduct {
      latest.append((index, try VersionID(&row)))
      return
    }
    let first = shelf.used.count
    let form = try shelf.put(&row, at: index, &forms)
    for (number, use) in form[0].uses.enumerated() {
      switch use.place {
      case .near(let name):
        let source = shelf.place(for: name)
        sources.append((first + number, source, use.site))
        if index < 64 {
          shelf.markUser(index, at: source)
        } else {
          let user = ref(shelf.kept[index].name, place)
          shelf.add(user: user, at: source, of: ref(name, place))
        }
      case .far(let source): links.append((ref(shelf.kept[index].name, place), source))
      }
    }
  }

  mutating func finish() throws {
    try close()
    for name in stocks.keys { stocks[name]?.putUpSaid() }
  }

  private func ref(_ name: String, _ place: (project: ProjectName, folder: FolderPath)) -> ProductRef {
    ProductRef(stored: place.project, folder: place.folder, name: name)
  }

  private mutating func turn(to name: String) throws {
    if index < shelf.kept.count, shelf.kept[index].name == name { return }
    // A folder with more goes on with another shelf, between two products.
    if shelf.isFull { try close() }
    index = shelf.place(for: name)
  }

  private mutating func open(_ text: Slice<UnsafeRawBufferPointer>) throws {
    try close()
    prefix = Array(text)
    let words = String(decoding: text, as: UTF8.self).split(separator: "/", maxSplits: 1)
    guard let first = words.first else { throw RowReader.Broken() }
    place = (
      ProjectName(stored: String(first)), words.count > 1 ? FolderPath(stored: String(words[1])) : FolderPath.root
    )
  }

  private mutating func close() throws {
    guard let place, !shelf.kept.isEmpty else { return }
    for (index, id) in latest { try shelf.putUp(at: index, latest: id) }
    latest.removeAll(keepingCapacity: true)
    shelf.settle(sources)
    sources.removeAll(keepingCapacity: true)
    stocks[place.project, default: Stock(project: place.project)].put(shelf, of: place.folder)
    shelf.clear()
    index = 0
  }

  private mutating func take(_ version: Version) {
    let ref = version.address.product
    shelf.set(version, at: index, [VersionForm(version)])
    for source in version.published.madeFrom.map(\.product) {
      if source.project == ref.project, source.folder == ref.folder {
        shelf.add(user: ref, at: shelf.place(for: source.name), of: source)
      } else {
        links.append((ref, source))
      }
    }
    if version.isInPlace { placed.append((version.address, version.place.site)) }
  }
}
