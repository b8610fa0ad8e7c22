import Crypto
package import FoundationEssentials

/// A SHA-256 digest; as text 64 lowercase hexadecimal digits.
package struct Digest: Sendable, Hashable, Comparable {
  private let a: UInt64, b: UInt64, c: UInt64, d: UInt64

  package static func of(_ bytes: some DataProtocol) -> Digest {
    Digest(hash: SHA256.hash(data: bytes))
  }

  package static func of(_ text: String) -> Digest {
    var text = text
    return text.withUTF8 { bytes in
      var hash = SHA256()
      hash.update(bufferPointer: UnsafeRawBufferPointer(bytes))
      return Digest(hash: hash.finalize())
    }
  }

  package static func of(_ bytes: [UInt8]) -> Digest {
    bytes.withUnsafeBytes { bytes in
      var hash = SHA256()
      hash.update(bufferPointer: bytes)
      return Digest(hash: hash.finalize())
    }
  }

  /// Reads 64 hexadecimal digits, upper or lower case; nil for anything else.
  package init?(hex: some StringProtocol) {
    guard hex.utf8.count == 64 else { return nil }
    var words: [UInt64] = []
    var word: UInt64 = 0
    for (index, byte) in hex.utf8.enumerated() {
      let nibble: UInt8
      switch byte {
      case 0x30...0x39: nibble = byte - 0x30
      case 0x61...0x66: nibble = byte - 0x61 + 10
      case 0x41...0x46: nibble = byte - 0x41 + 10
      default: return nil
      }
      word = word << 4 | UInt64(nibble)
      if index % 16 == 15 {
        words.append(word)
        word = 0
      }
    }
    (a, b, c, d) = (words[0], words[1], words[2], words[3])
  }

  package var hex: String {
    String(unsafeUninitializedCapacity: 64) { buffer in
      write(to: UnsafeMutableRawBufferPointer(buffer))
      return 64
    }
  }

  /// Puts what `hex` is behind other bytes.
  package func write(to bytes: inout [UInt8]) {
    withUnsafeTemporaryAllocation(byteCount: 64, alignment: 8) { buffer in
      write(to: buffer)
      bytes.append(contentsOf: buffer)
    }
  }

  private func write(to buffer: UnsafeMutableRawBufferPointer) {
    var place = 0
    for word in (0..<4) {
      let word = word == 0 ? a : word == 1 ? b : word == 2 ? c : d
      let (high, low) = (UInt32(truncatingIfNeeded: word >> 32), UInt32(truncatingIfNeeded: word))
      buffer.storeBytes(of: Digest.digits(of: high).bigEndian, toByteOffset: place, as: UInt64.self)
      buffer.storeBytes(of: Digest.digits(of: low).bigEndian, toByteOffset: place + 8, as: UInt64.self)
      place += 16
    }
  }

  /// Eight hexadecimal digits, the first in the highest byte.
  private static func digits(of word: UInt32) -> UInt64 {
    // A digit to a byte.
    var spread = UInt64(word)
    spread = (spread | spread << 16) & 0x0000_FFFF_0000_FFFF
    spread = (spread | spread << 8) & 0x00FF_00FF_00FF_00FF
    spread = (spread | spread << 4) & 0x0F0F_0F0F_0F0F_0F0F
    // One in each byte of a letter, which is 39 further than a digit would be.
    let letters = (spread + 0x0606_0606_0606_0606) >> 4 & 0x0101_0101_0101_0101
    return spread + 0x3030_3030_3030_3030 + letters * 39
  }

  /// Its 256 bits, the first ones first.
  package var words: (UInt64, UInt64, UInt64, UInt64) { (a, b, c, d) }
  package init(words: (UInt64, UInt64, UInt64, UInt64)) { (a, b, c, d) = words }

  package static func < (left: Digest, right: Digest) -> Bool {
    (left.a, left.b, left.c, left.d) < (right.a, right.b, right.c, right.d)
  }

  fileprivate init(hash: SHA256.Digest) {
    (a, b, c, d) = hash.withUnsafeBytes { bytes in
      func word(_ index: Int) -> UInt64 {
        UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: index * 8, as: UInt64.self))
      }
      return (word(0), word(1), word(2), word(3))
    }
  }

  /// Takes bytes piece by piece, for what does not fit in memory.
  package struct Stream {
    private var hash = SHA256()
    package init() {}
    package mutating func update(_ bytes: UnsafeRawBufferPointer) { hash.update(bufferPointer: bytes) }
    package mutating func update(_ bytes: some DataProtocol) { hash.update(data: bytes) }
    package func finish() -> Digest { Digest(hash: hash.finalize()) }
  }
}

extension Digest: CustomStringConvertible {
  package var description: String { hex }
}

extension Digest: Codable {
  package init(from decoder: any Decoder) throws {
    let text = try decoder.singleValueContainer().decode(String.self)
    guard let digest = Digest(hex: text) else {
      throw DecodingError.dataCorrupted(
        .init(codingPath: decoder.codingPath, debugDescription: "not a SHA-256 in hexadecimal: \(text.prefix(80))"))
    }
    self = digest
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(hex)
  }
}
