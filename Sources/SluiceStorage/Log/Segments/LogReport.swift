/// What a look at everything in the log found.
package struct LogReport: Sendable, Equatable, Codable {
  package var segments = 0
  package var batches = 0
  package var records = 0
  package var events: Int64 = 0
  package var blobs = 0
  /// Bytes of batches that were read, those in archives among them.
  package var bytes = 0
  /// The last event.
  package var head: Int64 = 0
  /// At most `Limits.reportedDamages` of them.
  package var damages: [LogDamage] = []
  package var damageCount = 0
  package var archives: [ArchivedSegment] = []
  /// Indexes that did not say what their segments do. They were made anew; nothing was lost.
  package var mendedIndexes: [String] = []

  package init() {}

  package var isSound: Bool { damageCount == 0 }
}

/// A segment that was archived, and whether it could be looked at.
package struct ArchivedSegment: Sendable, Equatable, Codable {
  package var first: Int64
  package var last: Int64
  package var folder: String
  /// False where the folder does not have it, or is not there, as a tape or a disk on a shelf.
  package var isReachable: Bool
}

/// How far a look at the log is.
package struct LogProgress: Sendable, Equatable {
  package var segment: String
  package var bytesDone: Int
  package var bytesInAll: Int
}
