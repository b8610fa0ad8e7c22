import SluiceModel
import Synchronization

/// A sealed segment's index: its file, or in memory where the disk took no file.
enum OpenIndex: Sendable {
  case file(any LogFile, IndexLayout)
  case memory(SegmentIndex)
}

extension SegmentEngine {
  /// From where on an event of a sealed segment is to be looked for.
  func place(of sequence: Int64, in segment: SealedSegment) throws(SluiceError) -> SegmentIndex.Place? {
    try look(segment) { (index) throws(SluiceError) in try index.place { $0.sequence <= sequence } }
  }

  /// The last indexed batch of a sealed segment that is older than this.
  func place(before time: Int64, in segment: SealedSegment) throws(SluiceError) -> SegmentIndex.Place? {
    try look(segment) { (index) throws(SluiceError) in try index.place { $0.time < time } }
  }

  func place(of digest: Digest, in segment: SealedSegment) throws(SluiceError) -> BlobPlace? {
    guard segment.end > 0 else { return nil }
    return try look(segment) { (index) throws(SluiceError) in try index.place(of: digest) }
  }

  /// Asks a segment's index; one that turns out to be damaged is made anew and asked again.
  private func look<Answer>(
    _ segment: SealedSegment, _ ask: (OpenIndex) throws(SluiceError) -> IndexAnswer<Answer>
  ) throws(SluiceError) -> Answer? {
    for _ in 0..<2 {
      if let index = try kept(segment), case .answer(let answer) = try ask(index) { return answer }
      _ = try rebuild(segment)
    }
    throw SluiceError(
      .logFailed, what: "the index of a segment is damaged again and again",
      at: path(SegmentName.text(segment.identity.first, SegmentName.index)), fix: "look at the disk")
  }

  /// The index as it was opened before, or as it lies on disk; nil where it is not there or not sound.
  private func kept(_ segment: SealedSegment) throws(SluiceError) -> OpenIndex? {
    let key = segment.name
    if let known = openIndexes.withLock({ $0[key] }) { return known }
    let name = SegmentName.text(segment.identity.first, SegmentName.index)
    guard let file = try files.open(path(name), .reading) else { return nil }
    let page = try file.bytes(at: 0, IndexLayout.pageBytes)
    guard page.count == IndexLayout.pageBytes else { return nil }
    let layout = page.withUnsafeBytes { page in
      IndexLayout.isSound(page, 0, of: segment.identity) ? IndexLayout.decode(page, of: segment.identity) : nil
    }
    guard let layout, layout.end == segment.end else { return nil }
    openIndexes.withLock { $0[key] = .file(file, layout) }
    return .file(file, layout)
  }

  /// Makes a segment's index from the segment.
  @discardableResult
  func rebuild(_ segment: SealedSegment) throws(SluiceError) -> SegmentIndex {
    try indexing.withLock { (_) throws(SluiceError) in
      let file = try open(segment)
      let start = LogPlace(offset: SegmentHeader.bytes, sequence: segment.identity.first, chain: nil)
      let index = try SegmentIndex(of: segment.identity, in: file, from: start, to: segment.end, settings.indexedBytes)
      keep(index, of: segment)
      return index
    }
  }

  /// Writes a segment's index beside it. It can be made again, so that what goes wrong here is no error of an append.
  func keep(_ index: SegmentIndex, of segment: SealedSegment) {
    let key = segment.name
    openIndexes.withLock { $0[key] = nil }
    do throws(SluiceError) {
      let bytes = IndexLayout.encode(index, of: segment.identity, end: segment.end)
      try files.put(bytes, at: path(SegmentName.text(segment.identity.first, SegmentName.index)))
    } catch {
      openIndexes.withLock { $0[key] = .memory(index) }
    }
  }

  /// A segment's file, kept open for those who come next.
  func open(_ segment: SealedSegment) throws(SluiceError) -> any LogFile {
    let name = segment.name
    if let known = openFiles.withLock({ $0[name] }) { return known }
    guard let file = try files.open(path(name), .reading) else {
      throw LogDamage(
        .segment, file: name, first: segment.identity.first, last: segment.last, what: "the segment is gone"
      ).error(in: folder)
    }
    openFiles.withLock { $0[name] = file }
    return file
  }
}

/// What an index says, unless it is damaged where it was asked.
private enum IndexAnswer<Answer> {
  case answer(Answer?)
  case damaged
}

extension OpenIndex {
  fileprivate func place(
    where isBefore: (SegmentIndex.Place) -> Bool
  ) throws(SluiceError) -> IndexAnswer<SegmentIndex.Place> {
    guard case .file(let file, let layout) = self else {
      if case .memory(let index) = self { return .answer(index.place(where: isBefore)) }
      return .damaged
    }
    var (low, high, found) = (0, layout.placePages - 1, nil as SegmentIndex.Place?)
    while low <= high {
      let middle = (low + high) / 2
      guard let places = try page(1 + middle, file, layout, { layout.places(in: $0, middle) }) else { return .damaged }
      let next = places.firstOfSecondHalf { !isBefore($0) }
      if next > 0 { found = places[next - 1] }
      if next == places.count { low = middle + 1 } else { high = next > 0 ? -1 : middle - 1 }
    }
    return .answer(found)
  }

  fileprivate func place(of digest: Digest) throws(SluiceError) -> IndexAnswer<BlobPlace> {
    guard case .file(let file, let layout) = self else {
      if case .memory(let index) = self { return .answer(index.blobs[digest]) }
      return .damaged
    }
    guard layout.blobPages > 0 else { return .answer(nil) }
    // Digests are spread evenly: the right page is the one that is as far along as the digest is, or one beside it.
    let guess = Int(Double(digest.words.0) / 0x1p64 * Double(layout.blobPages))
    var number = min(guess, layout.blobPages - 1)
    var step = 0
    while (0..<layout.blobPages).contains(number) {
      let first = 1 + layout.placePages
      let side = try page(first + number, file, layout) { layout.side(of: digest, in: $0, number) }
      switch side {
      case nil: return .damaged
      case .here(let place): return .answer(place)
      case .nowhere: return .answer(nil)
      case .before:
        if step > 0 { return .answer(nil) }
        step = -1
      case .after:
        if step < 0 { return .answer(nil) }
        step = 1
      }
      number += step
    }
    return .answer(nil)
  }

  /// What a page says; nil where it is damaged.
  private func page<Value>(
    _ number: Int, _ file: any LogFile, _ layout: IndexLayout, _ read: (UnsafeRawBufferPointer) -> Value
  ) throws(SluiceError) -> Value? {
    let bytes = try file.bytes(at: number * IndexLayout.pageBytes, IndexLayout.pageBytes)
    guard bytes.count == IndexLayout.pageBytes else { return nil }
    return bytes.withUnsafeBytes { page in
      IndexLayout.isSound(page, number, of: layout.segment) ? read(page) : nil
    }
  }
}
