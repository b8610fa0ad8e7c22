package import SluiceModel
import Synchronization

extension SegmentEngine {
  /// Copies the log up to its head as it is now into an empty folder, while writers go on.
  ///
  /// Every copy is walked over; what is damaged is copied all the same, since it is all there is, and the answer tells.
  ///
  /// - Throws: `usage` for a folder that is not empty; `log.full`, `log.failed`, `log.damaged` where a file is gone.
  package func backup(
    to target: String, _ tell: @escaping (LogProgress) -> Void = { _ in }
  ) throws(SluiceError) -> LogBackup {
    try maintenance.withLock { (_) throws(SluiceError) in
      try files.requireEmpty(target, for: "the backup")
      try files.makeFolder(target)
      let (sealed, active, file, end, head) = readable.withLock {
        ($0.sealed, $0.active, $0.file, $0.end, $0.head)
      }
      var backup = LogBackup(log: "\(active.log)", head: head, files: [], damages: [])
      let meter = Meter(inAll: sealed.reduce(end) { $0 + $1.end }, tell)
      var inspection = LogInspection(
        knows: { (digest) throws(SluiceError) in try self.find(digest) != nil }, tell: meter.add)
      for segment in sealed {
        if let stub = segment.archive {
          let bytes = stub.encoded()
          let name = SegmentName.text(stub.first, SegmentName.stub)
          try files.put(bytes, at: target + "/" + name)
          backup.files.append(LogBackup.File(name: name, bytes: bytes.count, sha256: Digest.of(bytes)))
        }
        if segment.end > 0 {
          let isWhole = segment.identity.kind == .events
          backup.files.append(
            try copy(
              try open(segment), segment.name, segment.identity, bytes: segment.end,
              last: isWhole ? segment.last : segment.identity.first - 1, chain: isWhole ? segment.chain : nil, target,
              &inspection))
        }
        if segment.archive != nil {
          inspection.pass(to: LogPlace(offset: 0, sequence: segment.last + 1, chain: segment.chain))
        }
      }
      let name = SegmentName.text(active.first, SegmentName.events)
      backup.files.append(try copy(file, name, active, bytes: end, last: head, chain: nil, target, &inspection))
      backup.damages = inspection.report.damages
      try files.put(backup.encoded(), at: target + "/" + LogBackup.listName)
      try files.syncFolder(target)
      return backup
    }
  }

  private func copy(
    _ file: any LogFile, _ name: String, _ identity: SegmentIdentity, bytes: Int, last: Int64, chain: UInt32?,
    _ target: String, _ inspection: inout LogInspection
  ) throws(SluiceError) -> LogBackup.File {
    let (copy, sha256) = try files.copy(file, bytes: bytes, to: target + "/" + name)
    guard try files.digest(of: copy, bytes: bytes) == sha256 else {
      throw SluiceError(
        .logFailed, what: "the copy is not what was written", at: target + "/" + name, fix: "look at the backup's disk")
    }
    _ = try inspection.walk(
      copy, name, identity, to: bytes, last: last, chain: chain, spacing: settings.indexedBytes)
    return LogBackup.File(name: name, bytes: bytes, sha256: sha256)
  }

  /// Brings a backup into an empty folder and looks at everything in it.
  ///
  /// Until that is done a marker lies in the folder, so that nobody takes half a log for a whole one.
  ///
  /// - Throws: `usage`; `log.damaged` where the backup is not what was written; `log.full`, `log.failed`.
  package static func restore(
    from backupFolder: String, to folder: String, _ files: any LogFiles, _ settings: Settings = Settings()
  ) throws(SluiceError) -> (backup: LogBackup, report: LogReport) {
    try files.requireEmpty(folder, for: "the log")
    let backup = try contents(of: backupFolder, files)
    try files.makeFolder(folder)
    let marker = folder + "/" + LogBackup.unfinishedRestore
    try files.put([], at: marker)
    try files.syncFolder(folder)
    for listed in backup.files {
      let source = backupFolder + "/" + listed.name
      guard let file = try files.open(source, .reading) else { throw damaged("a file of the backup is gone", source) }
      let (copy, read) = try files.copy(file, bytes: listed.bytes, to: folder + "/" + listed.name)
      guard read == listed.sha256 else { throw damaged("a file of the backup is not what was written", source) }
      guard try files.digest(of: copy, bytes: listed.bytes) == read else {
        throw SluiceError(
          .logFailed, what: "the restored file is not what was written", at: folder + "/" + listed.name,
          fix: "look at the disk")
      }
    }
    try files.syncFolder(folder)
    let (engine, found) = try open(folder, files, settings, now: 0, chance: { 0 }, isRestoring: true)
    let report = try engine.verify()
    guard report.head == backup.head, found.torn == nil, report.damages.count <= backup.damages.count else {
      throw report.damages.first?.error(in: folder)
        ?? damaged("the restored log ends at event \(report.head) and not at \(backup.head)", backupFolder)
    }
    try files.remove(marker)
    try files.syncFolder(folder)
    return (backup, report)
  }

  private static func contents(of folder: String, _ files: any LogFiles) throws(SluiceError) -> LogBackup {
    let path = folder + "/" + LogBackup.listName
    guard let file = try files.open(path, .reading) else {
      throw damaged("the list of the backup's files is not there: it was not finished, or is no backup", path)
    }
    guard let backup = LogBackup.decode(try file.bytes(at: 0, try file.size())) else {
      throw damaged("the list of the backup's files is not what was written", path)
    }
    guard backup.files.allSatisfy({ !$0.name.contains("/") && $0.bytes >= 0 }) else {
      throw damaged("the backup lists files outside of itself", path)
    }
    return backup
  }

  private static func damaged(_ what: String, _ path: String) -> SluiceError {
    SluiceError(.logDamaged, what: what, at: path, fix: "take another backup")
  }
}
