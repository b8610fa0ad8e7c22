import Foundation
import Testing

@testable import SluiceAdapters

@Suite struct `A control group` {
  @Test(arguments: [
    ("28 21 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate", "/sys/fs/cgroup", "/"),
    ("40 30 0:35 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw", "/sys/fs/cgroup/unified", "/"),
    ("40 30 0:35 /docker/1 /sys/fs/cgroup ro shared:1 master:2 - cgroup2 cgroup rw", "/sys/fs/cgroup", "/docker/1"),
  ])
  func `lies where a tree of version 2 is mounted`(line: String, folder: String, root: String) {
    let others = "29 28 0:27 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"
    let mounts = ControlGroups.mounts(in: others + line + "\n")
    #expect(mounts.map(\.folder) == [folder] && mounts.map(\.root) == [root])
  }

  @Test func `of a process stands behind the version's empty name`() {
    #expect(
      ControlGroups.path(in: "4:memory:/a\n1:name=systemd:/b\n0::/system.slice/sluice.service\n")
        == "/system.slice/sluice.service")
    #expect(ControlGroups.path(in: "4:memory:/a\n") == nil)
  }

  @Test(arguments: [
    ("/", "/", "/mnt"), ("/a/b", "/", "/mnt/a/b"), ("/a/b/sluice-program", "/", "/mnt/a/b"),
    ("/sluice-program", "/", "/mnt"), ("/docker/1/x", "/docker/1", "/mnt/x"), ("/docker/1", "/docker/1", "/mnt"),
  ])
  func `is seen below the mount`(path: String, root: String, folder: String) {
    #expect(ControlGroups.folder(of: path, in: (folder: "/mnt", root: root)) == folder)
  }

  @Test func `that the mount does not show is not seen`() {
    #expect(ControlGroups.folder(of: "/docker/12", in: (folder: "/mnt", root: "/docker/1")) == nil)
    #expect(ControlGroups.folder(of: "/", in: (folder: "/mnt", root: "/docker/1")) == nil)
  }

  @Test func `has one name for one mark, wherever it lies`() {
    #expect(ControlGroups.name("/data") == ControlGroups.name("/data"))
    #expect(ControlGroups.name("/data") != ControlGroups.name("/other"))
  }
}

enum ControlGroupTests {
  /// Whether this machine has a tree that the tests may write to.
  static let isThere = ControlGroups(mark: "tests \(getpid())") != nil
}
