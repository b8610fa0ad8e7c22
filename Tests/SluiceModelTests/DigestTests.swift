import SluiceModel
import Testing

@Suite struct `A digest` {
  /// Source: FIPS 180-4 and its examples (NIST CSRC).
  @Test(arguments: [
    ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
    ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
    (
      "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
      "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
    ),
  ])
  func `is the SHA-256 of the bytes`(text: String, hex: String) {
    #expect(Digest.of(text).hex == hex)
    #expect(Digest(hex: hex) == Digest.of(text))
  }

  @Test func `is the same when the bytes come piece by piece`() {
    var stream = Digest.Stream()
    for _ in 0..<1_000 { stream.update([UInt8](repeating: UInt8(ascii: "a"), count: 1_000)) }
    #expect(stream.finish().hex == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0")
  }

  @Test func `is read in upper and lower case and written in lower case`() {
    let hex = String(repeating: "0123456789abcdef", count: 4)
    #expect(Digest(hex: hex)?.hex == hex)
    #expect(Digest(hex: hex.uppercased())?.hex == hex)
  }

  @Test(arguments: [
    "", "abc", String(repeating: "a", count: 63), String(repeating: "a", count: 65), String(repeating: "g", count: 64),
    "0x" + String(repeating: "a", count: 62), " " + String(repeating: "a", count: 63),
    String(repeating: "+a", count: 32), String(repeating: "é", count: 32), String(repeating: "ａ", count: 64),
  ])
  func `is refused where it is not 64 hexadecimal digits`(text: String) {
    #expect(Digest(hex: text) == nil)
    #expect(throws: DecodingError.self) { try StableJSON.decode([Digest].self, from: "[\"\(text)\"]".utf8) }
  }

  @Test func `sorts as its text does`() {
    let digests = (0..<200).map { Digest.of("\($0)") }
    #expect(digests.sorted().map(\.hex) == digests.map(\.hex).sorted())
  }

  @Test func `is read back from JSON, leading zeros too`() throws {
    let digests =
      (0..<200).map { Digest.of("\($0)") } + [Digest(hex: String(repeating: "0", count: 64))].compactMap(\.self)
    #expect(try StableJSON.decode([Digest].self, from: StableJSON.encode(digests)) == digests)
  }
}
