import SluiceModel
import Testing

@Suite struct `The content of a representation` {
  private func file(_ path: String, _ text: String, frame: Int? = nil, pixels: String? = nil) -> StoredFile {
    StoredFile(path: path, frame: frame, size: 1, sha256: .of(text), pixels: pixels.map { Digest.of($0) })
  }

  private func content(_ kind: RepresentationKind, _ files: [StoredFile], name: String = "main") -> Digest {
    Representation(name: name, kind: kind, files: files).summary.content
  }

  @Test func `does not change with the name of a single file`() {
    #expect(content(.file, [file("a.cube", "x")]) == content(.file, [file("b.cube", "x")]))
  }

  @Test func `does not change with the name of a sequence`() {
    let names = [("plate.1001.exr", 1001), ("plate.1002.exr", 1002)]
    let others = [("scan_v2.001001.exr", 1001), ("scan_v2.001002.exr", 1002)]
    #expect(
      content(.sequence, names.map { file($0.0, "x", frame: $0.1) })
        == content(.sequence, others.map { file($0.0, "x", frame: $0.1) }))
  }

  @Test func `does not change with the representation's name or the order of files`() {
    let files = [file("a.1.exr", "x", frame: 1), file("a.2.exr", "y", frame: 2)]
    #expect(content(.sequence, files) == content(.sequence, files.reversed(), name: "exr"))
  }

  @Test(arguments: [RepresentationKind.file, .sequence])
  func `changes with the extension`(kind: RepresentationKind) {
    #expect(content(kind, [file("a.1.exr", "x", frame: 1)]) != content(kind, [file("a.1.png", "x", frame: 1)]))
  }

  @Test(arguments: [RepresentationKind.file, .sequence, .tree])
  func `changes with the bytes`(kind: RepresentationKind) {
    #expect(content(kind, [file("a.1.exr", "x", frame: 1)]) != content(kind, [file("a.1.exr", "y", frame: 1)]))
  }

  @Test func `changes with the frame of a sequence`() {
    #expect(
      content(.sequence, [file("a.1.exr", "x", frame: 1)]) != content(.sequence, [file("a.2.exr", "x", frame: 2)]))
  }

  @Test func `changes with a frame more`() {
    let first = file("a.1.exr", "x", frame: 1)
    #expect(content(.sequence, [first]) != content(.sequence, [first, file("a.2.exr", "x", frame: 2)]))
  }

  @Test func `changes with the names inside of a tree`() {
    #expect(content(.tree, [file("tex/a.png", "x")]) != content(.tree, [file("tex/b.png", "x")]))
  }

  @Test func `goes by pixels before bytes`() {
    #expect(content(.file, [file("a.exr", "x", pixels: "p")]) == content(.file, [file("a.exr", "y", pixels: "p")]))
  }

  @Test func `changes with the pixels, and when there are none any more`() {
    #expect(content(.file, [file("a.exr", "x", pixels: "p")]) != content(.file, [file("a.exr", "x", pixels: "q")]))
    #expect(content(.file, [file("a.exr", "x", pixels: "p")]) != content(.file, [file("a.exr", "x")]))
  }

  @Test func `does not change with the recipe that made it`() {
    var made = file("a.exr", "x")
    made.recipe = .of("recipe")
    #expect(content(.file, [made]) == content(.file, [file("a.exr", "x")]))
  }
}

@Suite struct `The sha256 of a representation` {
  private let files = [("b.exr", "a"), ("tex/wood.png", "c"), ("a.exr", "b")].map {
    StoredFile(path: $0.0, frame: nil, size: 1, sha256: .of($0.1))
  }

  @Test func `is that of the one file`() {
    for kind in [RepresentationKind.file, .sequence] {
      #expect(Representation(name: "main", kind: kind, files: [files[0]]).summary.sha256 == .of("a"))
    }
  }

  /// `printf a >b.exr; printf b >a.exr; printf c >tex/wood.png; sha256sum a.exr b.exr tex/wood.png | sha256sum`
  @Test func `is that of the lines that sha256sum prints for all files by path`() {
    let summary = Representation(name: "main", kind: .tree, files: files).summary
    #expect(summary.sha256.hex == "b54da3cde42cb7e5e8f45e9f7bd1b484ab22960a34958a20a6e4cab707700b89")
  }

  @Test func `of a tree with one file is that of its one line`() {
    let summary = Representation(name: "main", kind: .tree, files: [files[0]]).summary
    #expect(summary.sha256 == .of("\(Digest.of("a"))  b.exr\n"))
  }

  @Test func `comes with the number of files, their bytes and frames`() {
    let sequence = (1001...1003).map {
      StoredFile(path: "a.\($0).exr", frame: $0, size: Int64($0), sha256: .of("\($0)"))
    }
    let summary = Representation(name: "exr", kind: .sequence, files: sequence.reversed()).summary
    #expect(summary.files == 3)
    #expect(summary.bytes == 3_006)
    #expect(summary.frames == FrameSet(1001...1003))
    #expect(Representation(name: "main", kind: .tree, files: sequence).summary.frames == nil)
  }
}

@Suite struct `A manifest` {
  private let sequence = Representation(
    name: "exr", kind: .sequence,
    files: [1009, 1001, 1004].map { (frame: Int) in
      StoredFile(path: "a.\(frame).exr", frame: frame, size: 1, sha256: .of("\(frame)"))
    })
  private let movie = Representation(
    name: "mov", kind: .file, files: [StoredFile(path: "a.mov", frame: nil, size: 1, sha256: .of("m"))])

  @Test func `finds the file of a frame`() {
    for frame in 995...1015 {
      #expect(sequence.file(atFrame: frame)?.path == ([1001, 1004, 1009].contains(frame) ? "a.\(frame).exr" : nil))
    }
  }

  @Test func `keeps its files by frame, then by path`() {
    #expect(sequence.files.compactMap(\.frame) == [1001, 1004, 1009])
  }

  @Test func `finds no frame in a file that has none`() {
    #expect(movie.file(atFrame: 1001) == nil)
  }

  @Test func `finds a representation by name, and without one only where there is no choice`() {
    let manifest = Manifest(representations: [sequence, movie])
    #expect(manifest.representation(named: "mov") == movie)
    #expect(manifest.representation(named: "usd") == nil)
    #expect(manifest.representation(named: nil) == nil)
    #expect(Manifest(representations: [movie]).representation(named: nil) == movie)
  }

  @Test func `is read back from JSON`() throws {
    let manifest = Manifest(representations: [sequence, movie])
    #expect(try StableJSON.decode(Manifest.self, from: StableJSON.encode(manifest)) == manifest)
  }
}

@Suite struct `A path inside of a version` {
  @Test(arguments: [
    "a.exr", "a/b/c.exr", "...", "a b", "é.exr", "100%.exr", "-rf", "~", String(repeating: "a", count: 255),
  ])
  func `may be any plain relative path`(path: String) {
    #expect(throws: Never.self) { try PathRule.require(path) }
  }

  @Test(arguments: [
    "", "/", "/a", "a/", "a//b", ".", "..", "a/./b", "a/../b", "a\\b", "a\u{0}", "a\u{1B}", "a\u{7F}", "a\r\nb",
    String(repeating: "a", count: 256), String(repeating: "a/", count: 1_500) + "a",
  ])
  func `may not leave it`(path: String) throws {
    let error = try #require(throws: SluiceError.self) { try PathRule.require(path) }
    #expect(error.code == .pathInvalid)
  }
}

@Suite struct `A picture` {
  @Test(arguments: [
    ("a.exr", true), ("a.EXR", true), ("a/b.1001.tif", true), ("a.mov", false), ("exr", false), ("", false),
  ])
  func `is known by its extension`(path: String, isImage: Bool) {
    #expect(ImageFormats.isImage(path) == isImage)
  }

  @Test(arguments: [("a.png", true), ("a.JPG", true), ("a.svg", true), ("a.exr", false), ("a.html", false)])
  func `can be shown by a browser where it is of the web`(path: String, isForBrowsers: Bool) {
    #expect(ImageFormats.isForBrowsers(path) == isForBrowsers)
  }
}
