/// Finds aliases in bytes, eight places at a time.
enum AliasScan {
  private static let ones: UInt64 = 0x0101_0101_0101_0101
  private static let highs: UInt64 = 0x8080_8080_8080_8080
  private static let letters = ones &* UInt64(UInt8(ascii: "p"))
  private static let dashes = ones &* UInt64(UInt8(ascii: "-"))

  /// The first alias at or behind a place.
  /// - Complexity: O(bytes); where nothing looks like an alias, two loads and a few operations for eight bytes.
  static func next(in bytes: UnsafeRawBufferPointer, from start: Int) -> (place: Int, alias: PersonAlias)? {
    let last = bytes.count - PersonAlias.length
    var at = start
    while at <= last {
      // An alias has a `p`, and a dash six bytes behind it; a byte of `misses` is 0 where both are there.
      let misses =
        (bytes.loadUnaligned(fromByteOffset: at, as: UInt64.self) ^ letters)
        | (bytes.loadUnaligned(fromByteOffset: at + 6, as: UInt64.self) ^ dashes)
      if (misses &- ones) & ~misses & highs != 0 {
        for place in at...min(at + 7, last) {
          if let alias = PersonAlias(bytes, at: place) { return (place, alias) }
        }
      }
      at += 8
    }
    return nil
  }
}

extension Set<PersonAlias> {
  /// Whether one of them stands in a text.
  package func occurs(in text: some Sequence<UInt8>) -> Bool {
    let found = text.withContiguousStorageIfAvailable { occurs(in: UnsafeRawBufferPointer($0)) }
    return found ?? Array(text).withUnsafeBytes { occurs(in: $0) }
  }

  private func occurs(in bytes: UnsafeRawBufferPointer) -> Bool {
    var at = 0
    while let (place, alias) = AliasScan.next(in: bytes, from: at) {
      if contains(alias) { return true }
      at = place + PersonAlias.length
    }
    return false
  }
}
