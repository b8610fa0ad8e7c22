import Glibc
import SluiceModel
import SluiceStorage
import Testing

@Suite struct `The roots of a server` {
  private let folder: TemporaryFolder
  private let roots: Roots

  init() throws {
    folder = try TemporaryFolder()
    for name in ["scans", "scans/deep", "data", "scans/own", "other"] { mkdir(folder.path + "/" + name, 0o755) }
    try folder.write("one", to: "scans/one.txt")
    try folder.write("two", to: "scans/deep/two.txt")
    try folder.write("secret", to: "other/secret.txt")
    try folder.write("names", to: "scans/own/names.jsonl")
    roots = try Roots([folder.path + "/scans"], except: folder.path + "/scans/own")
  }

  private func stored(_ name: String) async throws -> StoredFile {
    let file = try #require(try await roots.find([folder.path + "/scans/" + name]).files.first)
    var stored = StoredFile(path: file.path, frame: nil, size: file.size, sha256: file.place.standIn(size: file.size))
    stored.place = file.place
    return stored
  }

  private func code(_ path: String) async -> ErrorCode? {
    await #expect(throws: SluiceError.self) { try await roots.find([path]) }?.code
  }

  @Test func `find files by their names, and those of a folder by their paths in it`() async throws {
    let one = try await roots.find([folder.path + "/scans/one.txt"])
    #expect(one.files.map(\.path) == ["one.txt"] && one.files.map(\.size) == [3] && !one.isTree)
    let tree = try await roots.find([folder.path + "/scans"])
    #expect(tree.files.map(\.path) == ["deep/two.txt", "one.txt"] && tree.isTree)
  }

  @Test func `let nothing else be named, and do not say whether it is there`() async throws {
    symlink(folder.path + "/other", folder.path + "/scans/link")
    for path in [
      "/other/secret.txt", "/scans/../other/secret.txt", "/scans/../other/none.txt", "/other/none.txt",
      "/scans/link/secret.txt", "/scans/link/none.txt", "/scans/own/names.jsonl", "/scans/own/none",
    ] {
      let found = await code(folder.path + path)
      #expect(found == .placeOutside, "\(path)")
    }
    #expect(await code("scans/one.txt") == .pathInvalid)
    #expect(await code(folder.path + "/scans/none.txt") == .placeVanished)
  }

  @Test func `read what was recorded`() async throws {
    #expect(try await roots.digest(stored("one.txt")) == Digest.of("one"))
    #expect(try await roots.open(stored("deep/two.txt")).read(at: 1, count: 9) == Array("wo".utf8))
  }

  @Test func `refuse what was written since`() async throws {
    let one = try await stored("one.txt")
    #expect(try await roots.differences([one]) == [])
    try folder.write("another", to: "scans/one.txt")
    let error = await #expect(throws: SluiceError.self) { try await roots.digest(one) }
    #expect(error?.code == .placeChanged)
    #expect(try await roots.differences([one]).map(\.now?.size) == [7])
  }

  @Test func `do not follow a link that a file, or its folder, became`() async throws {
    let two = try await stored("deep/two.txt")
    rename(folder.path + "/scans/deep", folder.path + "/other/deep")
    symlink(folder.path + "/other/deep", folder.path + "/scans/deep")
    let error = await #expect(throws: SluiceError.self) { try await roots.open(two) }
    #expect(error?.code == .placeVanished)
    #expect(try await roots.differences([two]).map(\.now?.size) == [nil])
  }

  @Test func `say nothing of files while another folder stands in the place of a root`() async throws {
    let one = try await stored("one.txt")
    rename(folder.path + "/scans", folder.path + "/away")
    mkdir(folder.path + "/scans", 0o755)
    let error = await #expect(throws: SluiceError.self) { try await roots.differences([one]) }
    #expect(error?.code == .placeVanished)
    rmdir(folder.path + "/scans")
    rename(folder.path + "/away", folder.path + "/scans")
    #expect(try await roots.differences([one]) == [])
  }

  @Test func `are folders outside of Sluice's own`() throws {
    for path in ["scans", folder.path + "/none", folder.path + "/scans/one.txt", folder.path + "/scans/own"] {
      let error = #expect(throws: SluiceError.self) { try Roots([path], except: folder.path + "/scans/own") }
      #expect(error?.code == .usage, "\(path)")
    }
  }

  @Test func `are none where nothing was configured`() async throws {
    let none = try Roots([], except: folder.path)
    let error = await #expect(throws: SluiceError.self) { try await none.find([folder.path + "/scans/one.txt"]) }
    #expect(error?.code == .placeNoRoots)
  }
}
