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
      var place = 0
      for word in [a, b, c, d] {
        for shift in stride(from: 60, through: 0, by: -4) {
          let nibble = UInt8(truncatingIfNeeded: word >> UInt64(shift)) & 0xf
          buffer[place] = nibble < 10 ? 0x30 + nibble : 0x57 + nibble
          place += 1
        }
      }
      return place
    }
  }

  /// Puts what `hex` is behind other bytes.
  package func write(to bytes: inout [UInt8]) {
    let digits: StaticString = "0123456789abcdef"
    digits.withUTF8Buffer { digits in
      withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 64) { buffer in
        var place = 0
        for word in (0..<4) {
          let word = word == 0 ? a : word == 1 ? b : word == 2 ? c : d
          for shift in stride(from: 60, through: 0, by: -4) {
            buffer[place] = digits[Int(truncatingIfNeeded: word >> UInt64(shift)) & 0xf]
            place += 1
          }
        }
        bytes.append(contentsOf: buffer)
      }
    }
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
