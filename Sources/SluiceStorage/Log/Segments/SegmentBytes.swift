package import SluiceModel

/// Where the bytes of a segment come from: memory, or a file that is read piece by piece.
package protocol SegmentBytes {
  /// Shows `count` bytes from `offset` on; where they end, zeros follow.
  /// - Throws: `log.failed` where they cannot be read.
  mutating func look<Value>(
    at offset: Int, _ count: Int, _ body: (UnsafeRawBufferPointer) -> Value
  ) throws(SluiceError) -> Value
}

extension SegmentBytes {
  /// The checksum of a stretch, however long.
  mutating func checksum(_ offset: Int, _ count: Int) throws(SluiceError) -> UInt32 {
    var check = CRC32C()
    try pieces(offset, count) { check.update($0) }
    return check.value
  }

  mutating func isZero(_ stretch: Range<Int>) throws(SluiceError) -> Bool {
    var isZero = true
    try pieces(stretch.lowerBound, stretch.count) { isZero = isZero && $0.isZero }
    return isZero
  }

  /// The bytes of a stretch in pieces of at most 64 KiB.
  mutating func pieces(_ offset: Int, _ count: Int, _ body: (UnsafeRawBufferPointer) -> Void) throws(SluiceError) {
    var (place, left) = (offset, count)
    while left > 0 {
      let piece = min(left, 64 * 1024)
      try look(at: place, piece, body)
      (place, left) = (place + piece, left - piece)
    }
  }

  mutating func bytes(_ offset: Int, _ count: Int) throws(SluiceError) -> [UInt8] {
    try look(at: offset, count) { Array($0) }
  }
}

/// Bytes that are in memory already.
package struct BytesInMemory: SegmentBytes {
  private let bytes: [UInt8]
  package init(_ bytes: [UInt8]) { self.bytes = bytes }

  package mutating func look<Value>(
    at offset: Int, _ count: Int, _ body: (UnsafeRawBufferPointer) -> Value
  ) throws(SluiceError) -> Value {
    let there = max(0, min(count, bytes.count - offset))
    if there == count { return bytes.withUnsafeBytes { body($0.part(offset, count)) } }
    let padded = Array(bytes.dropFirst(offset).prefix(there)) + [UInt8](repeating: 0, count: count - there)
    return padded.withUnsafeBytes { body($0) }
  }
}

/// A file, through a buffer that moves over it.
package struct SegmentWindow: SegmentBytes {
  private let file: any LogFile
  private var stride: Int
  private let largestStride: Int
  private var buffer: [UInt8] = []
  private var loaded = 0..<0

  /// - Parameter stride: what the first read takes at least; later ones take more.
  package init(_ file: any LogFile, stride: Int = 256 * 1024, upTo largestStride: Int = 256 * 1024) {
    (self.file, self.stride, self.largestStride) = (file, stride, largestStride)
  }

  package mutating func look<Value>(
    at offset: Int, _ count: Int, _ body: (UnsafeRawBufferPointer) -> Value
  ) throws(SluiceError) -> Value {
    if offset < loaded.lowerBound || offset + count > loaded.upperBound { try load(offset, count) }
    let start = offset - loaded.lowerBound
    return buffer.withUnsafeBytes { body($0.part(start, count)) }
  }

  private mutating func load(_ offset: Int, _ wanted: Int) throws(SluiceError) {
    let count = max(wanted, stride)
    if buffer.count < count { buffer = [UInt8](repeating: 0, count: count) }
    loaded = 0..<0
    let file = file
    let read = try buffer.lendMutable { (bytes) throws(SluiceError) in
      let read = try file.read(at: offset, into: bytes.part(0, count))
      if read < wanted { bytes.part(read, wanted - read).initializeMemory(as: UInt8.self, repeating: 0) }
      return read
    }
    loaded = offset..<offset + max(read, wanted)
    stride = min(stride * 2, largestStride)
  }
}
