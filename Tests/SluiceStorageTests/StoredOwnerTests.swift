import Glibc
import SluiceModel
import Testing

@testable import SluiceStorage

@Suite struct `Whose the files of versions are` {
  @Test(arguments: [("0440", 0o440), ("444", 0o444), ("400", 0o400)])
  func `is told with a mode in octal`(text: String, mode: Int) {
    #expect(StoredOwner.mode(text) == mode_t(mode))
  }

  @Test(arguments: ["0644", "0555", "0044", "4444", "rw", "", "9"])
  func `is no mode that lets somebody change or run a version, or keeps its owner out`(text: String) {
    #expect(StoredOwner.mode(text) == nil)
  }

  @Test func `is a user, with its own group or another`() throws {
    let alone = try StoredOwner.named("daemon", mode: 0o440, caller: 0)
    #expect(
      alone
        == StoredOwner(user: getpwnam("daemon").pointee.pw_uid, group: getpwnam("daemon").pointee.pw_gid, mode: 0o440))
    let other = try StoredOwner.named("daemon:bin", mode: 0o440, caller: 0)
    #expect(other.group == getgrnam("bin").pointee.gr_gid)
  }

  @Test func `stays the server's where nobody is named, whoever the server is`() throws {
    #expect(try StoredOwner.named(nil, mode: 0o400, caller: 1_000) == StoredOwner(mode: 0o400))
  }

  @Test(arguments: [
    ("daemon", 1_000, "only root"), ("no-such-user", 0, "no user"), ("daemon:no-such-group", 0, "no group"),
  ])
  func `is refused where it cannot be given`(owner: String, caller: Int, word: String) {
    let error = #expect(throws: SluiceError.self) {
      try StoredOwner.named(owner, mode: 0o444, caller: uid_t(caller))
    }
    #expect(error?.code == .storeOwner)
    #expect(error?.what.contains(word) == true)
  }

  @Test func `is changed through no link`() throws {
    let folder = try TemporaryFolder()
    try Disk.write([1], to: folder.path + "/file")
    try Disk.symbolicLink(folder.path + "/file", at: folder.path + "/link")
    let owner = StoredOwner(user: getuid(), group: getgid(), mode: 0o440)
    #expect(throws: SluiceError.self) { try owner.own(folder.path + "/link") }
    try owner.own(folder.path + "/file")
    #expect(Disk.status(folder.path + "/file").map { $0.st_mode & 0o7777 } == 0o440)
  }
}
