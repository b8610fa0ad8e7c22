import SluiceModel
import Testing

@Suite struct `A file's name` {
  @Test(arguments: [
    ("plate.1001.exr", 1001, "plate.#.exr"), ("sh010_v002.1001.exr", 1001, "sh010_v002.#.exr"),
    ("plate_1001.exr", 1001, "plate_#.exr"), ("1001.exr", 1001, "#.exr"), ("plate.1001", 1001, "plate.#."),
    ("a/b.7/plate.0007.exr", 7, "a/b.7/plate.#.exr"), ("foo_0001_extra.exr", 1, "foo_#_extra.exr"),
    ("file_0003.0001.exr", 1, "file_0003.#.exr"), ("show.cube", nil, "show#.cube"), ("README", nil, "README#."),
    (".hidden.1001.exr", 1001, ".hidden.#.exr"), ("plate.1001.tar.gz", 1001, "plate.#.tar.gz"),
    ("notes.20261122.txt", nil, "notes.#.txt"), ("x.99999999999999999999.exr", nil, "x.#.exr"),
    ("look.3dl", nil, "look#.3dl"), ("take.mp4", nil, "take#.mp4"),
  ] as [(String, Int?, String)])
  func `has as its frame the last number before the extension`(name: String, frame: Int?, key: String) {
    #expect(FileName(name).frame == frame && FileName(name).sequenceKey == key)
  }

  @Test(arguments: [
    ("review.####.png", 7, "review.0007.png"), ("review.####.png", 12345, "review.12345.png"), ("r.#.png", 7, "r.7.png"),
    ("r.####.png", -5, "r.-0005.png"), ("contact.jpg", 7, "contact.jpg"), ("####", 1, "0001"),
  ])
  func `is filled with a frame`(pattern: String, frame: Int, name: String) {
    #expect(FileName.fill(pattern, frame: frame) == name)
  }

  @Test func `as a printf pattern doubles percent signs of its folder`() {
    #expect(FileName.printf("/a%b/", name: "p%.####.exr") == "/a%%b/p%%.%04d.exr")
  }

  @Test func `without a frame is no printf pattern`() {
    #expect(FileName.printf("/a/", name: "show.cube") == "/a/show.cube")
  }

  private struct Directories: Decodable {
    struct Directory: Decodable { var files: [String] }
    var dirs: [String: Directory]
  }

  /// Names of the shared data (fileseq 3.4.0): put together again they are what they were.
  @Test func `loses nothing of the names of the shared data`() throws {
    guard let shared = try SharedData.decode(Directories.self, "sequences/directories.json") else { return }
    for name in shared.dirs.values.flatMap(\.files) {
      let parts = FileName(name)
      let suffix = parts.fileExtension.isEmpty ? "" : "." + parts.fileExtension
      #expect(parts.directory + parts.base + parts.digits + parts.tail + suffix == name)
    }
  }

  private struct Patterns: Decodable {
    struct Pattern: Decodable {
      var pattern: String
      var valid: Bool
      var basename: String?
      var range: String?
      var ext: String?
    }
    var cases: [Pattern]
  }

  @Test func `has the frame that fileseq finds in single files of the shared data`() throws {
    guard let shared = try SharedData.decode(Patterns.self, "sequences/patterns.json") else { return }
    var compared = 0
    for file in shared.cases {
      guard file.valid, let range = file.range, !range.isEmpty, range.allSatisfy(\.isASCIIDigit),
        let ext = file.ext, ext.hasPrefix("."), !ext.dropFirst().contains("."),
        !ext.dropFirst().allSatisfy(\.isASCIIDigit), !file.pattern.contains(where: { "#@%$<>{}".contains($0) })
      else { continue }
      #expect(FileName(file.pattern).frame == Int(range), "\(file.pattern)")
      compared += 1
    }
    #expect(compared >= 3)
  }
}

@Suite struct `A glob` {
  @Test(arguments: [
    ("sq*/sh*", "sq010/sh0010", true), ("sq*/sh*", "sq010", false), ("sq*/sh*", "sq010/sh0010/x", false),
    ("*", "a", true), ("*", "a/b", false), ("**", "a/b/c", true), ("**", "", true), ("**/plate", "plate", true),
    ("**/plate", "a/b/plate", true), ("a/**", "a", true), ("a/**/z", "a/z", true), ("a/**/z", "a/b/c/z", true),
    ("a/**/z", "a/b/c/y", false), ("sh00?0", "sh0010", true), ("sh00?0", "sh00110", false), ("a*b*c", "axxbyyc", true),
    ("a*b*c", "axxbyy", false), ("", "", true), ("", "a", false), ("exact", "exact", true), ("**/a/**/a", "a/b/a", true),
    ("**/a/**/a", "a", false), ("*a", "aaa", true), ("a.b", "axb", false), ("[ab]", "a", false),
  ])
  func `fits or does not`(pattern: String, text: String, fits: Bool) {
    #expect(Glob(pattern).matches(text) == fits)
  }

  @Test func `of event types divides at dots`() {
    #expect(Glob("sluice.*.finished.v1", separator: ".").matches("sluice.run.finished.v1"))
    #expect(Glob("sluice.**", separator: ".").matches("sluice.run.finished.v1"))
  }

  @Test func `of many stars is judged at once`() {
    let text = String(repeating: "a", count: 5_000)
    #expect(!Glob(String(repeating: "a*", count: 500) + "b").matches(text))
    let levels = Array(repeating: "a", count: 300).joined(separator: "/")
    #expect(!Glob(String(repeating: "**/a/", count: 100) + "b").matches(levels))
  }
}

@Suite struct `A manifest` {
  private func file(_ path: String, _ frame: Int? = nil, _ text: String, pixels: String? = nil) -> StoredFile {
    StoredFile(path: path, frame: frame, size: 3, sha256: Digest.of(text), pixels: pixels.map { Digest.of($0) })
  }

  private func content(_ kind: RepresentationKind, _ files: [StoredFile]) -> Digest {
    Representation(name: "x", kind: kind, files: files).summary.content
  }

  @Test func `of one file has that file's digest`() {
    let one = Representation(name: "cube", kind: .file, files: [file("a.cube", nil, "warm")])
    #expect(one.summary.sha256 == Digest.of("warm"))
  }

  @Test func `of several files has the digest of what sha256sum prints for them, sorted by path`() {
    let two = Representation(name: "exr", kind: .sequence, files: [file("p.2.exr", 2, "b"), file("p.1.exr", 1, "a")])
    let lines = "\(Digest.of("a"))  p.1.exr\n\(Digest.of("b"))  p.2.exr\n"
    #expect(two.summary.sha256 == Digest.of(lines))
  }

  @Test func `keeps its files by frame, then by path`() {
    let all = Representation(
      name: "exr", kind: .sequence, files: [file("p.10.exr", 10, "a"), file("p.9.exr", 9, "b"), file("p.-1.exr", -1, "c")])
    #expect(all.files.compactMap(\.frame) == [-1, 9, 10])
    #expect(all.file(atFrame: 9)?.path == "p.9.exr" && all.file(atFrame: 8) == nil)
  }

  @Test func `of one file has the same content under another name, and another under another extension`() {
    let content = content(.file, [file("a.cube", nil, "warm")])
    #expect(self.content(.file, [file("b.cube", nil, "warm")]) == content)
    #expect(self.content(.file, [file("a.csp", nil, "warm")]) != content)
    #expect(self.content(.file, [file("a.cube", nil, "cold")]) != content)
  }

  @Test func `of a sequence has the same content under another base name, and another with other frame numbers`() {
    let content = content(.sequence, [file("a.1.exr", 1, "x"), file("a.2.exr", 2, "y")])
    #expect(self.content(.sequence, [file("b_0001.exr", 1, "x"), file("b_0002.exr", 2, "y")]) == content)
    #expect(self.content(.sequence, [file("a.1.exr", 1, "x"), file("a.3.exr", 3, "y")]) != content)
    #expect(self.content(.sequence, [file("a.1.exr", 1, "y"), file("a.2.exr", 2, "x")]) != content)
  }

  @Test func `of a tree has another content under other paths`() {
    #expect(content(.tree, [file("a/x.usd", nil, "x")]) != content(.tree, [file("b/x.usd", nil, "x")]))
  }

  @Test func `counts by pixels where there are some`() {
    #expect(
      content(.file, [file("a.png", nil, "bytes 1", pixels: "same")])
        == content(.file, [file("a.png", nil, "bytes 2", pixels: "same")]))
  }

  @Test func `has frames only as a sequence`() {
    #expect(Representation(name: "x", kind: .file, files: [file("a.1.exr", 1, "x")]).frames == nil)
    #expect(Representation(name: "x", kind: .sequence, files: [file("a.1.exr", 1, "x")]).frames == FrameSet(1...1))
  }

  @Test func `with several representations has none without a name`() {
    let two = Manifest(
      representations: ["a", "b"].map { Representation(name: $0, kind: .file, files: [file("f", nil, $0)]) })
    #expect(two.representation(named: nil) == nil && two.representation(named: "b")?.name == "b")
  }
}
