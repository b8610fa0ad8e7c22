import Glibc
package import SluiceModel

/// Copies of what a site cannot make again: log, names, and how far subscriptions have come. Versions' files are not in
/// it: they never change, and any tool copies them.
package struct SiteBackups: BackupMaker {
  /// How the site was started.
  package struct Configuration: Sendable {
    package var site: String
    package var version: String
    package var serve: [String]
    package init(site: String, version: String, serve: [String]) {
      (self.site, self.version, self.serve) = (site, version, serve)
    }
  }

  private static let logFolder = "log"
  private static let cursorsName = "cursors.sqlite"
  private static let namesName = "names.jsonl"
  /// Lies in a data folder while a backup is being restored into it.
  private static let unfinishedName = "restore.unfinished"

  private let log: SegmentedLog
  private let cursors: SQLiteCursors
  private let names: NamesFile
  private let configuration: Configuration
  private let ambient: Ambient
  private let syncs: SyncSwitch

  package init(
    log: SegmentedLog, cursors: SQLiteCursors, names: NamesFile, configuration: Configuration, ambient: Ambient,
    syncs: SyncSwitch = .all
  ) {
    (self.log, self.cursors, self.names) = (log, cursors, names)
    (self.configuration, self.ambient, self.syncs) = (configuration, ambient, syncs)
  }

  /// Cursors come first and names last: an event may then come twice to a subscriber, and none is missed; and whoever
  /// the log has by alias is among the names.
  package func backup(
    to folder: String, _ tell: @escaping @Sendable (LogProgress) -> Void
  ) async throws(SluiceError) -> SiteBackup {
    try DiskLogFiles(syncs: syncs).requireEmpty(folder, for: "the backup")
    try DurableFolder.make(folder, syncs: syncs)
    try await cursors.copy(to: folder + "/" + SiteBackups.cursorsName)
    let logged = try await log.backup(to: folder + "/" + SiteBackups.logFolder, tell)
    try names.copy(to: folder + "/" + SiteBackups.namesName)
    var files: [SiteBackup.File] = []
    for name in [SiteBackups.cursorsName, SiteBackups.namesName] {
      let path = folder + "/" + name
      // Secrets of webhooks and names of people are in them.
      try Disk.closeToOthers(path)
      if syncs.file { try Disk.sync(path) }
      let (size, sha256) = try Disk.digest(path)
      files.append(SiteBackup.File(name: name, bytes: size, sha256: sha256))
    }
    let backup = SiteBackup(
      site: configuration.site, position: Position(site: configuration.site, sequence: logged.head),
      time: Timestamp.rounded(ambient.now()), version: configuration.version, serve: configuration.serve, files: files,
      logBytes: Int64(logged.bytes), damages: logged.damages)
    let list = folder + "/" + SiteBackup.listName
    try Disk.write(StableJSON.encode(backup) + [UInt8(ascii: "\n")], to: list)
    if syncs.file { try Disk.sync(list) }
    try DurableFolder.settle(folder, syncs: syncs)
    return backup
  }

  /// Brings a backup into a data folder that is empty or not there yet, and looks at everything in it. Views are made
  /// from the log when a server starts there.
  /// - Throws: `usage`; `log.damaged` where the backup is not what was written; `store.full`, `log.full`.
  package static func restore(
    from backup: String, to data: String, syncs: SyncSwitch = .all
  ) throws(SluiceError) -> (backup: SiteBackup, report: LogReport) {
    let files = DiskLogFiles(syncs: syncs)
    let listed = try list(of: backup)
    try files.requireEmpty(data, for: "what is restored")
    try DurableFolder.make(data, syncs: syncs)
    let marker = data + "/" + unfinishedName
    try Disk.write([], to: marker)
    try DurableFolder.settle(data, syncs: syncs)
    for file in listed.files {
      let (source, target) = (backup + "/" + file.name, data + "/" + file.name)
      guard Disk.status(source) != nil, try Disk.digest(source) == (file.bytes, file.sha256) else {
        throw damaged("a file of the backup is gone or is not what was written", source)
      }
      try Disk.write(try Disk.read(source, limit: Int(file.bytes)), to: target)
      try Disk.closeToOthers(target)
      if syncs.file { try Disk.sync(target) }
    }
    let (_, report) = try SegmentedLog.restore(
      from: backup + "/" + logFolder, to: data + "/" + logFolder, files: files)
    try DurableFolder.settle(data, syncs: syncs)
    Disk.remove(marker)
    try DurableFolder.settle(data, syncs: syncs)
    return (listed, report)
  }

  /// - Throws: `log.damaged` for a data folder into which a backup was not brought whole.
  package static func refuseUnfinished(_ data: String) throws(SluiceError) {
    guard Disk.status(data + "/" + unfinishedName) != nil else { return }
    throw SluiceError(
      .logDamaged, what: "a backup was being restored into this folder, and that was not finished", at: data,
      fix: "take the folder away and restore again")
  }

  private static func list(of folder: String) throws(SluiceError) -> SiteBackup {
    let path = folder + "/" + SiteBackup.listName
    guard let status = Disk.status(path) else {
      throw damaged("there is no backup here, or one that was not finished", path)
    }
    guard let backup = try? StableJSON.decode(SiteBackup.self, from: try Disk.read(path, limit: Int(status.st_size))),
      backup.files.allSatisfy({ [cursorsName, namesName].contains($0.name) })
    else { throw damaged("the list of what the backup has cannot be read", path) }
    return backup
  }

  private static func damaged(_ what: String, _ path: String) -> SluiceError {
    SluiceError(.logDamaged, what: what, at: path, fix: "take another backup")
  }
}
