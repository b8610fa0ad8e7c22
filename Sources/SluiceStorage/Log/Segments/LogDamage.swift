package import SluiceModel

/// One thing that is wrong with the log's files, and what it reaches.
package struct LogDamage: Sendable, Equatable, Codable, CustomStringConvertible {
  package enum Kind: String, Sendable, Codable {
    /// A file that must be there is not, or is shorter than it was.
    case segment
    /// The page that says which file it is.
    case header
    /// A stretch that should be batches and is none.
    case batch
    case record
    case blob
    /// Whole batches that do not follow each other.
    case chain
    /// A record whose bytes hold but cannot be read.
    case content
    /// A record names a manifest or a plan that is not there.
    case reference
    case archive
  }
  package var kind: Kind
  package var file: String
  package var offset: Int
  /// 0 where it is not known.
  package var bytes: Int
  /// The first and the last event that it reaches; nil where it reaches none, or where nobody knows.
  package var first: Int64?
  package var last: Int64?
  package var what: String
  /// Events that are affected, as far as their bytes can still be read.
  package var events: [DamagedEvent] = []
  /// The last event in front of it that can be read, and the first one behind it.
  package var follows: String?
  package var precedes: String?

  package init(
    _ kind: Kind, file: String, offset: Int = 0, bytes: Int = 0, first: Int64? = nil, last: Int64? = nil, what: String
  ) {
    (self.kind, self.file, self.offset, self.bytes) = (kind, file, offset, bytes)
    (self.first, self.last, self.what) = (first, last, what)
  }

  package var description: String {
    var text = "\(what), in \(file) at byte \(offset)"
    switch (first, last) {
    case (let first?, let last?) where first == last: text += "; it reaches event \(first)"
    case (let first?, let last?): text += "; it reaches events \(first) to \(last)"
    case (let first?, nil): text += "; it reaches what follows event \(first - 1)"
    default: break
    }
    return text
  }

  /// As the error of somebody who needs what is damaged.
  package func error(in folder: String, refuses: String = "") -> SluiceError {
    SluiceError(
      .logDamaged, what: description + refuses, at: folder + "/" + file,
      fix: "`sluice log verify` says everything that is damaged; restore the log from a backup")
  }
}

/// What can still be read of an event that is damaged.
package struct DamagedEvent: Sendable, Equatable, Codable {
  package var id: String?
  package var type: String?

  package init(id: String?, type: String?) { (self.id, self.type) = (id, type) }
}

/// What opening a log came upon.
package struct LogOpening: Sendable, Equatable {
  /// A batch that was being written when the power went. Nobody was told that it is there; it was cut off.
  package struct TornTail: Sendable, Equatable {
    package let file: String
    package let offset: Int
    package let bytes: Int
  }
  package var torn: TornTail?
  /// Where there is any, nothing is written until it is mended.
  package var damages: [LogDamage] = []
  /// Files that had been begun and were taken away.
  package var unfinished: [String] = []
  /// Events that came from an older log; nil where there was none.
  package var imported: Int64?

  package init() {}
}

extension LogDamage {
  /// What a walk met that is not as it should be.
  ///
  /// - Parameter expected: the sequence that should have followed the last sound batch.
  static func all(of finding: Finding, in file: String, from expected: Int64) -> [LogDamage] {
    switch finding {
    case .gap(let gap, let header):
      [
        LogDamage(
          .batch, file: file, offset: gap.lowerBound, bytes: gap.count,
          first: header?.first == expected ? nil : expected,
          last: header.flatMap { $0.first == expected ? nil : $0.first - 1 },
          what: "\(gap.count) bytes are not what was written there")
      ]
    case .batch(let batch): batch.faults.map { LogDamage(of: $0, in: batch, file) }
    }
  }

  private init(of fault: BatchFault, in batch: FoundBatch, _ file: String) {
    let header = batch.header
    switch fault {
    case .table(let range):
      self.init(
        .batch, file: file, offset: range.lowerBound, bytes: range.count, first: header.first, last: header.last,
        what: "the table of a batch of \(header.records) records does not hold")
    case .record(let place):
      self.init(
        .record, file: file, offset: place.offset, bytes: place.length, first: place.first, last: place.last,
        what: "a record's bytes are not what was written")
    case .blob(let digest, let place):
      self.init(
        .blob, file: file, offset: place.offset, bytes: place.length,
        what: "the bytes of blob \(digest) are not what was written")
    case .chain:
      self.init(
        .chain, file: file, offset: batch.offset, bytes: header.length, first: header.first, last: header.last,
        what: "a batch does not follow the one before it")
    }
  }
}
