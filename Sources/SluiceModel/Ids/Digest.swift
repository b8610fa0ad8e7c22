import Crypto
package import FoundationEssentials

/// A SHA-256 digest; as text 64 lowercase hexadecimal digits.
package struct Digest: Sendable, Hashable, Comparable {
  private let a: UInt64, b: UInt64, c: UInt64, d: UInt64

  package static func of(_ bytes: some DataProtocol) -> Digest {
    Digest(hash: SHA256.hash(data: bytes))
  }

  package static func of(_ text: String) -> Digest {
    of(Array(text.utf8))
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
    [a, b, c, d].map { word in
      let digits = String(word, radix: 16)
      return String(repeating: "0", count: 16 - digits.count) + digits
    }.joined()
  }

  /// Its 256 bits, the first ones first.
  package var words: (UInt64, UInt64, UInt64, UInt64) { (a, b, c, d) }
  package init(words: (UInt64, UInt64, UInt64, UInt64)) { (a, b, c, d) = words }

  package static func < (left: Digest, right: Digest) -> Bool {
    (left.a, left.b, left.c, left.d) < (right.a, right.b, right.c, right.d)
  }

  fileprivate init(hash: SHA256.Digest) {
    let words = hash.withUnsafeBytes { bytes in
      (0..<4).map { UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: $0 * 8, as: UInt64.self)) }
    }
    (a, b, c, d) = (words[0], words[1], words[2], words[3])
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
