import SluiceModel

/// Walks over segments one after another and gathers what it finds: counts, damages, and who is reached by them.
struct LogInspection {
  private(set) var report = LogReport()
  /// What must come next.
  private(set) var place = LogPlace(offset: 0, sequence: 1, chain: 0)
  /// Blobs that were there once and cannot be read any more.
  private(set) var lostBlobs: Set<Digest> = []
  /// The last event that could be read.
  private var lastEvent: String?
  /// Damages that wait for the first event behind them.
  private var unfollowed: [Int] = []
  private let knows: (Digest) throws(SluiceError) -> Bool
  private let tell: (Int) -> Void

  /// - Parameters:
  ///   - knows: whether a blob is in the log.
  ///   - tell: hears of bytes as they are read.
  init(knows: @escaping (Digest) throws(SluiceError) -> Bool, tell: @escaping (Int) -> Void) {
    (self.knows, self.tell) = (knows, tell)
  }

  mutating func add(_ damage: LogDamage) {
    report.damageCount += 1
    guard report.damages.count < Limits.reportedDamages else { return }
    var damage = damage
    damage.follows = lastEvent
    unfollowed.append(report.damages.count)
    report.damages.append(damage)
  }

  mutating func add(_ archive: ArchivedSegment) { report.archives.append(archive) }
  mutating func mended(_ index: String) { report.mendedIndexes.append(index) }
  mutating func lose(_ blobs: some Sequence<Digest>) { lostBlobs.formUnion(blobs) }
  mutating func set(head: Int64) { report.head = head }

  /// What is not looked at counts as right.
  mutating func pass(to place: LogPlace) { self.place = place }

  /// One segment's file.
  ///
  /// - Parameters:
  ///   - end: where its batches must end.
  ///   - last: its last event; `chain`: the checksum of its last batch, where something else says it.
  /// - Returns: its index, as its batches say it.
  mutating func walk(
    _ file: any LogFile, _ name: String, _ identity: SegmentIdentity, to end: Int, last: Int64, chain: UInt32?,
    spacing: Int
  ) throws(SluiceError) -> SegmentIndex {
    let damagesBefore = report.damageCount
    report.segments += 1
    try page(of: file, name, identity)
    if identity.kind == .events && place.sequence != identity.first {
      add(
        LogDamage(
          .segment, file: name, first: min(place.sequence, identity.first),
          last: max(place.sequence, identity.first) - 1, what: "it does not follow the segment before it"))
      place.chain = nil
    }
    var index = SegmentIndex(spacing: spacing)
    var walk = SegmentWalk(
      SegmentWindow(file), of: identity,
      from: LogPlace(
        offset: SegmentHeader.bytes, sequence: identity.first, chain: identity.kind == .events ? place.chain : 0),
      to: end)
    var source = SegmentWindow(file)
    while true {
      let expected = walk.place.sequence
      guard let finding = try walk.next() else { break }
      for damage in LogDamage.all(of: finding, in: name, from: expected) { add(damage) }
      tell(finding.bytes)
      report.bytes += finding.bytes
      guard case .batch(let batch) = finding else { continue }
      index.add(batch)
      try look(batch, name, &source)
    }
    if report.damageCount == damagesBefore, let damage = endDamage(walk.place, name, end, last, chain) { add(damage) }
    if identity.kind == .events { place = LogPlace(offset: 0, sequence: last + 1, chain: chain ?? walk.place.chain) }
    return index
  }

  private func endDamage(
    _ found: LogPlace, _ name: String, _ end: Int, _ last: Int64, _ chain: UInt32?
  ) -> LogDamage? {
    if found.offset == end && found.sequence == last + 1 && chain ?? found.chain == found.chain { return nil }
    if found.sequence <= last {
      return LogDamage(
        .batch, file: name, offset: found.offset, bytes: max(0, end - found.offset), first: found.sequence, last: last,
        what: "batches are missing at the segment's end")
    }
    return LogDamage(
      .chain, file: name, offset: found.offset, what: "the segment does not end as the next one says it does")
  }

  private mutating func page(
    of file: any LogFile, _ name: String, _ identity: SegmentIdentity
  ) throws(SluiceError) {
    let page = try file.bytes(at: 0, SegmentHeader.bytes)
    let copies = page.count < SegmentHeader.bytes ? 0 : page.withUnsafeBytes(SegmentHeader.soundCopies)
    if copies < SegmentHeader.copies.count {
      add(
        LogDamage(
          .header, file: name, bytes: SegmentHeader.bytes,
          what: copies > 0
            ? "one of the two copies of the segment's header does not hold" : "the segment's header does not hold"))
    }
  }

  // MARK: What lies in a batch

  private mutating func look(
    _ batch: FoundBatch, _ name: String, _ source: inout SegmentWindow
  ) throws(SluiceError) {
    report.batches += 1
    report.records += batch.header.records
    report.events += Int64(batch.header.events)
    report.blobs += batch.header.blobs
    let brought = Set(batch.blobs.map(\.digest))
    for record in batch.records {
      let bytes = try source.bytes(record.offset, record.length)
      if batch.faults.contains(.record(record)) {
        tell(of: DamagedEvent.all(in: bytes), in: record)
      } else {
        try look(LoggedRecord(last: record.last, count: record.events, bytes: bytes), at: record, name, brought)
      }
    }
    for blob in batch.blobs {
      if batch.faults.contains(.blob(blob.digest, blob.place)) {
        lostBlobs.insert(blob.digest)
      } else if try digest(of: blob.place, &source) != blob.digest {
        lostBlobs.insert(blob.digest)
        add(
          LogDamage(
            .blob, file: name, offset: blob.place.offset, bytes: blob.place.length,
            what: "the bytes of blob \(blob.digest) have another digest"))
      }
    }
  }

  private mutating func look(
    _ logged: LoggedRecord, at place: RecordPlace, _ name: String, _ brought: Set<Digest>
  ) throws(SluiceError) {
    let record: Record
    do throws(SluiceError) { record = try logged.decoded().record } catch {
      var damage = LogDamage(
        .content, file: name, offset: place.offset, bytes: place.length, first: place.first, last: place.last,
        what: "a record is whole but cannot be read")
      damage.events = DamagedEvent.all(in: logged.bytes)
      return add(damage)
    }
    if let first = record.events.first {
      let reached = unfollowed.filter { report.damages[$0].last ?? 0 < place.first }
      for number in reached { report.damages[number].precedes = first.id.description }
      unfollowed.removeAll { reached.contains($0) }
    }
    lastEvent = record.events.last?.id.description ?? lastEvent
    for (number, event) in record.events.enumerated() {
      guard let digest = event.fact.blob, !brought.contains(digest), try !knows(digest) else { continue }
      add(LogDamage(event, place.first + Int64(number), names: digest, name, place))
    }
  }

  private mutating func tell(of events: [DamagedEvent], in record: RecordPlace) {
    guard let number = report.damages.lastIndex(where: { $0.kind == .record && $0.offset == record.offset }) else {
      return
    }
    report.damages[number].events = events
  }

  /// Adds the events of a segment that name one of these blobs.
  mutating func find(
    _ lost: Set<Digest>, in file: any LogFile, _ name: String, _ identity: SegmentIdentity, to end: Int
  ) throws(SluiceError) {
    let start = LogPlace(offset: SegmentHeader.bytes, sequence: identity.first, chain: nil)
    var walk = SegmentWalk(SegmentWindow(file), of: identity, from: start, to: end, checksBodies: false)
    var source = SegmentWindow(file)
    while let finding = try walk.next() {
      guard case .batch(let batch) = finding else { continue }
      for place in batch.records {
        let bytes = try source.bytes(place.offset, place.length)
        let logged = LoggedRecord(last: place.last, count: place.events, bytes: bytes)
        let record: Record
        do throws(SluiceError) { record = try logged.decoded().record } catch { continue }
        for (number, event) in record.events.enumerated() {
          guard let digest = event.fact.blob, lost.contains(digest) else { continue }
          add(LogDamage(event, place.first + Int64(number), names: digest, name, place))
        }
      }
    }
  }

  private func digest(of place: BlobPlace, _ source: inout SegmentWindow) throws(SluiceError) -> Digest {
    var hash = Digest.Stream()
    try source.pieces(place.offset, place.length) { hash.update($0) }
    return hash.finish()
  }
}

extension LogDamage {
  /// An event that names a blob which is not there.
  init(_ event: Event, _ sequence: Int64, names digest: Digest, _ file: String, _ place: RecordPlace) {
    self.init(
      .reference, file: file, offset: place.offset, bytes: place.length, first: sequence, last: sequence,
      what: "an event names blob \(digest), which cannot be read")
    events = [DamagedEvent(id: event.id.description, type: event.fact.type)]
  }
}

extension DamagedEvent {
  /// Events that can be told in the bytes of a record, damaged or not.
  ///
  /// Keys are sorted, so that an event's own `id` is the last one before its `type`, and the type ends it.
  static func all(in bytes: [UInt8]) -> [DamagedEvent] {
    let text = String(decoding: bytes, as: UTF8.self)
    var events: [DamagedEvent] = []
    for piece in text.split(separator: #""specversion":""#, omittingEmptySubsequences: false).enumerated() {
      // An event's id stands before its specversion, its type behind it.
      if piece.offset > 0, let type = value(of: "type", in: piece.element, last: false), !events.isEmpty {
        events[events.count - 1].type = type
      }
      if let id = value(of: "id", in: piece.element, last: true) { events.append(DamagedEvent(id: id, type: nil)) }
    }
    return events
  }

  private static func value(of key: String, in text: Substring, last: Bool) -> String? {
    let marks = text.ranges(of: "\"\(key)\":\"")
    guard let mark = last ? marks.last : marks.first else { return nil }
    let value = text[mark.upperBound...].prefix { $0 != "\"" }
    return value.isEmpty ? nil : String(value)
  }
}
