/// What is done to a log as a whole, while writers and readers go on.
package protocol LogCare: Sendable {
  /// Walks over everything; damage is the answer and never an error.
  func verify(_ tell: @escaping @Sendable (LogProgress) -> Void) async throws(SluiceError) -> LogReport
  /// Moves whole parts that end before an event to another folder; their blobs stay.
  func archive(before sequence: Int64, to folder: String) async throws(SluiceError) -> [ArchivedSegment]
}

/// Copies what a site cannot make again, while everybody works on.
package protocol BackupMaker: Sendable {
  /// - Throws: `usage` for a folder that is not empty, `log.full`, `log.failed`.
  func backup(
    to folder: String, _ tell: @escaping @Sendable (LogProgress) -> Void
  ) async throws(SluiceError) -> SiteBackup
}
