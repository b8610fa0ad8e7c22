import Foundation
import Glibc
import SluiceModel
import Testing

@testable import SluiceAdapters

@Suite struct `The user that tasks run as` {
  private let artist = TaskUser(name: "artist", user: 1_001, group: 1_001, groups: [44, 1_001], home: "/home/artist")

  @Test func `is who the machine knows, where root asks`() throws {
    #expect(try TaskUser.require(artist, named: "artist", caller: 0) == artist)
  }

  @Test func `is nobody where the agent is not root, where nobody has the name, or where it is root's`() {
    let root = TaskUser(name: "root", user: 0, group: 0, groups: [0], home: "/root")
    for (found, caller, word) in [(artist, 1_000, "only root"), (nil, 0, "no user"), (root, 0, "is root")] {
      let error = #expect(throws: SluiceError.self) {
        try TaskUser.require(found, named: "artist", caller: uid_t(caller))
      }
      #expect(error?.code == .agentUser)
      #expect(error?.what.contains(word) == true)
    }
  }

  @Test func `is become by small programs that see nothing of a task as long as they are root`() {
    let variables = ["LD_PRELOAD": "/bench/evil.so", "A": "b c", "SLUICE_TASK_OF": "mark"]
    #expect(TaskUser.environment(before: variables) == ["PATH": "/usr/bin:/bin", "SLUICE_TASK_OF": "mark"])
    #expect(
      artist.command("/bin/ls", ["-l"], environment: variables) == [
        "/usr/bin/setpriv", "--reuid=1001", "--regid=1001", "--groups=44,1001", "--inh-caps=-all", "--", "/usr/bin/env",
        "-i", "--", "A=b c", "LD_PRELOAD=/bench/evil.so", "SLUICE_TASK_OF=mark", "/bin/ls", "-l",
      ])
    #expect(
      artist.command("/a=b/ls", [], environment: [:]).suffix(5) == ["/bin/sh", "-c", "exec \"$@\"", "sh", "/a=b/ls"])
  }

  @Test func `has its own home and name, and nothing of whoever started the agent`() {
    let seen = artist.dressed([
      "HOME": "/root", "USER": "root", "PATH": "/bin", "SUDO_USER": "ada", "XDG_DATA_HOME": "/x",
    ])
    #expect(seen == ["HOME": "/home/artist", "USER": "artist", "LOGNAME": "artist", "PATH": "/bin"])
  }
}

@Suite struct `A folder that a task may change` {
  private let root: String
  private let victim: String

  init() throws {
    root = NSTemporaryDirectory() + "sluice-test-" + UUID().uuidString
    victim = root + "-victim"
    for path in [root, victim] {
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }
    try Data("kept".utf8).write(to: URL(filePath: victim + "/file"))
  }

  private func tidy() {
    for path in [root, victim] { try? FileManager.default.removeItem(atPath: path) }
  }

  private var isVictimThere: Bool { FileManager.default.contents(atPath: victim + "/file") == Data("kept".utf8) }

  @Test func `goes with all that is in it, and nothing that links in it lead to`() throws {
    defer { tidy() }
    try FileManager.default.createDirectory(atPath: root + "/a/b", withIntermediateDirectories: true)
    symlink(victim, root + "/a/link")
    symlink(victim + "/file", root + "/a/b/link")
    mkfifo(root + "/a/pipe", 0o600)
    GuardedFolder.remove(root)
    #expect(access(root, F_OK) != 0)
    #expect(isVictimThere)
  }

  @Test func `goes as a link where that stands in its place`() {
    defer { tidy() }
    symlink(victim, root + "/link")
    GuardedFolder.remove(root + "/link")
    #expect(isVictimThere)
    #expect(FileManager.default.subpaths(atPath: root) == [])
  }

  @Test func `goes however deep it is`() {
    defer { tidy() }
    var names = open(root, O_RDONLY)
    for _ in 0..<1_000 {
      mkdirat(names, "d", 0o700)
      let next = openat(names, "d", O_RDONLY)
      close(names)
      names = next
    }
    close(names)
    GuardedFolder.remove(root)
    #expect(access(root, F_OK) != 0)
  }

  @Test(arguments: ["link", "folder/file", "pipe", "folder", "../x", "missing"])
  func `gives no file where a link is on the way, or where it is none`(path: String) throws {
    defer { tidy() }
    symlink(victim + "/file", root + "/link")
    symlink(victim, root + "/folder")
    mkfifo(root + "/pipe", 0o600)
    #expect(GuardedFolder.open(root)?.file(path, owner: nil) == nil)
  }

  @Test func `gives the files of one user alone, and names only files`() throws {
    defer { tidy() }
    try Data("made".utf8).write(to: URL(filePath: root + "/made"))
    symlink(victim, root + "/link")
    let folder = try #require(GuardedFolder.open(root))
    #expect(folder.file("made", owner: geteuid() + 1) == nil)
    #expect(try folder.file("made", owner: geteuid())?.digest() == Digest.of("made"))
    #expect(folder.names() == ["made"])
  }

  @Test func `is not made through a link`() throws {
    defer { tidy() }
    symlink(victim, root + "/out")
    let folder = try #require(GuardedFolder.open(root))
    #expect(throws: SluiceError.self) { try folder.make("out/result", owner: nil, group: nil, mode: 0o755) }
    #expect(access(victim + "/result", F_OK) != 0)
    try folder.make("in/plate", owner: nil, group: nil, mode: 0o750)
    #expect(try FileManager.default.attributesOfItem(atPath: root + "/in/plate")[.posixPermissions] as? Int == 0o750)
  }
}
