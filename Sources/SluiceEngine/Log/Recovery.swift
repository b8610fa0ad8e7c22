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
    // One page is saved while the next one is read and applied.
    var page: Page?
    while true {
      async let saving = page?.save(to: views)
      let records = try await log.read(after: registry.sequence, limit: Limits.recordsPerCommit)
      let rows = Set(try registry.apply(records, from: site))
      if let error = await saving { throw error }
      if records.isEmpty { return registry }
      page = Page(registry: registry, rows: rows, records: records)
    }
  }

  /// What a page of the log changed, with everything as it was then.
  private struct Page: Sendable {
    let registry: Registry
    let rows: Set<RowKey>
    let records: [StoredRecord]

    func save(to views: any ViewStore) async -> SluiceError? {
      var index = ContentIndex()
      for stored in records { index.add(stored) }
      do throws(SluiceError) {
        // In the order in which they lie: neighbours are written together.
        let rows = rows.map { registry.row($0) }.sorted { ($0.model, $0.key) < ($1.model, $1.key) }
        try await views.save(rows, index: index, head: registry.head)
        return nil
      } catch {
        return error
      }
    }
  }
}
