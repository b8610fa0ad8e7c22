/// What JSON escapes within a text.
enum JSONText {
  /// The next byte that cannot stand between quotes as it is; looked for in eight bytes at once, since there is rarely
  /// one.
  static func firstSpecial(in bytes: UnsafeRawBufferPointer, from start: Int) -> Int? {
    let (ones, tops): (UInt64, UInt64) = (0x0101_0101_0101_0101, 0x8080_8080_8080_8080)
    var index = start
    while index + 8 <= bytes.count {
      let word = bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self)
      let (quote, backslash) = (word ^ (ones &* 0x22), word ^ (ones &* 0x5C))
      let controls = (word &- ones &* 0x20) & ~word
      let found = (controls | (quote &- ones) & ~quote | (backslash &- ones) & ~backslash) & tops
      if found != 0 { break }
      index += 8
    }
    while index < bytes.count {
      let byte = bytes[index]
      if byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") { return index }
      index += 1
    }
    return nil
  }

  /// Adds a text to JSON, between the quotes; `escape` writes what cannot stand there.
  static func append(_ text: String, to bytes: inout [UInt8], escape: (UInt8, inout [UInt8]) -> Void) {
    var text = text
    text.withUTF8 { buffer in
      var plain = 0
      while let index = firstSpecial(in: UnsafeRawBufferPointer(buffer), from: plain) {
        bytes.append(contentsOf: UnsafeBufferPointer(rebasing: buffer[plain..<index]))
        escape(buffer[index], &bytes)
        plain = index + 1
      }
      bytes.append(contentsOf: UnsafeBufferPointer(rebasing: buffer[plain...]))
    }
  }
}
