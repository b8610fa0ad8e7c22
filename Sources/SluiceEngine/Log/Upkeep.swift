import SluiceGraph
package import SluiceModel
import Synchronization

/// What is done to the log as a whole while everybody works on: looking at it, archiving, backing up; one at a time.
package final class Upkeep: Sendable {
  private let writer: Writer
  private let log: any LogCare
  private let backups: any BackupMaker
  private let subscriptions: Subscriptions
  private let turns = Turns()
  private let now = Mutex(UpkeepAnswer(work: nil))

  package init(writer: Writer, log: any LogCare, backups: any BackupMaker, subscriptions: Subscriptions) {
    (self.writer, self.log, self.backups, self.subscriptions) = (writer, log, backups, subscriptions)
  }

  /// How far what is under way has come.
  package var progress: UpkeepAnswer { now.withLock { $0 } }

  package func verify() async throws(SluiceError) -> VerifyAnswer {
    let report = try await tell(.verify) { (tell) throws(SluiceError) in try await self.log.verify(tell) }
    return VerifyAnswer(report, site: writer.site)
  }

  /// Moves old parts of the log away, as far as every subscription has passed them.
  /// - Throws: `usage` for what is no place and no path from the root on.
  package func archive(_ request: ArchiveRequest) async throws(SluiceError) -> ArchiveAnswer {
    let folder = try Upkeep.folder(request.to)
    let head = writer.current.sequence
    var before = try await subscriptions.place(request.before).map { $0 + 1 } ?? head + 1
    var heldBy: SubscriptionName?
    for (name, sequence) in try await subscriptions.needed() where sequence < before {
      (before, heldBy) = (sequence, name)
    }
    let limit = before
    let moved = try await tell(.archive) { (_) throws(SluiceError) in
      try await self.log.archive(before: limit, to: folder)
    }
    return ArchiveAnswer(
      moved: moved.map { ArchiveAnswer.Part($0, site: writer.site) }, before: writer.position(before), heldBy: heldBy)
  }

  /// - Throws: `usage` for a folder that is not empty, `log.full`, `log.failed`.
  package func backup(_ request: BackupRequest) async throws(SluiceError) -> BackupAnswer {
    let folder = try Upkeep.folder(request.to)
    let backup = try await tell(.backup) { (tell) throws(SluiceError) in
      try await self.backups.backup(to: folder, tell)
    }
    var answer = BackupAnswer(to: folder, backup)
    let versions = writer.current.versionsInPlace()
    let inPlace = versions.flatMap(\.published.representations)
    if !inPlace.isEmpty {
      answer.inPlace = BackupAnswer.InPlace(
        versions: versions.count, files: inPlace.reduce(0) { $0 + $1.files },
        bytes: inPlace.reduce(0) { $0 + $1.bytes })
    }
    return answer
  }

  private static func folder(_ path: String) throws(SluiceError) -> String {
    guard path.hasPrefix("/"), path.utf8.count < 4_096, !path.utf8.contains(0) else {
      throw SluiceError(
        .usage, what: "the folder is no path from the root on", at: "to",
        fix: "name a folder of the server's machine from / on")
    }
    return path
  }

  private func tell<Answer: Sendable>(
    _ work: UpkeepAnswer.Work,
    _ run: (@escaping @Sendable (LogProgress) -> Void) async throws(SluiceError) -> Answer
  ) async throws(SluiceError) -> Answer {
    try await turns.one { () throws(SluiceError) in
      now.withLock { $0 = UpkeepAnswer(work: work) }
      defer { now.withLock { $0 = UpkeepAnswer(work: nil) } }
      return try await run { progress in
        self.now.withLock {
          $0 = UpkeepAnswer(work: work, bytesDone: progress.bytesDone, bytesInAll: progress.bytesInAll)
        }
      }
    }
  }
}
