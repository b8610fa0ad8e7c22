import Glibc
import Logging
import SluiceEngine
import SluiceGraph
import SluiceModel
import SluiceStorage

/// A server's data: log, views, store, benches, logs and previews, held by one process at a time.
final class DataFolder: Sendable {
  let path: String
  let log: SQLiteEventLog
  let views: SQLiteViews
  let cursors: SQLiteCursors
  let store: FileVersionStore
  let manifests: BlobManifests
  let syncs: SyncSwitch
  private let lock: Int32

  /// - Throws: `store.busy` where another process holds it, `store.denied` where it cannot be written.
  init(_ path: String, syncs: SyncSwitch) throws(SluiceError) {
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
    log = try SQLiteEventLog(path: path + "/log.sqlite", syncs: syncs)
    manifests = BlobManifests(log: log)
    views = try SQLiteViews(path: path + "/views.sqlite", reducer: Registry.reducer, manifests: manifests)
    cursors = try SQLiteCursors(path: path + "/cursors.sqlite")
    store = try FileVersionStore(root: path + "/store", ambient: Machine.ambient, syncs: syncs)
    self.syncs = syncs
    try DurableFolder.settle(path, syncs: syncs)
  }

  deinit { close(lock) }

  /// The registry at the log's end; what was half-way in the store is taken away.
  func open(site: String, rebuild: Bool, logger: Logger) async throws(SluiceError) -> Registry {
    let registry = try await Recovery.registry(site: site, log: log, views: views, anew: rebuild, logger: logger)
    store.recover { registry.projects[$0.product.project]?.versions[$0] != nil }
    return registry
  }
}
