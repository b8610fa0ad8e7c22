import Glibc
import SluiceModel
import SluiceStorage
import SluiceTestKit
import Testing

@Suite struct `The store of versions` {
  private let folder: TemporaryFolder
  private let store: FileVersionStore
  private let address: VersionAddress

  init() throws {
    folder = try TemporaryFolder()
    store = try FileVersionStore(root: folder.path, ambient: Seeded(seed: 1).ambient)
    address = try `The store of versions`.address(1)
  }

  private static func address(_ counter: Int) throws -> VersionAddress {
    VersionAddress(
      product: try ProductRef("demo/sq010/plate"),
      version: VersionID(second: 1_795_357_381, site: "a", counter: counter))
  }

  private func bytes(_ path: String, _ text: String) -> PlacedFile {
    PlacedFile(representation: "exr", path: path, origin: .bytes(Array(text.utf8)))
  }

  private var staging: [String] { TemporaryFolder.files(below: folder.path + "/.staging") }

  private func upload(_ path: String, _ text: String) async throws -> UploadID {
    let upload = try await store.makeUpload()
    let receiver = try await store.receive(path, of: upload)
    try await receiver.write(Array(text.utf8))
    _ = try await receiver.finish()
    return upload
  }

  @Test(arguments: [true, false])
  func `keeps nothing of a file that comes when its upload was given up`(isWhole: Bool) async throws {
    let upload = try await store.makeUpload()
    await store.discard(upload)
    // What a request makes that had found the upload just before.
    mkdir(folder.path + "/.staging/\(upload)", 0o755)
    let receiver = try await store.receive("a.exr", of: upload)
    try await receiver.write(Array("x".utf8))
    if isWhole {
      let error = await #expect(throws: SluiceError.self) { _ = try await receiver.finish() }
      #expect(error?.code == .uploadUnknown)
    } else {
      await receiver.abandon()
    }
    #expect(staging.isEmpty)
    #expect(TemporaryFolder.status(folder.path + "/.staging/\(upload)") == nil)
  }

  @Test func `lays files where people look for them`() async throws {
    try await store.place([bytes("plate.1001.exr", "x")], at: address)
    let path = folder.path + "/demo/sq010/plate/v-20261122-142301-a/exr/plate.1001.exr"
    #expect(TemporaryFolder.text(path) == "x")
    #expect(store.path(of: "plate.1001.exr", representation: "exr", at: address) == path)
    #expect(store.holds("plate.1001.exr", representation: "exr", at: address))
  }

  @Test func `makes files read-only`() async throws {
    try await store.place([bytes("a.exr", "x"), bytes("deep/b.exr", "y")], at: address)
    for name in ["a.exr", "deep/b.exr"] {
      let status = TemporaryFolder.status(store.path(of: name, representation: "exr", at: address))
      #expect(status.map { $0.st_mode & 0o777 } == 0o444)
    }
  }

  @Test func `knows which version a path belongs to`() throws {
    let found = store.address(ofPath: store.path(of: "x/p.exr", representation: "exr", at: address))
    #expect(found?.address == address && found?.file == "exr/x/p.exr")
    #expect(store.address(ofPath: "/elsewhere/demo/plate/v-20261122-142301-a/x") == nil)
    #expect(store.address(ofPath: folder.path + "/demo/plate/x") == nil)
  }

  @Test func `takes away what was placed and not recorded`() async throws {
    try await store.place([bytes("a.exr", "x")], at: address)
    await store.settle([address], keep: false)
    #expect(TemporaryFolder.files(below: folder.path) == [])
  }

  @Test func `keeps what was placed and recorded, and nothing beside it`() async throws {
    try await store.place([bytes("a.exr", "x")], at: address)
    await store.settle([address], keep: true)
    #expect(staging == [] && store.holds("a.exr", representation: "exr", at: address))
  }

  @Test func `after a crash takes away a version that no record names`() async throws {
    try await store.place([bytes("a.exr", "x")], at: address)
    try FileVersionStore(root: folder.path, ambient: Seeded(seed: 2).ambient).recover { _ in false }
    #expect(TemporaryFolder.files(below: folder.path) == [])
  }

  @Test func `after a crash keeps a version that a record names`() async throws {
    try await store.place([bytes("a.exr", "x")], at: address)
    let known = address
    try FileVersionStore(root: folder.path, ambient: Seeded(seed: 2).ambient).recover { $0 == known }
    #expect(store.holds("a.exr", representation: "exr", at: address) && staging == [])
  }

  @Test func `after a crash leaves settled versions alone`() async throws {
    try await store.place([bytes("a.exr", "x")], at: address)
    await store.settle([address], keep: true)
    try FileVersionStore(root: folder.path, ambient: Seeded(seed: 2).ambient).recover { _ in false }
    #expect(store.holds("a.exr", representation: "exr", at: address))
  }

  @Test func `after a crash takes uploads away`() async throws {
    _ = try await upload("a.exr", "x")
    try FileVersionStore(root: folder.path, ambient: Seeded(seed: 2).ambient).recover { _ in false }
    #expect(staging == [])
  }

  @Test func `shares a file between versions by a hard link`() async throws {
    try await store.place([bytes("a.exr", "x")], at: address)
    let next = try Self.address(2)
    try await store.place(
      [
        PlacedFile(
          representation: "exr", path: "a.exr", origin: .version(address, representation: "exr", path: "a.exr"))
      ], at: next)
    let (one, two) = (
      TemporaryFolder.status(store.path(of: "a.exr", representation: "exr", at: address)),
      TemporaryFolder.status(store.path(of: "a.exr", representation: "exr", at: next))
    )
    #expect(one?.st_ino == two?.st_ino && one?.st_nlink == 2)
  }

  @Test func `purges a version, and not the file that another one shares`() async throws {
    try await store.place([bytes("a.exr", "x"), bytes("b.exr", "yy")], at: address)
    let next = try Self.address(2)
    try await store.place(
      [
        PlacedFile(
          representation: "exr", path: "a.exr", origin: .version(address, representation: "exr", path: "a.exr"))
      ], at: next)
    await store.settle([address, next], keep: true)
    let weighed = try await store.weigh([address, next, Self.address(9)])
    #expect(weighed.map { $0.map(\.names) } == [[2, 1], [2], []])
    #expect(weighed.map { $0.map(\.bytes) } == [[1, 2], [1], []])
    try await store.purge([address, Self.address(9)])
    #expect(!store.holds("a.exr", representation: "exr", at: address))
    #expect(TemporaryFolder.text(store.path(of: "a.exr", representation: "exr", at: next)) == "x" && staging == [])
  }

  @Test func `after a crash takes away what was recorded as purged`() async throws {
    try await store.place([bytes("a.exr", "x")], at: address)
    await store.settle([address], keep: true)
    let again = try FileVersionStore(root: folder.path, ambient: Seeded(seed: 2).ambient)
    again.recover { _ in true }
    try again.finishPurges([address])
    #expect(TemporaryFolder.files(below: folder.path) == [])
  }

  @Test func `leaves nothing of a version of which one file is missing`() async throws {
    let lost = PlacedFile(
      representation: "exr", path: "b.exr", origin: .version(try Self.address(9), representation: "exr", path: "b.exr"))
    await #expect(throws: SluiceError.self) { try await store.place([bytes("a.exr", "x"), lost], at: address) }
    #expect(TemporaryFolder.files(below: folder.path) == [])
  }

  @Test func `hashes what it receives`() async throws {
    let upload = try await store.makeUpload()
    let receiver = try await store.receive("deep/a.exr", of: upload)
    for piece in ["a", "", "bc"] { try await receiver.write(Array(piece.utf8)) }
    let received = try await receiver.finish()
    #expect(received.size == 3 && received.sha256 == Digest.of("abc"))
    let measured = try await store.measure("deep/a.exr", of: upload)
    #expect(measured.size == 3 && measured.sha256 == Digest.of("abc"))
  }

  @Test func `forgets a file whose receiving was given up`() async throws {
    let upload = try await store.makeUpload()
    let receiver = try await store.receive("a.exr", of: upload)
    try await receiver.write([1])
    await receiver.abandon()
    let error = await #expect(throws: SluiceError.self) { try await store.measure("a.exr", of: upload) }
    #expect(error?.code == .publishFileMissing)
  }

  @Test func `moves a file out of its upload`() async throws {
    let upload = try await upload("a.exr", "x")
    try await store.place(
      [PlacedFile(representation: "exr", path: "a.exr", origin: .upload(upload, "a.exr"))], at: address)
    #expect(TemporaryFolder.files(below: store.door(of: upload).directory) == [])
    #expect(store.holds("a.exr", representation: "exr", at: address))
  }

  @Test func `lets nobody measure outside of an upload`() async throws {
    let upload = try await store.makeUpload()
    for path in ["../marker", "/etc/passwd", "a/../../marker"] {
      let error = await #expect(throws: SluiceError.self) { try await store.measure(path, of: upload) }
      #expect(error?.code == .pathInvalid, "\(path)")
    }
  }

  @Test(arguments: ["u-none", "../demo", "u-../../x", ""])
  func `knows no upload that it did not make`(name: String) async throws {
    let error = await #expect(throws: SluiceError.self) { try await store.measure("a", of: UploadID(name)) }
    #expect(error?.code == .uploadUnknown)
  }

  @Test func `refuses an upload that is a hard link`() async throws {
    let upload = try await store.makeUpload()
    try folder.write("mine", to: "mine.exr")
    #expect(link(folder.path + "/mine.exr", store.door(of: upload).directory + "/a.exr") == 0)
    let error = await #expect(throws: SluiceError.self) { try await store.measure("a.exr", of: upload) }
    #expect(error?.code == .publishOutside)
  }

  @Test func `refuses an upload that is a symbolic link`() async throws {
    let upload = try await store.makeUpload()
    #expect(symlink("/etc/passwd", store.door(of: upload).directory + "/a.exr") == 0)
    await #expect(throws: SluiceError.self) { try await store.measure("a.exr", of: upload) }
  }

  @Test func `refuses an upload behind a folder that is a symbolic link`() async throws {
    let upload = try await store.makeUpload()
    let outside = try TemporaryFolder()
    try outside.write("not yours", to: "a.exr")
    #expect(symlink(outside.path, store.door(of: upload).directory + "/deep") == 0)
    let measuring = await #expect(throws: SluiceError.self) { try await store.measure("deep/a.exr", of: upload) }
    #expect(measuring?.code == .publishOutside)
    let receiving = await #expect(throws: SluiceError.self) { _ = try await store.receive("deep/b.exr", of: upload) }
    #expect(receiving?.code == .publishOutside)
    #expect(TemporaryFolder.files(below: outside.path) == ["a.exr"])
  }

  @Test func `shows a marker to those who see its disk`() async throws {
    let door = store.door(of: try await store.makeUpload())
    #expect(TemporaryFolder.text(door.markerFile) == door.marker && door.marker.count == 32)
  }
}

/// Pixels are the first letter.
private struct FirstLetter: PixelReader {
  func digests(of paths: [String]) async -> [Digest?] {
    paths.map { TemporaryFolder.text($0).flatMap(\.first).map { Digest.of("\($0)") } }
  }
}

@Suite struct `The workshop` {
  private let folder: TemporaryFolder
  private let workshop: FileWorkshop
  private let bench: Bench

  init() throws {
    folder = try TemporaryFolder()
    workshop = try FileWorkshop(root: folder.path + "/benches", pixels: FirstLetter())
    bench = Bench(project: try ProjectName("demo"), folder: try FolderPath("sq010/sh0010"), step: "review")
  }

  private func output(_ name: String, _ identity: Identity = .bytes) -> WorkOutput {
    WorkOutput(path: "out/frames/\(name)", name: name, frame: 1001, identity: identity, recipe: Digest.of("recipe"))
  }

  private func opened(keeping: [String] = []) async throws -> String {
    try folder.write("plate", to: "source.exr")
    try await workshop.open(
      bench, links: [WorkLink(name: "in/plate/plate.1001.exr", target: folder.path + "/source.exr")], keeping: keeping)
    try await workshop.makeOutputFolders(["out/frames"], of: bench)
    return workshop.directory(of: bench)
  }

  private func write(_ text: String, _ path: String) throws {
    let file = try #require(fopen(path, "w"))
    fputs(text, file)
    fclose(file)
  }

  @Test func `gives a step on a folder the same place each time, without version or run`() throws {
    #expect(workshop.directory(of: bench) == folder.path + "/benches/demo/review/sq010+sh0010")
    #expect(
      workshop.directory(of: Bench(project: try ProjectName("demo"), folder: .root, step: "r")).hasSuffix("/demo/r/+"))
  }

  @Test func `shows inputs under stable names`() async throws {
    let directory = try await opened()
    #expect(TemporaryFolder.text(directory + "/in/plate/plate.1001.exr") == "plate")
  }

  @Test func `measures what was made, and tells what was not`() async throws {
    let directory = try await opened()
    try write("picture", directory + "/out/frames/a.png")
    let files = try await workshop.measure([output("a.png"), output("b.png")], of: bench)
    #expect(files[0]?.sha256 == Digest.of("picture") && files[0]?.size == 7)
    #expect(files[0]?.recipe == Digest.of("recipe") && files[0]?.frame == 1001)
    #expect(files[1] == nil)
  }

  @Test func `looks at pixels only where they count`() async throws {
    let directory = try await opened()
    try write("picture", directory + "/out/frames/a.png")
    let files = try await workshop.measure([output("a.png"), output("a.png", .pixels)], of: bench)
    #expect(files.map { $0?.pixels } == [nil, Digest.of("p")])
  }

  @Test func `takes no link for an output`() async throws {
    let directory = try await opened()
    #expect(symlink(folder.path + "/source.exr", directory + "/out/frames/a.png") == 0)
    #expect(try await workshop.measure([output("a.png")], of: bench) == [nil])
  }

  @Test func `opened again keeps only what it is told to`() async throws {
    let directory = try await opened()
    try write("1", directory + "/out/frames/a.png")
    try write("2", directory + "/out/frames/b.png")
    _ = try await opened(keeping: ["out/frames/b.png"])
    #expect(TemporaryFolder.files(below: directory) == ["in/plate/plate.1001.exr", "out/frames/b.png"])
  }

  @Test func `lists names in order`() async throws {
    let directory = try await opened()
    for name in ["c.png", "a.png", "b.png"] { try write("x", directory + "/out/frames/" + name) }
    #expect(await workshop.names(in: "out/frames", of: bench) == ["a.png", "b.png", "c.png"])
    #expect(await workshop.names(in: "out/none", of: bench) == [])
  }

  @Test func `closed leaves nothing, and the inputs where they are`() async throws {
    let directory = try await opened()
    await workshop.close(bench)
    #expect(TemporaryFolder.status(directory) == nil)
    #expect(TemporaryFolder.text(folder.path + "/source.exr") == "plate")
  }
}
