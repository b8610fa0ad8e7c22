package import SluiceModel
import Synchronization

extension SegmentEngine {
  /// Walks over everything that was synced when it began, in the log and in its archives.
  ///
  /// Damage is the answer and never an error. An index that does not agree with its segment is made anew.
  ///
  /// - Parameter tell: hears now and then how far it is.
  /// - Throws: `log.failed` where the disk cannot be read.
  package func verify(_ tell: @escaping (LogProgress) -> Void = { _ in }) throws(SluiceError) -> LogReport {
    try maintenance.withLock { (_) throws(SluiceError) in
      let now = readable.withLock { ($0.sealed, $0.active, $0.file, $0.end, $0.head) }
      let (sealed, active, file, end, head) = now
      let meter = Meter(inAll: sealed.reduce(end) { $0 + ($1.archive?.end ?? 0) + $1.end }, tell)
      var inspection = LogInspection(
        knows: { (digest) throws(SluiceError) in try self.find(digest) != nil }, tell: meter.add)
      for segment in sealed {
        meter.segment = segment.name
        if let stub = segment.archive { try look(at: stub, &inspection) }
        if segment.end > 0 { try look(at: segment, &inspection) }
      }
      meter.segment = SegmentName.text(active.first, SegmentName.events)
      _ = try inspection.walk(
        file, meter.segment, active, to: end, last: head, chain: nil, spacing: settings.indexedBytes)
      inspection.set(head: head)
      try nameThose(who: inspection.lostBlobs, sealed, active, file, end, &inspection)
      return inspection.report
    }
  }

  private func look(at segment: SealedSegment, _ inspection: inout LogInspection) throws(SluiceError) {
    guard let file = try files.open(path(segment.name), .reading) else {
      inspection.add(
        LogDamage(
          .segment, file: segment.name, first: segment.identity.first, last: segment.last, what: "the segment is gone"))
      inspection.pass(to: LogPlace(offset: 0, sequence: segment.last + 1, chain: segment.chain))
      return
    }
    let index = try inspection.walk(
      file, segment.name, segment.identity, to: segment.end,
      last: segment.identity.kind == .events ? segment.last : segment.identity.first - 1,
      chain: segment.identity.kind == .events ? segment.chain : nil, spacing: settings.indexedBytes)
    let name = SegmentName.text(segment.identity.first, SegmentName.index)
    let kept = try files.open(path(name), .reading)
    let bytes = try kept.map { (file) throws(SluiceError) in try file.bytes(at: 0, try file.size()) } ?? []
    guard bytes != IndexLayout.encode(index, of: segment.identity, end: segment.end) else { return }
    inspection.lose(IndexLayout.digests(in: bytes, of: segment.identity).filter { index.blobs[$0] == nil })
    inspection.mended(name)
    keep(index, of: segment)
  }

  /// The archived copy, where it can be reached.
  private func look(at stub: ArchiveStub, _ inspection: inout LogInspection) throws(SluiceError) {
    let name = SegmentName.text(stub.first, SegmentName.events)
    let identity = SegmentIdentity(log: readable.withLock { $0.active.log }, first: stub.first)
    let file = try files.open(stub.folder + "/" + name, .reading)
    inspection.add(
      ArchivedSegment(first: stub.first, last: stub.last, folder: stub.folder, isReachable: file != nil))
    guard let file else {
      return inspection.pass(to: LogPlace(offset: 0, sequence: stub.last + 1, chain: stub.chain))
    }
    _ = try inspection.walk(
      file, stub.folder + "/" + name, identity, to: stub.end, last: stub.last, chain: stub.chain,
      spacing: settings.indexedBytes)
  }

  /// Records that name blobs which cannot be read any more: only where there are such blobs, everything is read again.
  private func nameThose(
    who lost: Set<Digest>, _ sealed: [SealedSegment], _ active: SegmentIdentity, _ file: any LogFile, _ end: Int,
    _ inspection: inout LogInspection
  ) throws(SluiceError) {
    let lost = lost.filter { digest in
      do throws(SluiceError) { return try blob(digest) == nil } catch { return true }
    }
    guard !lost.isEmpty else { return }
    for segment in sealed where segment.archive == nil {
      guard let file = try files.open(path(segment.name), .reading) else { continue }
      try inspection.find(lost, in: file, segment.name, segment.identity, to: segment.end)
    }
    try inspection.find(lost, in: file, SegmentName.text(active.first, SegmentName.events), active, to: end)
  }
}

/// How far a look is, told in steps that a person can follow.
private final class Meter {
  var segment = ""
  private let inAll: Int
  private let tell: (LogProgress) -> Void
  private var done = 0
  private var told = 0

  init(inAll: Int, _ tell: @escaping (LogProgress) -> Void) { (self.inAll, self.tell) = (inAll, tell) }

  func add(_ bytes: Int) {
    done += bytes
    guard done - told >= Limits.scanBytes else { return }
    told = done
    tell(LogProgress(segment: segment, bytesDone: done, bytesInAll: max(done, inAll)))
  }
}
