package import Logging
package import SluiceGraph
package import SluiceModel

/// Brings the registry up to the log's end: from the views where they stand, else from the beginning.
package enum Recovery {
  /// Few enough that what a page has changed still lies in a processor's cache when its rows are made.
  private static let recordsPerPage = 250

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
    return try await caughtUp(registry, with: log, into: views).get()
  }

  /// Applies what the log has more. One page is applied and its rows are made while the one after it is read and the
  /// one before it is saved; nobody else has the registry meanwhile, so that nothing of it is copied.
  private static func caughtUp(
    _ known: consuming Registry, with log: any EventLog, into views: any ViewStore
  ) async -> Result<Registry, SluiceError> {
    var registry = known
    return await withTaskGroup(of: SluiceError?.self) { saves in
      do throws(SluiceError) {
        var records = try await log.read(after: registry.sequence, limit: recordsPerPage)
        while let end = records.last?.last {
          async let reading = next(after: end, in: log)
          let rows = try await Rows(applying: records, from: registry.site, to: &registry)
          if let error = await saves.next() ?? nil { throw error }
          saves.addTask { await rows.save(to: views) }
          records = try await reading.get()
        }
        if let error = await saves.next() ?? nil { throw error }
        return .success(registry)
      } catch {
        return .failure(error)
      }
    }
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
      return .success(try await log.read(after: sequence, limit: recordsPerPage))
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
