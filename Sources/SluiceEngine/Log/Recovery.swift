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
    if let head = try await views.head() {
      if let known = try? await reading(views, site: site, head: head) {
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
      rows = records.isEmpty ? nil : try await Rows(applying: records, from: site, to: &registry)
      if let error = await saving { throw error }
      records = try await reading.get()
    }
    return registry
  }

  /// A registry from the views: pages are taken out of them, read, and graphs laid, all at the same time.
  package static func reading(_ views: any ViewStore, site: String, head: ViewHead) async throws -> Registry {
    try await withThrowingTaskGroup(of: Piece.self) { group in
      var (parts, frame, waiting): ([RowsPart], Registry?, Int) = ([], nil, 0)
      func take(_ piece: Piece?) {
        switch piece {
        case .part(let part): parts.append(part)
        case .frame(let registry): frame = registry
        case nil: return
        }
        waiting -= 1
      }
      var (last, isFramed): (ViewPage.End?, Bool) = (nil, false)
      while let page = try await views.page(after: last) {
        last = page.end
        if !isFramed, page.model > RowsPart.lastOfFrame {
          while waiting > 0 { take(try await group.next()) }
          let known = parts
          group.addTask { .frame(try Registry(frame: known, site: site)) }
          (isFramed, waiting) = (true, waiting + 1)
        }
        // Pages that nobody reads yet take memory.
        if waiting >= Limits.viewPagesAhead { take(try await group.next()) }
        group.addTask { .part(try RowsPart(page)) }
        waiting += 1
      }
      while waiting > 0 { take(try await group.next()) }
      var registry = try frame ?? Registry(frame: parts, site: site)
      frame = nil
      try registry.join(parts, head: head)
      return registry
    }
  }

  private enum Piece: Sendable {
    case part(RowsPart)
    case frame(Registry)
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
    init(applying records: [StoredRecord], from site: String, to registry: inout Registry) async throws(SluiceError) {
      let changed = Array(Set(try registry.apply(records, from: site)))
      var index = ContentIndex()
      for stored in records { index.add(stored) }
      (self.index, head) = (index, registry.head)
      let (known, half) = (registry, changed.count / 2)
      async let others = Rows.sorted(changed[half...], of: known)
      rows = Rows.merged(Rows.sorted(changed[..<half], of: known), await others)
    }

    /// Rows in the order in which they lie: neighbours are written together.
    private static func sorted(_ keys: ArraySlice<RowKey>, of registry: Registry) -> [ViewRow] {
      keys.map { registry.row($0) }.sorted(by: isBefore)
    }

    private static func isBefore(_ one: ViewRow, _ other: ViewRow) -> Bool {
      (one.model, one.key) < (other.model, other.key)
    }

    private static func merged(_ some: [ViewRow], _ others: [ViewRow]) -> [ViewRow] {
      var (all, rest): ([ViewRow], ArraySlice<ViewRow>) = ([], others[...])
      all.reserveCapacity(some.count + others.count)
      for row in some {
        while let other = rest.first, isBefore(other, row) {
          all.append(other)
          rest.removeFirst()
        }
        all.append(row)
      }
      return all + rest
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
