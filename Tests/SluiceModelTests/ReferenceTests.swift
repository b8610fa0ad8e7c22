import SluiceModel
import Testing

@Suite struct `A reference` {
  private func code(_ text: String) -> ErrorCode? {
    do throws(SluiceError) {
      _ = try Reference(text)
      return nil
    } catch {
      return error.code
    }
  }

  @Test(arguments: [
    ("demo/look", "demo", "", "look"),
    ("demo/sq010/sh0010/plate", "demo", "sq010/sh0010", "plate"),
    ("_d/a.b/c-d/e_f", "_d", "a.b/c-d", "e_f"),
    ("sluice:///demo/sq010/sh0010/plate", "demo", "sq010/sh0010", "plate"),
    ("sluice:/demo/sq010/sh0010/plate", "demo", "sq010/sh0010", "plate"),
  ])
  func `names a project, folders and a product`(text: String, project: String, folder: String, name: String) throws {
    let product = try Reference(text).product
    #expect([product.project.description, product.folder.description, product.name] == [project, folder, name])
  }

  @Test(arguments: [
    ("demo/plate", VersionSelector.latest),
    ("demo/plate@latest", .latest),
    ("demo/plate@v-latest", .latest),
    ("demo/plate@43", .number(43)),
    ("demo/plate@v043", .number(43)),
    ("demo/plate@v1", .number(1)),
    ("demo/plate@approved", .tag("approved")),
    ("demo/plate@v-approved", .tag("approved")),
    ("demo/plate@version2", .tag("version2")),
    ("demo/plate@v-20261122-142301-lon", .id(VersionID(second: 1_795_357_381, site: "lon", counter: 1))),
    ("demo/plate@v-20261122-142301-lon-02", .id(VersionID(second: 1_795_357_381, site: "lon", counter: 2))),
    ("sluice:///demo/plate/v-latest", .latest),
    ("sluice:///demo/plate/v-approved", .tag("approved")),
    ("sluice:///demo/plate/v-20261122-142301-lon", .id(VersionID(second: 1_795_357_381, site: "lon", counter: 1))),
  ])
  func `selects a version by id, number or tag`(text: String, selector: VersionSelector) throws {
    #expect(try Reference(text).selector == selector)
  }

  @Test(arguments: [
    ("sluice:///demo/plate/v-latest", nil),
    ("sluice:///demo/plate/v-latest/plate.1001.exr", "plate.1001.exr"),
    ("sluice:/demo/plate/v-latest/tex/wood.png", "tex/wood.png"),
    ("sluice:///demo/plate/v-latest/v-latest", "v-latest"),
    ("sluice:///demo/plate/v-20261122-142301-lon/v-odd.exr", "v-odd.exr"),
    ("sluice:///demo/plate/v-latest/100%.exr", "100%.exr"),
    ("sluice:///demo/plate/v-latest/a%2e%2e%2fb.exr", "a%2e%2e%2fb.exr"),
    ("sluice:///demo/plate/v-latest/%2e%2e/b.exr", "%2e%2e/b.exr"),
    ("sluice:///demo/plate/v-latest/plate 1001@2x #.exr", "plate 1001@2x #.exr"),
    ("sluice:///demo/plate/v-latest/..exr", "..exr"),
  ])
  func `names a file in a version to the letter; nothing is unescaped`(text: String, file: String?) throws {
    #expect(try Reference(text).file == file)
  }

  @Test func `is the same with and without the slashes that USD folds`() throws {
    let rest = "demo/sq010/plate/v-20261122-142301-lon/plate.1001.exr"
    #expect(try Reference("sluice:///\(rest)") == Reference("sluice:/\(rest)"))
  }

  @Test(arguments: [
    "", "/", "demo", "demo/", "/demo/look", "demo//look", "demo//sq010/look", "demo/sq010//look", "demo/look/", "..",
    "demo/..", "../demo/look", "demo/../look", "demo/./look", "demo/sq010/..", "demo/.hidden", "-demo/look",
    "demo/-look", "demo/lo ok", "demo/look\\x", "demo/look%2f", "%2e%2e/look", "demo/%2e%2e/look", "demo/lóok",
    "demo/look\u{0}", "demo/lo\nok", "demo/look\u{7F}", "demo/look\u{202E}", "demo/v-look", "v-demo/look",
    "http://demo/look", "demo/look@", "demo/look@@43", "demo/look@43@44", "demo/look@0", "demo/look@-1",
    "demo/look@v-43", "demo/look@43a", "demo/look@a/b", "demo/look@..", "demo/look@_tag",
    "demo/look@v-20261322-142301-lon", "demo/look@99999999999999999999",
    "sluice:", "sluice:/", "sluice:///", "sluice:demo/look", "sluice://demo/look", "sluice:///demo",
    "sluice:///demo/v-latest", "sluice:///demo//look", "sluice:///demo/look/v-", "sluice:///demo/look/v-43",
    "sluice:///../look", "SLUICE:///demo/look",
  ])
  func `is refused where it names no product or no version`(text: String) {
    #expect(code(text) == .referenceInvalid)
  }

  @Test(arguments: [
    "..", ".", "../x", "a/../../x", "a//b", "", "a/", "/etc/passwd", "a\\b", "a\u{0}b", "a\nb", "a\u{7F}",
    String(repeating: "a", count: 256),
  ])
  func `is refused where its file would leave the version`(file: String) {
    #expect(code("sluice:///demo/look/v-latest/" + file) == .pathInvalid)
  }

  @Test(arguments: [
    String(repeating: "a", count: 10_000), String(repeating: "a/", count: 5_000), String(repeating: "@", count: 10_000),
    "demo/look@" + String(repeating: "9", count: 10_000), "sluice:///" + String(repeating: "v-/", count: 3_400),
    "demo/" + String(repeating: "é", count: 5_000),
  ])
  func `of 10 kB is refused`(text: String) {
    #expect(code(text) == .referenceInvalid)
  }

  @Test(arguments: [
    "demo/" + String(repeating: "a\u{0}\u{1B}\n", count: 3_000), "demo/" + String(repeating: "e\u{301}", count: 4_000),
  ])
  func `is quoted in the error shortly and without control characters`(text: String) throws {
    let error = try #require(throws: SluiceError.self) { try Reference(text) }
    #expect(error.description.utf8.count < 1_000)
    #expect(!error.at.unicodeScalars.contains { $0.value < 0x20 || $0.value == 0x7F })
  }

  @Test(arguments: [96, 97])
  func `has names of at most 96 bytes`(length: Int) {
    let name = String(repeating: "a", count: length)
    #expect((code("demo/\(name)") == nil) == (length <= 96))
    #expect((code("\(name)/look") == nil) == (length <= 96))
    #expect((code("demo/\(name)/look") == nil) == (length <= 96))
  }

  @Test(arguments: [16, 17])
  func `has at most 16 folders`(depth: Int) {
    #expect((code("demo/" + String(repeating: "f/", count: depth) + "look") == nil) == (depth <= 16))
  }

  @Test(arguments: ["latest", "43", "approved", "v-20261122-142301-lon-02"])
  func `has a selector that is written as it is read`(selector: String) throws {
    #expect(try Reference("demo/plate@\(selector)").selector.description == selector)
  }

  @Test func `of a product is written as it is read`() throws {
    for text in ["demo/look", "demo/sq010/sh0010/plate"] {
      #expect(try Reference(text).product.description == text)
      #expect(try StableJSON.decode([ProductRef].self, from: "[\"\(text)\"]".utf8).map(\.description) == [text])
    }
  }

  @Test func `of a product that is none is refused in JSON too`() {
    #expect(throws: SluiceError.self) { try StableJSON.decode([ProductRef].self, from: #"["demo/../look"]"#.utf8) }
  }
}

@Suite struct `A folder path` {
  @Test func `knows the folders above it, nearest first`() throws {
    #expect(try FolderPath("a/b/c").ancestors.map(\.description) == ["a/b", "a"])
    #expect(try FolderPath("a").ancestors == [])
    #expect(FolderPath.root.ancestors == [])
  }

  @Test func `knows its parent, and the root has none`() throws {
    #expect(try FolderPath("a/b").parent?.description == "a")
    #expect(try FolderPath("a").parent == .root)
    #expect(FolderPath.root.parent == nil)
  }

  @Test(arguments: [
    ("sq010/sh0010", "sq010", true), ("sq010", "sq010", true), ("sq010", "", true), ("", "", true),
    ("sq0100", "sq010", false), ("sq010", "sq010/sh0010", false), ("", "sq010", false),
  ])
  func `is inside of itself and what is above, not of what begins alike`(inner: String, outer: String, isInside: Bool)
    throws
  {
    #expect(try FolderPath(inner).isInside(FolderPath(outer)) == isInside)
  }

  @Test(arguments: ["/", "a/", "/a", "a//b", "..", "a/../b", "a b", "v-1"])
  func `is refused where a name of it is none`(text: String) {
    #expect(throws: SluiceError.self) { try FolderPath(text) }
  }
}
