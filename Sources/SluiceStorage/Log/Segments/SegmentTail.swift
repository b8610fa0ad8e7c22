package import SluiceModel

/// What a walk met behind the last sound batch.
package enum SegmentTail: Sendable, Equatable {
  case clean
  /// A batch that was being written when the power went: nobody was told that it is there.
  case torn
  /// Something that a power cut cannot explain.
  case damaged

  /// Disks write sectors whole or not at all, and only zeros lay there before. So a batch that was cut off has a sector
  /// of zeros in each part that does not hold; a flipped bit or foreign bytes have none.
  static let sectorBytes = 512

  /// - Parameters:
  ///   - trouble: what was found behind the last sound batch, in order.
  ///   - size: the file's; it may be from before the write, and so cut a batch off within a sector.
  package static func verdict(
    on trouble: [Finding], in source: inout some SegmentBytes, size: Int
  ) throws(SluiceError) -> SegmentTail {
    guard let first = trouble.first else { return .clean }
    // One append is one batch: a second piece of trouble is not of the same write.
    guard trouble.count == 1 else { return .damaged }
    switch first {
    case .gap(let gap, _):
      return try source.isZero(gap.lowerBound..<gap.lowerBound + BatchHeader.bytes) ? .torn : .damaged
    case .batch(let batch):
      let whole = batch.offset..<batch.offset + batch.header.length
      for fault in batch.faults {
        guard let part = part(of: fault) else { return .damaged }
        if part.upperBound > size { continue }
        guard try hasEmptySector(part, of: whole, in: &source) else { return .damaged }
      }
      return .torn
    }
  }

  private static func part(of fault: BatchFault) -> Range<Int>? {
    switch fault {
    case .table(let range): range
    case .record(let place): place.offset..<place.offset + place.length
    case .blob(_, let place): place.offset..<place.offset + place.length
    case .chain: nil
    }
  }

  /// Whether one of the sectors that `part` touches has only zeros where the batch lies.
  private static func hasEmptySector(
    _ part: Range<Int>, of batch: Range<Int>, in source: inout some SegmentBytes
  ) throws(SluiceError) -> Bool {
    var sector = part.lowerBound / sectorBytes * sectorBytes
    while sector < part.upperBound {
      let there = max(sector, batch.lowerBound)..<min(sector + sectorBytes, batch.upperBound)
      if try source.isZero(there) { return true }
      sector += sectorBytes
    }
    return false
  }
}
