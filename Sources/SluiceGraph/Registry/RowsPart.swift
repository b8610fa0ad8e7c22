package import SluiceModel

/// What some of the rows say, read on whatever processor is free.
package struct RowsPart: Sendable {
  private(set) var stocks: [ProjectName: Stock] = [:]
  private(set) var folders: [Registry.FolderRow] = []
  private(set) var registers: [(project: ProjectName, key: RegisterKey, register: Register)] = []
  /// Who uses a product of another folder, which may be in another part.
  private(set) var links: [(user: ProductRef, source: ProductRef)] = []
  private(set) var placed: [(address: VersionAddress, site: String)] = []
  /// Of the kinds that there are few of.
  private(set) var others: [ViewRow] = []

  /// The last model, by name, of those that say what projects are and what their graphs are laid over.
  package static let lastOfFrame = "register"

  package init(_ page: ViewPage) throws {
    switch page.model {
    case "folder":
      var reading = FolderReading()
      try page.forEach { (_, body) throws(any Error) in folders.append(try reading.folder(body)) }
    case "register":
      var reading = FolderReading()
      try page.forEach { (_, body) throws(any Error) in
        if let register = try reading.register(body) { registers.append(register) }
      }
    case "stock":
      var reading = StockReading()
      try page.forEach { (key, body) throws(any Error) in try reading.take(key: key, body: body) }
      try reading.finish()
      (stocks, links, placed) = (reading.stocks, reading.links, reading.placed)
    default: others = page.rows
    }
  }
}
