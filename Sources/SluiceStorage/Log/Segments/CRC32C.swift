/// CRC-32C (Castagnoli), eight bytes at a step.
///
/// It finds every flipped bit, every burst of up to 32 bits and, of anything else, all but one in 2^32.
/// Source: RFC 3720, appendix B.4; slicing after Kounavis and Berry (Intel, 2005).
package struct CRC32C: Sendable, Equatable {
  private var remainder: UInt32 = .max

  package init() {}

  package var value: UInt32 { ~remainder }

  package static func of(_ bytes: UnsafeRawBufferPointer) -> UInt32 {
    var check = CRC32C()
    check.update(bytes)
    return check.value
  }

  package static func of(_ bytes: [UInt8]) -> UInt32 { bytes.withUnsafeBytes { of($0) } }

  package mutating func update(_ bytes: UnsafeRawBufferPointer) {
    remainder = CRC32C.tables.withUnsafeBufferPointer { CRC32C.advance(remainder, over: bytes, $0) }
  }

  package mutating func update(_ number: UInt64) { withUnsafeBytes(of: number.littleEndian) { update($0) } }

  private static func advance(
    _ remainder: UInt32, over bytes: UnsafeRawBufferPointer, _ tables: UnsafeBufferPointer<UInt32>
  ) -> UInt32 {
    var crc = remainder
    var place = 0
    while place + 8 <= bytes.count {
      let word = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: place, as: UInt64.self)) ^ UInt64(crc)
      let low = tables[7 * 256 + Int(word & 0xFF)] ^ tables[6 * 256 + Int(word >> 8 & 0xFF)]
      let middle = tables[5 * 256 + Int(word >> 16 & 0xFF)] ^ tables[4 * 256 + Int(word >> 24 & 0xFF)]
      let upper = tables[3 * 256 + Int(word >> 32 & 0xFF)] ^ tables[2 * 256 + Int(word >> 40 & 0xFF)]
      let high = tables[256 + Int(word >> 48 & 0xFF)] ^ tables[Int(word >> 56)]
      crc = low ^ middle ^ upper ^ high
      place += 8
    }
    while place < bytes.count {
      crc = tables[Int((crc ^ UInt32(bytes[place])) & 0xFF)] ^ crc >> 8
      place += 1
    }
    return crc
  }

  /// Table k is what a byte does that is followed by k others.
  private static let tables: [UInt32] = {
    var tables = [UInt32](repeating: 0, count: 8 * 256)
    for byte in 0..<256 {
      tables[byte] = (0..<8).reduce(UInt32(byte)) { crc, _ in crc & 1 == 1 ? crc >> 1 ^ 0x82F6_3B78 : crc >> 1 }
    }
    for place in 256..<8 * 256 {
      let before = tables[place - 256]
      tables[place] = tables[Int(before & 0xFF)] ^ before >> 8
    }
    return tables
  }()
}
