package import SluiceModel
import Synchronization

extension SegmentEngine {
  /// Moves whole sealed segments that end before `position` to another folder.
  ///
  /// A segment is copied, synced and read back before it goes; a damaged one stays, and stops the archiving. A stub
  /// takes its place, and its blobs stay, in a file of their own that is written once: whatever is planned or shown
  /// later may need a manifest of a version that is years old.
  ///
  /// - Returns: what was moved, oldest first.
  /// - Throws: `log.damaged`, `log.full`, `log.failed`. What was moved until then stays moved.
  package func archive(before position: Int64, to target: String) throws(SluiceError) -> [ArchivedSegment] {
    try maintenance.withLock { (_) throws(SluiceError) in
      let segments = readable.withLock { readable in
        readable.sealed.filter { $0.archive == nil && $0.last < position }
      }
      guard target != folder else {
        throw SluiceError(
          .usage, what: "a log cannot be its own archive", at: target, fix: "name another folder for the archive")
      }
      if !segments.isEmpty { try files.makeFolder(target) }
      var moved: [ArchivedSegment] = []
      for segment in segments {
        try archive(segment, to: target)
        moved.append(
          ArchivedSegment(first: segment.identity.first, last: segment.last, folder: target, isReachable: true))
      }
      return moved
    }
  }

  private func archive(_ segment: SealedSegment, to target: String) throws(SluiceError) {
    let file = try open(segment)
    let (index, sha256, chain) = try copy(segment, file, to: target)
    let kept = try keepBlobs(of: segment, index, file)
    let stub = ArchiveStub(
      log: "\(segment.identity.log)", first: segment.identity.first, last: segment.last, end: segment.end, chain: chain,
      folder: target, sha256: sha256, blobs: kept?.end ?? 0)
    try files.put(stub.encoded(), at: path(SegmentName.text(stub.first, SegmentName.stub)))
    try files.syncFolder(folder)
    let archived = SealedSegment(
      identity: SegmentIdentity(log: segment.identity.log, first: stub.first, kind: .blobs), last: segment.last,
      end: stub.blobs, chain: chain, archive: stub)
    readable.withLock { readable in
      for number in readable.sealed.indices where readable.sealed[number] == segment {
        readable.sealed[number] = archived
      }
    }
    openFiles.withLock { $0[segment.name] = nil }
    openIndexes.withLock { $0[segment.name] = nil }
    try files.remove(path(segment.name))
    if let kept {
      keep(kept.index, of: archived)
    } else {
      try files.remove(path(SegmentName.text(stub.first, SegmentName.index)))
    }
    try files.syncFolder(folder)
  }

  /// The copy in the archive, compared with what was read and checked batch by batch.
  private func copy(
    _ segment: SealedSegment, _ file: any LogFile, to target: String
  ) throws(SluiceError) -> (index: SegmentIndex, sha256: Digest, chain: UInt32) {
    let path = target + "/" + segment.name
    if try SegmentListing.header(segment.name, segment.identity.first, target, files)
      .map({ $0.identity.log != segment.identity.log }) ?? false
    {
      throw SluiceError(
        .usage, what: "the folder has the archive of another log", at: path, fix: "name another folder for the archive")
    }
    let (copy, sha256) = try files.copy(file, bytes: segment.end, to: path + SegmentName.unfinished)
    var inspection = LogInspection(knows: { _ in true }, tell: { _ in })
    inspection.pass(to: LogPlace(offset: 0, sequence: segment.identity.first, chain: nil))
    let index = try inspection.walk(
      copy, segment.name, segment.identity, to: segment.end, last: segment.last, chain: segment.chain,
      spacing: settings.indexedBytes)
    if let damage = inspection.report.damages.first {
      try files.remove(path + SegmentName.unfinished)
      throw damage.error(in: folder, refuses: "; it is not archived")
    }
    guard try files.digest(of: copy, bytes: segment.end) == sha256 else {
      throw SluiceError(
        .logFailed, what: "the copy in the archive is not what was written", at: path,
        fix: "look at the archive's disk; nothing was taken away here")
    }
    try files.rename(path + SegmentName.unfinished, to: path)
    try files.syncFolder(target)
    return (index, sha256, inspection.place.chain ?? 0)
  }

  /// Writes the blobs of a segment into a file of their own; nil where it has none.
  private func keepBlobs(
    of segment: SealedSegment, _ index: SegmentIndex, _ file: any LogFile
  ) throws(SluiceError) -> (index: SegmentIndex, end: Int)? {
    guard !index.blobs.isEmpty else { return nil }
    let identity = SegmentIdentity(log: segment.identity.log, first: segment.identity.first, kind: .blobs)
    let header = SegmentHeader(identity, made: 0, before: nil)
    let path = path(SegmentName.text(identity.first, SegmentName.blobs))
    let copy = try files.create(path + SegmentName.unfinished)
    try copy.write(header.encoded(), at: 0)
    var (place, kept) = (header.start, SegmentIndex(spacing: settings.indexedBytes))
    var waiting: [Blob] = []
    let blobs = index.blobs.sorted { $0.value.offset < $1.value.offset }
    for (number, blob) in blobs.enumerated() {
      waiting.append(Blob(try file.bytes(at: blob.value.offset, blob.value.length)))
      guard number == blobs.count - 1 || waiting.reduce(0, { $0 + $1.bytes.count }) > Limits.scanBytes else { continue }
      let shape = BatchShape([], waiting)
      var buffer = [UInt8](repeating: 0, count: shape.length)
      let batch = buffer.withUnsafeMutableBytes {
        shape.encode([], waiting, time: 0, at: place, of: identity, into: $0)
      }
      try copy.write(buffer, at: place.offset)
      kept.add(batch, at: place.offset)
      let table = buffer.withUnsafeBytes { bytes in
        BatchTable(header: batch, bytes: bytes.part(BatchHeader.bytes, batch.tableBytes)).blobs(at: place.offset)
      }
      for blob in table { kept.add(blob.digest, blob.place) }
      place = place.after(batch)
      waiting = []
    }
    try copy.sync()
    try files.rename(path + SegmentName.unfinished, to: path)
    return (kept, place.offset)
  }
}
