import SluiceModel

/// Writes a row of numbers, digests and texts, one behind the other.
struct RowWriter {
  private(set) var bytes: [UInt8] = []

  init() { bytes.reserveCapacity(512) }

  mutating func put(_ byte: UInt8) { bytes.append(byte) }

  /// Seven bits to a byte, the lowest first: most numbers are small.
  mutating func put(_ number: UInt64) {
    var rest = number
    while rest >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(rest))
  }
  mutating func put(signed number: Int64) { put(UInt64(bitPattern: number << 1 ^ number >> 63)) }
  mutating func put(word: UInt64) {
    withUnsafeBytes(of: word.littleEndian) { bytes.append(contentsOf: $0) }
  }
  mutating func put(_ digest: Digest) {
    let words = digest.words
    put(word: words.0)
    put(word: words.1)
    put(word: words.2)
    put(word: words.3)
  }
  mutating func put(_ text: String) {
    var text = text
    text.withUTF8 { text in
      put(UInt64(text.count))
      bytes.append(contentsOf: text)
    }
  }
  /// One more than its length, so that nil is told from an empty text.
  mutating func put(_ text: String?) {
    guard var text else { return put(UInt64(0)) }
    text.withUTF8 { text in
      put(UInt64(text.count) + 1)
      bytes.append(contentsOf: text)
    }
  }
  mutating func put(part: [UInt8]) {
    put(UInt64(part.count))
    bytes += part
  }
}

/// Reads what a `RowWriter` wrote.
struct RowReader {
  /// The row is no such row.
  struct Broken: Error {}

  let bytes: UnsafeRawBufferPointer
  private var at = 0

  init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

  var isAtEnd: Bool { at == bytes.count }

  private mutating func pass(_ count: Int) throws(Broken) -> Int {
    guard count >= 0, count <= bytes.count - at else { throw Broken() }
    defer { at += count }
    return at
  }

  mutating func byte() throws(Broken) -> UInt8 { bytes[try pass(1)] }

  mutating func number() throws(Broken) -> UInt64 {
    var (number, shift): (UInt64, UInt64) = (0, 0)
    while true {
      let byte = try byte()
      guard shift < 64 else { throw Broken() }
      number |= UInt64(byte & 0x7F) << shift
      if byte < 0x80 { return number }
      shift += 7
    }
  }
  mutating func count() throws(Broken) -> Int {
    guard let count = Int(exactly: try number()) else { throw Broken() }
    return count
  }
  mutating func signed() throws(Broken) -> Int64 {
    let number = try number()
    return Int64(bitPattern: number >> 1) ^ -Int64(bitPattern: number & 1)
  }
  mutating func small() throws(Broken) -> Int32 {
    guard let small = Int32(exactly: try signed()) else { throw Broken() }
    return small
  }
  mutating func word() throws(Broken) -> UInt64 {
    UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: try pass(8), as: UInt64.self))
  }
  mutating func digest() throws(Broken) -> Digest {
    Digest(words: (try word(), try word(), try word(), try word()))
  }
  mutating func part() throws(Broken) -> UnsafeRawBufferPointer {
    let count = try count()
    let start = try pass(count)
    return UnsafeRawBufferPointer(rebasing: bytes[start..<(start + count)])
  }
  mutating func text() throws(Broken) -> String { String(decoding: try part(), as: UTF8.self) }
  mutating func textIfAny() throws(Broken) -> String? {
    let count = try count()
    guard count > 0 else { return nil }
    let start = try pass(count - 1)
    return String(decoding: UnsafeRawBufferPointer(rebasing: bytes[start..<(start + count - 1)]), as: UTF8.self)
  }
}
