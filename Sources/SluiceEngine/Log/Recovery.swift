package import Logging
package import SluiceGraph
package import SluiceModel

/// Brings the registry up to the log's end: from the views where they stand, else from the beginning.
package enum Recovery {
  /// - Parameter anew: throw the views away first (`serve --rebuild`).
  package static func registry(
    site: String, log: any EventLog, views: any ViewStore, anew: Bool, logger: Logger
  ) async throws(SluiceError) -> Registry {
    if anew { try await views.clear() }
    var registry = Registry(site: site)
    if let stored = try await views.load() {
      if let known = try? Registry(rows: stored.rows, site: site, head: stored.head) {
        registry = known
      } else {
        logger.warning("the views cannot be read and are built anew from the log")
        try await views.clear()
      }
    } else {
      try await views.clear()
    }
    if try await log.head() < registry.sequence {
      logger.warning("the views are ahead of the log and are built anew from it")
      try await views.clear()
      registry = Registry(site: site)
    }
    // One page is saved and the next one written out while the one after it is read and applied.
    var (page, rows): (Page?, Rows?)
    while true {
      let (finished, begun) = (rows, page)
      async let saving = finished?.save(to: views)
      async let writing = begun?.rows
      let records = try await log.read(after: registry.sequence, limit: Limits.recordsPerCommit)
      let changed = Set(try registry.apply(records, from: site))
      rows = await writing
      if let error = await saving { throw error }
      if records.isEmpty, rows == nil { return registry }
      page = records.isEmpty ? nil : Page(registry: registry, changed: changed, records: records)
    }
  }

  /// What a page of the log changed, with everything as it was then.
  private struct Page: Sendable {
    let registry: Registry
    let changed: Set<RowKey>
    let records: [StoredRecord]

    var rows: Rows {
      var index = ContentIndex()
      for stored in records { index.add(stored) }
      // In the order in which they lie: neighbours are written together.
      let rows = changed.map { registry.row($0) }.sorted { ($0.model, $0.key) < ($1.model, $1.key) }
      return Rows(rows: rows, index: index, head: registry.head)
    }
  }

  /// A page as the views take it.
  private struct Rows: Sendable {
    let rows: [ViewRow]
    let index: ContentIndex
    let head: ViewHead

    func save(to views: any ViewStore) async -> SluiceError? {
      do throws(SluiceError) {
        try await views.save(rows, index: index, head: head)
        return nil
      } catch {
        return error
      }
    }
  }
}
