package import FoundationEssentials

/// Rows that are built from the log, and can be thrown away and built again.
package protocol ViewStore: Sendable {
  /// Where the rows stand; nil where another reducer made them, or none did.
  func head() async throws(SluiceError) -> ViewHead?
  /// The next rows by model, then key: of one model, some megabytes, and rows of a folder together; nil at the end.
  func page(after last: ViewPage.End?) async throws(SluiceError) -> ViewPage?
  func save(_ changes: [ViewRow], index: ContentIndex, head: ViewHead) async throws(SluiceError)
  func clear() async throws(SluiceError)

  /// Versions that hold a file with these bytes, newest first.
  func versions(holding digest: Digest, limit: Int) async throws(SluiceError) -> [ContentPlace]
  /// The output files that a recipe made before.
  func outputs(ofRecipe recipe: Digest) async throws(SluiceError) -> [ContentPlace]
  /// The records that commands led to; those that led to none are left out.
  func records(ofCommands commands: [CommandID]) async throws(SluiceError) -> [CommandID: Int64]
}

/// Up to where a view is true.
package struct ViewHead: Sendable, Hashable, Codable {
  /// When the own site last wrote, so that its clock goes on from there.
  package struct Written: Sendable, Hashable, Codable {
    package var time: Date
    package var clock: HybridTime
    package init(time: Date, clock: HybridTime) { (self.time, self.clock) = (time, clock) }
  }
  package var frontier: Frontier
  /// Nil before the own site's first record.
  package var written: Written?
  package init(frontier: Frontier = Frontier(), written: Written? = nil) {
    (self.frontier, self.written) = (frontier, written)
  }
}

/// One row of a read model; `body` nil removes it.
package struct ViewRow: Sendable, Hashable {
  package let model: String
  package let key: String
  package let body: [UInt8]?
  package init(model: String, key: String, body: [UInt8]?) { (self.model, self.key, self.body) = (model, key, body) }
}

package struct ContentPlace: Sendable, Hashable {
  package let address: VersionAddress
  package let representation: String
  package let path: String
  package init(address: VersionAddress, representation: String, path: String) {
    (self.address, self.representation, self.path) = (address, representation, path)
  }
}

/// What new records add to the indexes by content, recipe and command.
package struct ContentIndex: Sendable {
  package var published: [(address: VersionAddress, manifest: Digest)] = []
  package var commands: [(command: CommandID, last: Int64)] = []
  package init() {}
}
