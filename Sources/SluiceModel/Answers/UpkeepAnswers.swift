/// What a look at the whole log found.
package struct VerifyAnswer: Sendable, Codable {
  package struct Damage: Sendable, Codable {
    package var kind: LogDamage.Kind
    package var file: String
    package var offset: Int
    package var bytes: Int
    /// The first and the last event that it reaches; null where it reaches none, or where nobody knows.
    @OrNull package var first: Position?
    @OrNull package var last: Position?
    package var what: String
    /// Affected events, as far as they can still be told.
    package var events: [DamagedEvent]
    /// The ids of the last event before it that can be read, and of the first one behind it.
    @OrNull package var follows: String?
    @OrNull package var precedes: String?

    package init(_ damage: LogDamage, site: String) {
      (kind, file, offset, bytes) = (damage.kind, damage.file, damage.offset, damage.bytes)
      _first = OrNull(wrappedValue: damage.first.map { Position(site: site, sequence: $0) })
      _last = OrNull(wrappedValue: damage.last.map { Position(site: site, sequence: $0) })
      (what, events) = (damage.what, damage.events)
      (_follows, _precedes) = (OrNull(wrappedValue: damage.follows), OrNull(wrappedValue: damage.precedes))
    }
  }

  package var sound: Bool
  package var position: Position
  package var segments: Int
  package var batches: Int
  package var records: Int
  package var events: Int64
  package var blobs: Int
  package var bytes: Int
  package var damageCount: Int
  /// At most `Limits.reportedDamages` of them.
  package var damages: [Damage]
  package var archives: [ArchiveAnswer.Part]
  /// Indexes that did not agree with their segments and were made anew; nothing was lost.
  package var mendedIndexes: [String]

  package init(_ report: LogReport, site: String) {
    (sound, position) = (report.isSound, Position(site: site, sequence: report.head))
    (segments, batches, records) = (report.segments, report.batches, report.records)
    (events, blobs, bytes, damageCount) = (report.events, report.blobs, report.bytes, report.damageCount)
    damages = report.damages.map { Damage($0, site: site) }
    archives = report.archives.map { ArchiveAnswer.Part($0, site: site) }
    mendedIndexes = report.mendedIndexes
  }
}

/// Where old parts of the log should go; the body of `POST /api/v1/log/archive`.
package struct ArchiveRequest: Sendable, Codable {
  /// A position or a time: what ends before it goes.
  package var before: String
  /// A folder on the server.
  package var to: String
  package init(before: String, to: String) { (self.before, self.to) = (before, to) }
}

package struct ArchiveAnswer: Sendable, Codable {
  package struct Part: Sendable, Codable {
    package var first: Position
    package var last: Position
    package var folder: String
    /// False where the folder does not have it, or is not there, as a disk on a shelf.
    package var reachable: Bool

    package init(_ segment: ArchivedSegment, site: String) {
      first = Position(site: site, sequence: segment.first)
      last = Position(site: site, sequence: segment.last)
      (folder, reachable) = (segment.folder, segment.isReachable)
    }
  }
  package var moved: [Part]
  /// Only what ends before it could go.
  package var before: Position
  /// The subscription that has not come as far as was asked for; null where none held anything back.
  @OrNull package var heldBy: SubscriptionName?

  package init(moved: [Part], before: Position, heldBy: SubscriptionName?) {
    (self.moved, self.before, _heldBy) = (moved, before, OrNull(wrappedValue: heldBy))
  }
}

/// The body of `POST /api/v1/backup`.
package struct BackupRequest: Sendable, Codable {
  /// An empty folder on the server, or one that is not there yet.
  package var to: String
  package init(to: String) { self.to = to }
}

package struct BackupAnswer: Sendable, Codable {
  package var to: String
  /// The last event in it.
  package var position: Position
  package var bytes: Int64
  /// What was damaged in the log already; empty for a sound one.
  package var damages: [VerifyAnswer.Damage]
  /// Versions whose bytes are neither in it nor in the store; nil where there are none, or nobody knows.
  package var inPlace: InPlace?

  package struct InPlace: Sendable, Codable {
    package var versions: Int
    package var files: Int
    package var bytes: Int64
    package init(versions: Int, files: Int, bytes: Int64) {
      (self.versions, self.files, self.bytes) = (versions, files, bytes)
    }
  }

  package init(to: String, _ backup: SiteBackup) {
    (self.to, position, bytes) = (to, backup.position, backup.bytes)
    damages = backup.damages.map { VerifyAnswer.Damage($0, site: backup.site) }
  }
}

/// What is being done to the log as a whole; the answer of `GET /api/v1/log/upkeep`.
package struct UpkeepAnswer: Sendable, Codable, Equatable {
  package enum Work: String, Sendable, Codable { case verify, archive, backup }
  /// Null where nothing is under way.
  @OrNull package var work: Work?
  package var bytesDone: Int
  package var bytesInAll: Int

  package init(work: Work?, bytesDone: Int = 0, bytesInAll: Int = 0) {
    (_work, self.bytesDone, self.bytesInAll) = (OrNull(wrappedValue: work), bytesDone, bytesInAll)
  }
}
