package import SluiceModel
import Synchronization

extension SegmentEngine {
  /// Makes records and blobs durable as one batch: one write, one sync.
  ///
  /// - Parameter now: milliseconds since 1970.
  /// - Returns: the sequence of each record's last event.
  /// - Throws: `log.full`, `log.failed`, `log.damaged`, `record.tooLarge`; then nothing of it is there.
  package func append(_ records: [EncodedRecord], blobs: [Blob], now: Int64) throws(SluiceError) -> [Int64] {
    try writing.withLock { (writing) throws(SluiceError) in
      try append(records, blobs, now, &writing)
    }
  }

  private func append(
    _ records: [EncodedRecord], _ brought: [Blob], _ now: Int64, _ writing: inout Writing
  ) throws(SluiceError) -> [Int64] {
    let blobs = try new(brought)
    if records.isEmpty && blobs.isEmpty { return [] }
    let shape = BatchShape(records, blobs)
    guard shape.length <= Limits.batchBytes else {
      throw SluiceError(
        .recordTooLarge, what: "one commit would be \(shape.length) bytes; at most \(Limits.batchBytes) are allowed",
        at: folder, fix: "do less in one command")
    }
    try settle(&writing)
    // Segments are named by their first event: one that has only blobs yet takes what comes.
    if writing.place.offset + shape.length > settings.segmentBytes, writing.hasEvents {
      try roll(&writing, now)
    }
    writing.time = max(writing.time, now)
    if writing.buffer.count < shape.length { writing.buffer = [UInt8](repeating: 0, count: shape.length) }
    let (time, place, identity) = (writing.time, writing.place, writing.header.identity)
    let header = writing.buffer.withUnsafeMutableBytes {
      shape.encode(records, blobs, time: time, at: place, of: identity, into: $0)
    }
    try write(header, &writing)
    publish(header, &writing)
    if writing.buffer.count > Limits.scanBytes { writing.buffer = [] }
    var last = header.first - 1
    return records.map { record in
      last += Int64(record.record.events.count)
      return last
    }
  }

  /// The blobs that are not there yet, each once.
  private func new(_ blobs: [Blob]) throws(SluiceError) -> [Blob] {
    var (new, digests): ([Blob], Set<Digest>) = ([], [])
    for blob in blobs where digests.insert(blob.digest).inserted {
      if try find(blob.digest) == nil { new.append(blob) }
    }
    return new
  }

  private func write(_ header: BatchHeader, _ writing: inout Writing) throws(SluiceError) {
    let (file, place) = (writing.file, writing.place)
    do throws(SluiceError) {
      writing.condition = .leftovers
      try writing.buffer.lend { (bytes) throws(SluiceError) in
        try file.write(bytes.part(0, header.length), at: place.offset)
      }
      let end = place.offset + header.length
      if end > writing.size { writing.size = SegmentEngine.zerosAhead(of: end, in: file, settings) }
      writing.condition = .doubtful
      try file.sync()
      writing.condition = .sound
    } catch {
      // Tried at once, so that what failed is gone before anybody hears of it; else before the next append.
      do throws(SluiceError) { try settle(&writing) } catch {}
      throw error
    }
  }

  /// Writes zeros behind the end, so that the next syncs need not write where the file ends. They are a matter of
  /// speed: where there is no room for them, the batch has what it needs all the same.
  /// - Returns: up to where the file has bytes.
  private static func zerosAhead(of end: Int, in file: any LogFile, _ settings: Settings) -> Int {
    let size = min(end + settings.zerosAheadBytes, max(settings.segmentBytes, end))
    do throws(SluiceError) {
      try file.write([UInt8](repeating: 0, count: size - end), at: end)
      return size
    } catch {
      return end
    }
  }

  private func publish(_ header: BatchHeader, _ writing: inout Writing) {
    let offset = writing.place.offset
    writing.place = writing.place.after(header)
    let end = writing.place.offset
    let blobs = writing.buffer.withUnsafeBytes { bytes in
      header.blobs == 0
        ? [] : BatchTable(header: header, bytes: bytes.part(BatchHeader.bytes, header.tableBytes)).blobs(at: offset)
    }
    readable.withLock { readable in
      readable.index.add(header, at: offset)
      for blob in blobs { readable.index.add(blob.digest, blob.place) }
      readable.end = end
      readable.head = header.last
    }
  }

  // MARK: After a failure

  /// Takes away what a failed append has left, and finishes what it had begun.
  func settle(_ writing: inout Writing) throws(SluiceError) {
    switch writing.condition {
    case .sound: return
    case .damaged(let error): throw error
    case .leftovers:
      try cut(&writing)
      writing.condition = .sound
    case .doubtful:
      try cut(&writing)
      try trust(&writing)
      try roll(&writing, writing.time)
    case .halfRolled: try roll(&writing, writing.time)
    }
  }

  private func cut(_ writing: inout Writing) throws(SluiceError) {
    writing.size = writing.place.offset
    try writing.file.truncate(to: writing.place.offset)
    let condition = writing.condition
    writing.condition = .doubtful
    try writing.file.sync()
    writing.condition = condition
  }

  /// Reads what was acknowledged last once more, from the disk and not from memory: a sync that failed may have taken
  /// the page that it shares with the failed batch along.
  private func trust(_ writing: inout Writing) throws(SluiceError) {
    writing.file.forget()
    let (identity, place) = (writing.header.identity, writing.place)
    let start = readable.withLock { $0.index.places.last }
    guard let start else { return }
    var walk = SegmentWalk(
      SegmentWindow(writing.file), of: identity,
      from: LogPlace(offset: start.offset, sequence: start.sequence, chain: nil), to: place.offset)
    while true {
      let finding = try walk.next()
      if finding == nil && walk.place == place { return }
      if finding?.isSound == true { continue }
      let error = LogDamage(
        .batch, file: SegmentName.text(identity.first, SegmentName.events), offset: start.offset,
        bytes: place.offset - start.offset, first: start.sequence, last: place.sequence - 1,
        what: "a sync failed and the disk does not have what was acknowledged before"
      ).error(in: folder, refuses: "; nothing more is written")
      writing.condition = .damaged(error)
      throw error
    }
  }

  // MARK: The next segment

  /// Seals the active segment and begins the next. It says where this one ends, so that whatever lies behind there does
  /// not count, even if it could not be cut off.
  ///
  /// A segment without events cannot have a successor, which would have its name: it moves to a new file instead.
  func roll(_ writing: inout Writing, _ now: Int64) throws(SluiceError) {
    let (old, place) = (writing.header, writing.place)
    writing.condition = .halfRolled
    guard writing.hasEvents else {
      let begun = try SegmentEngine.begin(old, with: (writing.file, place.offset), in: folder, files, settings)
      (writing.file, writing.size) = begun
      writing.condition = .sound
      return readable.withLock { $0.file = begun.file }
    }
    let before = SegmentHeader.Predecessor(first: old.identity.first, end: place.offset, chain: place.chain ?? 0)
    let header = SegmentHeader(
      SegmentIdentity(log: old.identity.log, first: place.sequence), made: max(now, writing.time), before: before)
    (writing.file, writing.size) = try SegmentEngine.begin(header, in: folder, files, settings)
    writing.condition = .sound
    (writing.header, writing.place) = (header, header.start)
    let sealed = SealedSegment(
      identity: old.identity, last: place.sequence - 1, end: place.offset, chain: place.chain, archive: nil)
    let (file, spacing) = (writing.file, settings.indexedBytes)
    let index = readable.withLock { readable in
      defer {
        readable.sealed.append(sealed)
        (readable.active, readable.file, readable.end) = (header.identity, file, header.start.offset)
        readable.index = SegmentIndex(spacing: spacing)
      }
      return readable.index
    }
    keep(index, of: sealed)
  }

  /// A new segment, with its zeros, durable.
  ///
  /// - Parameter batches: a file whose batches, up to a place, are to be in it too.
  static func begin(
    _ header: SegmentHeader, with batches: (file: any LogFile, end: Int)? = nil, in folder: String,
    _ files: any LogFiles, _ settings: Settings
  ) throws(SluiceError) -> (file: any LogFile, size: Int) {
    let path = folder + "/" + SegmentName.text(header.identity.first, SegmentName.events)
    let unfinished = path + SegmentName.unfinished
    let file = try files.create(unfinished)
    let size: Int
    do throws(SluiceError) {
      try file.write(header.encoded(), at: 0)
      var end = SegmentHeader.bytes
      while let batches, end < batches.end {
        let piece = try batches.file.bytes(at: end, min(Limits.scanBytes, batches.end - end))
        try file.write(piece, at: end)
        end += piece.count
      }
      size = zerosAhead(of: end, in: file, settings)
      try file.sync()
      try files.rename(unfinished, to: path)
    } catch {
      do throws(SluiceError) { try files.remove(unfinished) } catch {}
      throw error
    }
    try files.syncFolder(folder)
    return (file, size)
  }
}
