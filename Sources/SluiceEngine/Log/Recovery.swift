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
    // One page is applied and written out while the one after it is read and the one before it is saved. Nobody else
    // has the registry meanwhile, so that nothing of it is copied.
    var records = try await log.read(after: registry.sequence, limit: Limits.recordsPerCommit)
    var rows: Rows?
    while !records.isEmpty || rows != nil {
      let (finished, end) = (rows, records.last?.last ?? registry.sequence)
      async let saving = finished?.save(to: views)
      async let reading = next(after: end, in: log)
      rows = records.isEmpty ? nil : try Rows(applying: records, from: site, to: &registry)
      if let error = await saving { throw error }
      records = try await reading.get()
    }
    return registry
  }

  private static func next(after sequence: Int64, in log: any EventLog) async -> Result<[StoredRecord], SluiceError> {
    do throws(SluiceError) {
      return .success(try await log.read(after: sequence, limit: Limits.recordsPerCommit))
    } catch {
      return .failure(error)
    }
  }

  /// A page as the views take it.
  private struct Rows: Sendable {
    let rows: [ViewRow]
    let index: ContentIndex
    let head: ViewHead

    /// What a page of the log changes.
    init(applying records: [StoredRecord], from site: String, to registry: inout Registry) throws(SluiceError) {
      let changed = Set(try registry.apply(records, from: site))
      var index = ContentIndex()
      for stored in records { index.add(stored) }
      // In the order in which they lie: neighbours are written together.
      rows = changed.map { registry.row($0) }.sorted { ($0.model, $0.key) < ($1.model, $1.key) }
      (self.index, head) = (index, registry.head)
    }

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
