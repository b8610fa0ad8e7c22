package import SluiceModel

/// Says of most blobs that a segment does not have them, without a look at the disk: a Bloom filter.
///
/// Ten bits a blob and seven of them asked: one blob in a hundred that is not there is looked for all the same. It
/// consists of blocks that fit into pages of the index. A digest is random already and needs no other hash.
package struct BlobFilter: Sendable, Equatable {
  static let blockWords = 511
  private static let blockBits = UInt64(blockWords * 64)
  private static let bitsPerBlob = 10
  private static let probes: UInt64 = 7

  private(set) var words: [UInt64]

  package init(_ digests: some Collection<Digest>) {
    words = [UInt64](repeating: 0, count: Self.blocks(for: digests.count) * Self.blockWords)
    for digest in digests {
      for bit in bits(of: digest) { words[bit.word] |= bit.mask }
    }
  }

  init(words: [UInt64]) { self.words = words }

  static func blocks(for blobs: Int) -> Int {
    (blobs * bitsPerBlob + blockWords * 64 - 1) / (blockWords * 64)
  }

  var bytes: Int { words.count * 8 }

  /// False only where it surely is not there.
  package func mayHold(_ digest: Digest) -> Bool {
    !words.isEmpty && bits(of: digest).allSatisfy { words[$0.word] & $0.mask != 0 }
  }

  private func bits(of digest: Digest) -> some Sequence<(word: Int, mask: UInt64)> {
    let (first, second, step, _) = digest.words
    let block = Int(first % UInt64(words.count / Self.blockWords)) * Self.blockWords
    return (0..<Self.probes).lazy.map { probe in
      let bit = (second &+ probe &* (step | 1)) % Self.blockBits
      return (block + Int(bit / 64), UInt64(1) << (bit % 64))
    }
  }
}
