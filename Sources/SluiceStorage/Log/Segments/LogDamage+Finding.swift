package import SluiceModel

extension LogDamage {
  /// As the error of somebody who needs what is damaged.
  package func error(in folder: String, refuses: String = "") -> SluiceError {
    SluiceError(
      .logDamaged, what: description + refuses, at: folder + "/" + file,
      fix: "`sluice log verify` says everything that is damaged; restore the log from a backup")
  }

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
    case .padding(let range):
      self.init(
        .batch, file: file, offset: range.lowerBound, bytes: range.count,
        what: "unused bytes behind a batch are not zeros")
    case .chain:
      self.init(
        .chain, file: file, offset: batch.offset, bytes: header.length, first: header.first, last: header.last,
        what: "a batch does not follow the one before it")
    }
  }
}
