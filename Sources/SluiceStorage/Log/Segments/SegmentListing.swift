import SluiceModel

/// The segments that a folder has, by their names and headers.
struct SegmentListing {
  struct Named {
    let name: String
    let header: SegmentHeader
    /// Whether the header on disk holds; else it was made up from the name.
    let isSound: Bool

    var start: LogPlace {
      isSound ? header.start : LogPlace(offset: SegmentHeader.bytes, sequence: header.identity.first, chain: nil)
    }
  }
  private(set) var stubs: [ArchiveStub] = []
  private(set) var headers: [Named] = []
  private var damages: [LogDamage] = []

  /// - Throws: `log.damaged` where no header says which log this is; `log.failed` where a later Sluice wrote it.
  init(_ names: [String], _ folder: String, _ files: any LogFiles) throws(SluiceError) {
    for name in names where SegmentName.sequence(in: name, SegmentName.stub) != nil {
      guard let file = try files.open(folder + "/" + name, .reading) else { continue }
      if let stub = ArchiveStub.decode(try file.bytes(at: 0, try file.size())) {
        stubs.append(stub)
      } else {
        damages.append(
          LogDamage(.archive, file: name, what: "the stub does not say any more where the segment's events are"))
      }
    }
    var readings: [(name: String, first: Int64, header: SegmentHeader?)] = []
    for name in names {
      guard let first = SegmentName.sequence(in: name, SegmentName.events) else { continue }
      readings.append((name, first, try SegmentListing.header(name, first, folder, files)))
    }
    guard !readings.isEmpty else { return }
    guard let log = readings.compactMap({ $0.header?.identity.log }).first else {
      throw LogDamage(.header, file: readings[0].name, what: "no segment says which log it belongs to")
        .error(in: folder)
    }
    for (name, first, header) in readings {
      if header == nil { damages.append(LogDamage(.header, file: name, what: "the segment's header does not hold")) }
      if let header, header.identity.log != log {
        throw SluiceError(
          .logDamaged, what: "\(name) belongs to another log than \(readings[0].name)", at: folder,
          fix: "take it out of the folder, and restore the right one from a backup")
      }
      let guessed = SegmentHeader(SegmentIdentity(log: log, first: first), made: 0, before: nil)
      headers.append(Named(name: name, header: header ?? guessed, isSound: header != nil))
    }
  }

  static func header(
    _ name: String, _ first: Int64, _ folder: String, _ files: any LogFiles
  ) throws(SluiceError) -> SegmentHeader? {
    guard let file = try files.open(folder + "/" + name, .reading) else { return nil }
    let page = try file.bytes(at: 0, SegmentHeader.bytes)
    guard page.count == SegmentHeader.bytes else { return nil }
    switch page.withUnsafeBytes(SegmentHeader.decode) {
    case .header(let header): return header.identity.first == first ? header : nil
    case .damaged: return nil
    case .newer(let format):
      throw SluiceError(
        .logFailed, what: "a later Sluice wrote this log (format \(format))", at: folder + "/" + name,
        fix: "update Sluice")
    }
  }

  /// All segments but the last one, archived ones first, each held against what its successor says of it.
  func sealed(
    _ folder: String, _ files: any LogFiles, _ damages: inout [LogDamage]
  ) throws(SluiceError) -> [SealedSegment] {
    damages += self.damages
    var sealed: [SealedSegment] = []
    var expected: Int64 = 1
    func follow(_ first: Int64) {
      guard first != expected else { return }
      damages.append(
        LogDamage(
          .segment, file: SegmentName.text(expected, SegmentName.events), first: expected, last: first - 1,
          what: "segments are missing"))
    }
    for stub in stubs {
      follow(stub.first)
      let identity = SegmentIdentity(log: headers[0].header.identity.log, first: stub.first, kind: .blobs)
      sealed.append(
        SealedSegment(identity: identity, last: stub.last, end: stub.blobs, chain: stub.chain, archive: stub))
      expected = stub.last + 1
    }
    for (number, named) in headers.enumerated() {
      follow(named.header.identity.first)
      guard number + 1 < headers.count else { break }
      let (segment, damage) = try seal(named, before: headers[number + 1], folder, files)
      if let damage { damages.append(damage) }
      sealed.append(segment)
      expected = segment.last + 1
    }
    return sealed
  }

  private func seal(
    _ named: Named, before next: Named, _ folder: String, _ files: any LogFiles
  ) throws(SluiceError) -> (SealedSegment, LogDamage?) {
    let identity = named.header.identity
    guard let file = try files.open(folder + "/" + named.name, .reading) else {
      throw LogDamage(.segment, file: named.name, what: "the segment is gone").error(in: folder)
    }
    let size = try file.size()
    guard next.isSound, let before = next.header.before, before.first == identity.first else {
      // The next one does not say where this one ends: its batches do.
      var walk = SegmentWalk(
        SegmentWindow(file), of: identity, from: named.start, to: size, checksBodies: false)
      while try walk.next() != nil {}
      let end = walk.place
      return (
        SealedSegment(identity: identity, last: end.sequence - 1, end: end.offset, chain: nil, archive: nil), nil
      )
    }
    let segment = SealedSegment(
      identity: identity, last: next.header.identity.first - 1, end: before.end, chain: before.chain, archive: nil)
    guard size < before.end else { return (segment, nil) }
    return (
      segment,
      LogDamage(
        .segment, file: named.name, offset: size, bytes: before.end - size, last: segment.last,
        what: "the segment was cut off: it has \(size) bytes and had \(before.end)")
    )
  }
}
