package import SluiceModel
import Synchronization

extension SegmentEngine {
  /// Reads what lies in a folder and goes on behind it; makes the folder, and an empty log, where there is none.
  ///
  /// Sealed segments are taken by their headers; of the active one every batch is checked. Damage is said in the
  /// answer: such a log can be read, and refuses to be written.
  ///
  /// - Parameters:
  ///   - chance: makes the identity of a new log.
  ///   - cutsDamagedTail: what is damaged and has nothing sound behind it is cut off as if it were torn. For somebody
  ///     who has no backup and has read what is lost.
  /// - Throws: `log.damaged` where nothing can be read; `log.failed`, `log.full`.
  package static func open(
    _ folder: String, _ files: any LogFiles, _ settings: Settings = Settings(), now: Int64,
    chance: () -> UInt64, cutsDamagedTail: Bool = false
  ) throws(SluiceError) -> (engine: SegmentEngine, found: LogOpening) {
    var found = LogOpening()
    let names = try tidied(folder, files, &found)
    let listing = try SegmentListing(names, folder, files)
    guard let last = listing.headers.last else {
      if let stub = listing.stubs.last {
        throw LogDamage(
          .segment, file: SegmentName.text(stub.last + 1, SegmentName.events), first: stub.last + 1,
          what: "every segment is gone, there are stubs of archived ones alone"
        ).error(in: folder)
      }
      let log = LogIdentity(high: chance(), low: chance())
      let header = SegmentHeader(SegmentIdentity(log: log, first: 1), made: now, before: nil)
      let (file, size) = try begin(header, in: folder, files, settings)
      let active = ActiveSegment(header, file, size: size, settings)
      return (SegmentEngine(folder, files, settings, [], active, found), found)
    }
    let sealed = try listing.sealed(folder, files, &found.damages)
    guard let file = try files.open(folder + "/" + last.name, .writing) else {
      throw LogDamage(.segment, file: last.name, what: "the segment is gone").error(in: folder)
    }
    var active = ActiveSegment(last.header, file, size: try file.size(), settings)
    try active.scan(last, cutsDamagedTail, settings, &found)
    return (SegmentEngine(folder, files, settings, sealed, active, found), found)
  }

  /// The names in the folder, without files that were begun and never finished.
  private static func tidied(
    _ folder: String, _ files: any LogFiles, _ found: inout LogOpening
  ) throws(SluiceError) -> [String] {
    guard let names = try files.names(in: folder) else {
      try files.makeFolder(folder)
      return []
    }
    if names.contains(LogBackup.unfinishedRestore) {
      throw SluiceError(
        .logDamaged, what: "a restore into this folder was begun and not finished", at: folder,
        fix: "empty the folder and restore again")
    }
    for name in names where name.hasSuffix(SegmentName.unfinished) {
      try files.remove(folder + "/" + name)
      found.unfinished.append(name)
    }
    // A segment beside its own stub: an archiving that was not finished, or one that was brought back.
    for name in names {
      guard let first = SegmentName.sequence(in: name, SegmentName.stub),
        names.contains(SegmentName.text(first, SegmentName.events))
      else { continue }
      for ending in [SegmentName.stub, SegmentName.blobs, SegmentName.index] {
        try files.remove(folder + "/" + SegmentName.text(first, ending))
      }
      try files.syncFolder(folder)
      found.unfinished.append(name)
    }
    return try files.names(in: folder) ?? []
  }

  private convenience init(
    _ folder: String, _ files: any LogFiles, _ settings: Settings, _ sealed: [SealedSegment], _ active: ActiveSegment,
    _ found: LogOpening
  ) {
    let damage = found.damages.first?.error(in: folder, refuses: "; nothing more is written")
    self.init(
      folder, files, settings,
      Readable(
        sealed: sealed, active: active.header.identity, file: active.file, index: active.index,
        end: active.place.offset, head: active.place.sequence - 1),
      Writing(
        header: active.header, file: active.file, place: active.place, size: max(active.size, active.place.offset),
        time: active.time, condition: damage.map { .damaged($0) } ?? .sound))
  }
}

/// The segment that batches are added to, as it is found at opening.
private struct ActiveSegment {
  let header: SegmentHeader
  let file: any LogFile
  var size: Int
  var index: SegmentIndex
  var place: LogPlace
  var time: Int64

  init(_ header: SegmentHeader, _ file: any LogFile, size: Int, _ settings: SegmentEngine.Settings) {
    (self.header, self.file, self.size) = (header, file, size)
    index = SegmentIndex(spacing: settings.indexedBytes)
    (place, time) = (header.start, header.made)
  }

  /// Walks over all of it; what a power cut left is cut off.
  mutating func scan(
    _ named: SegmentListing.Named, _ cutsDamage: Bool, _ settings: SegmentEngine.Settings, _ found: inout LogOpening
  ) throws(SluiceError) {
    var walk = SegmentWalk(SegmentWindow(file), of: header.identity, from: named.start, to: size)
    var trouble: [Finding] = []
    var sound = named.start
    while let finding = try walk.next() {
      if case .batch(let batch) = finding {
        index.add(batch)
        time = max(time, batch.header.time)
      }
      if finding.isSound {
        found.damages += trouble.flatMap { LogDamage.all(of: $0, in: named.name, from: sound.sequence) }
        trouble = []
        sound = walk.place
      } else {
        trouble.append(finding)
      }
    }
    place = sound
    var source = SegmentWindow(file)
    switch try SegmentTail.verdict(on: trouble, in: &source, size: size) {
    case .clean: return
    case .damaged where !cutsDamage:
      found.damages += trouble.flatMap { LogDamage.all(of: $0, in: named.name, from: sound.sequence) }
      place = walk.place
    case .damaged, .torn:
      found.torn = LogOpening.TornTail(
        file: named.name, offset: sound.offset, bytes: trouble.reduce(0) { $0 + $1.bytes })
      try file.truncate(to: sound.offset)
      try file.sync()
      size = sound.offset
      index = try SegmentIndex(of: header.identity, in: file, from: named.start, to: size, settings.indexedBytes)
    }
  }
}

extension Finding {
  var bytes: Int {
    switch self {
    case .batch(let batch): batch.header.length
    case .gap(let gap, _): gap.count
    }
  }
}

extension SegmentIndex {
  /// The index of a segment, from its headers and tables.
  init(
    of identity: SegmentIdentity, in file: any LogFile, from start: LogPlace, to end: Int, _ spacing: Int
  ) throws(SluiceError) {
    self.init(spacing: spacing)
    var walk = SegmentWalk(
      SegmentWindow(file, stride: 64 * 1024), of: identity, from: start, to: end, checksBodies: false)
    while let finding = try walk.next() {
      if case .batch(let batch) = finding { add(batch) }
    }
  }
}
