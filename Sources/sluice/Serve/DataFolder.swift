import Glibc
import Logging
import SluiceEngine
import SluiceGraph
import SluiceModel
import SluiceStorage

/// A server's data: log, views, names, store, benches, logs and previews, held by one process at a time.
final class DataFolder: Sendable {
  let path: String
  let log: SegmentedLog
  let views: SQLiteViews
  let cursors: SQLiteCursors
  let names: NamesFile
  let store: FileVersionStore
  let manifests: BlobManifests
  let syncs: SyncSwitch
  private let lock: Int32

  /// - Throws: `store.busy` where another process holds it, `store.denied` where it cannot be written.
  init(_ path: String, syncs: SyncSwitch, owner: StoredOwner = StoredOwner()) throws(SluiceError) {
    self.path = path
    try DurableFolder.make(path, syncs: syncs)
    lock = Glibc.open(path + "/lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
    guard lock >= 0 else {
      throw SluiceError(
        .storeDenied, what: "the data folder cannot be written: \(String(cString: strerror(errno)))", at: path,
        fix: "name another with --data, or give this user the right to write there")
    }
    guard flock(lock, LOCK_EX | LOCK_NB) == 0 else {
      throw SluiceError(
        .storeBusy, what: "another Sluice works on this data folder", at: path,
        fix: "stop the other one, ask it instead (--server), or name another folder with --data")
    }
    try SiteBackups.refuseUnfinished(path)
    log = try SegmentedLog(
      folder: path + "/log", importing: path + "/log.sqlite", ambient: Machine.ambient,
      files: DiskLogFiles(syncs: syncs))
    manifests = BlobManifests(log: log)
    views = try SQLiteViews(path: path + "/views.sqlite", reducer: Registry.reducer, manifests: manifests)
    cursors = try SQLiteCursors(path: path + "/cursors.sqlite")
    names = try NamesFile(path: path + "/names.jsonl", ambient: Machine.ambient, syncs: syncs)
    store = try FileVersionStore(root: path + "/store", ambient: Machine.ambient, syncs: syncs, owner: owner)
    self.syncs = syncs
    try DurableFolder.settle(path, syncs: syncs)
  }

  deinit { close(lock) }

  /// The registry at the log's end; what was half-way in the store is taken away, and names that were erased and came
  /// back with a restored file are erased again.
  func open(site: String, rebuild: Bool, logger: Logger) async throws(SluiceError) -> Registry {
    tell(of: log.opening, logger)
    let registry = try await Recovery.registry(site: site, log: log, views: views, anew: rebuild, logger: logger)
    store.recover { registry.projects[$0.product.project]?.versions[$0] != nil }
    try store.finishPurges(registry.purged)
    let returned = Set(names.known.all.map(\.alias).filter { registry.erased[$0] != nil })
    if !returned.isEmpty {
      try await names.erase(returned) { () async throws(SluiceError) in }
      logger.notice("\(returned.count) names that had been erased were in the names file and are erased again")
    }
    return registry
  }

  /// The site whose log it is; `main` where the log does not say, as an empty one does not.
  func site() async -> String {
    let first = try? await log.scan(after: 0, limit: 1).first?.decoded()
    return first?.record.events.first?.site ?? "main"
  }

  /// What opening the log came upon, in words.
  private func tell(of opening: LogOpening, _ logger: Logger) {
    if let events = opening.imported {
      logger.notice("the log was brought into segments: \(events) events; the old file is log.sqlite.imported now")
    }
    if let torn = opening.torn {
      logger.warning(
        """
        the log ended in a commit that was cut off, as by a power cut: \(torn.bytes) bytes that nobody was told of \
        were taken away
        """, metadata: ["file": "\(torn.file)", "byte": "\(torn.offset)"])
    }
    for damage in opening.damages.prefix(10) {
      logger.critical("the log is damaged and is not written any more: \(damage)", metadata: ["code": "log.damaged"])
    }
  }
}
