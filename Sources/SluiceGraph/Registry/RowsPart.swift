package import SluiceModel

/// What some of the rows say, of the kinds that there are many of.
///
/// Rows of one folder's products are in one part, so that its shelf is filled there and only handed over.
package struct RowsPart: Sendable {
  static let models: Set<String> = ["folder", "register", "product", "version"]
  /// More of them would only be joined for longer.
  package static let usual = 8

  private(set) var stocks: [ProjectName: Stock] = [:]
  private(set) var folders: [Registry.FolderRow] = []
  private(set) var registers: [(project: ProjectName, key: RegisterKey, register: Register)] = []
  /// Who uses a product of another folder, which may be in another part.
  private(set) var links: [(user: ProductRef, source: ProductRef)] = []
  private(set) var placed: [(address: VersionAddress, site: String)] = []

  /// Which rows each part has.
  package static func places(_ rows: [ViewRow], among count: Int) -> [[Int]] {
    var places = [[Int]](repeating: [], count: count)
    for (index, row) in rows.enumerated() where row.body != nil && models.contains(row.model) {
      places[count == 1 ? 0 : Int(folderHash(of: row.key) % UInt64(count))].append(index)
    }
    return places
  }

  /// Of what stands before the last slash.
  private static func folderHash(of key: String) -> UInt64 {
    var (hash, folder): (UInt64, UInt64) = (14_695_981_039_346_656_037, 0)
    for byte in key.utf8 {
      if byte == UInt8(ascii: "/") { folder = hash }
      hash = (hash ^ UInt64(byte)) &* 1_099_511_628_211
    }
    return folder >> 32
  }

  package init(_ rows: [ViewRow], at places: [Int]) throws {
    var reading = VersionReading()
    for place in places {
      let row = rows[place]
      switch row.model {
      case "folder": folders.append(try Registry.decode(Registry.FolderRow.self, row))
      case "register":
        let value = try Registry.decode(Registry.RegisterRow.self, row)
        guard let key = try RegisterKey(value.key) else { continue }
        registers.append((value.project, key, value.register))
      case "product":
        let value = try Registry.decode(Product.self, row)
        stocks[value.ref.project, default: Stock(project: value.ref.project)].set(value, at: value.ref)
      default: take(try reading.version(row))
      }
    }
    for name in stocks.keys { stocks[name]?.putUpSaid() }
  }

  private mutating func take(_ version: Version) {
    let ref = version.address.product
    stocks[ref.project, default: Stock(project: ref.project)].take(version)
    for source in version.published.madeFrom.map(\.product) {
      if source.project != ref.project || source.folder != ref.folder { links.append((ref, source)) }
    }
    if version.isInPlace { placed.append((version.address, version.place.site)) }
  }
}
