import FoundationEssentials
import Glibc
import SluiceModel
import Synchronization

/// Control groups of version 2 for tasks, where this machine has a tree of them that this program may write to.
///
/// Whatever a task starts is in its group, and nothing that a process does to its session or its environment takes it
/// out. A program that may not write there goes on without. Source: ADR 0022; Linux, `admin-guide/cgroup-v2.rst`.
final class ControlGroups: Sendable {
  /// The groups of all tasks of a mark lie here.
  let folder: String
  private let mark: String
  private let made = Mutex(0)

  /// Nil where there are none to be had.
  init?(mark: String) {
    guard let own = ControlGroups.own else { return nil }
    ControlGroups.shareMemory(own)
    let folder = own + "/" + ControlGroups.name(mark)
    mkdir(folder, 0o755)
    // Kernels before 5.14 cannot end a group at once.
    for file in ["cgroup.procs", "cgroup.kill"] where faccessat(AT_FDCWD, "\(folder)/\(file)", W_OK, AT_EACCESS) != 0 {
      rmdir(folder)
      return nil
    }
    // Who may not take a process out of the own group cannot put one into another.
    guard faccessat(AT_FDCWD, own + "/cgroup.procs", W_OK, AT_EACCESS) == 0 else {
      rmdir(folder)
      return nil
    }
    ControlGroup(path: folder).enable("memory")
    (self.folder, self.mark) = (folder, mark)
  }

  deinit { leave() }

  /// Takes the folder away, where no task has a group in it any more.
  func leave() { rmdir(folder) }

  /// A group for one task; nil where it cannot be made, such as where there are too many.
  func make() -> ControlGroup? {
    let number = made.withLock { made in
      made += 1
      return made
    }
    let path = "\(folder)/\(getpid())-\(number)"
    if mkdir(path, 0o755) == 0 { return ControlGroup(path: path) }
    // What ended the tasks of before took the folder away, too.
    mkdir(folder, 0o755)
    ControlGroup(path: folder).enable("memory")
    return mkdir(path, 0o755) == 0 ? ControlGroup(path: path) : nil
  }

  // MARK: Finding

  /// The groups of a mark have one name wherever they lie: a server may be started elsewhere than the one before it.
  static func name(_ mark: String) -> String { "sluice-" + Digest.of(mark).hex.prefix(12) }

  /// Ends what an earlier program of the mark left, wherever its groups are: those that are there now, since the next
  /// one may make its own meanwhile.
  static func endAll(markedBy mark: String, sleep: @Sendable (Duration) async throws -> Void) async {
    for place in mounts() {
      for folder in found(name(mark), below: place.folder) where folder.isAllOurs {
        for group in folder.children { await group.end(sleep) }
        rmdir(folder.path)
      }
    }
  }

  /// - Complexity: O(groups of the machine), at most `Limits.controlGroups`.
  private static func found(_ name: String, below folder: String) -> [ControlGroup] {
    var found: [ControlGroup] = []
    var folders = [ControlGroup(path: folder)]
    var next = 0
    while next < folders.count, folders.count < Limits.controlGroups {
      let group = folders[next]
      next += 1
      if group.path.hasSuffix("/" + name) { found.append(group) } else { folders += group.children }
    }
    return found
  }

  /// Where a tree of version 2 is to be seen, and which part of it.
  private static func mounts() -> [(folder: String, root: String)] {
    mounts(in: Census.text(of: "/proc/self/mountinfo"))
  }

  /// - Parameter text: as `/proc/PID/mountinfo` has it.
  static func mounts(in text: String) -> [(folder: String, root: String)] {
    text.split(separator: "\n").compactMap { line in
      let fields = line.split(separator: " ")
      guard let dash = fields.firstIndex(of: "-"), fields.count > dash + 1, dash > 4, fields[dash + 1] == "cgroup2"
      else { return nil }
      return (String(fields[4]), String(fields[3]))
    }
  }

  /// The group of this program, as a folder; above the one that it moved itself to.
  private static var own: String? {
    let path = path(in: Census.text(of: "/proc/self/cgroup"))
    guard let path else { return nil }
    for mount in mounts() {
      guard let folder = folder(of: path, in: mount), access(folder + "/cgroup.procs", F_OK) == 0 else { continue }
      return folder
    }
    return nil
  }

  /// - Parameter text: as `/proc/PID/cgroup` has it.
  static func path(in text: String) -> String? {
    text.split(separator: "\n").first { $0.hasPrefix("0::/") }.map { String($0.dropFirst(3)) }
  }

  /// Where a group is to be seen below a mount; nil where the mount does not show it.
  static func folder(of path: String, in mount: (folder: String, root: String)) -> String? {
    var path = path
    if path.hasSuffix("/" + programName) { path.removeLast(programName.count + 1) }
    if mount.root == "/" { return path == "/" || path.isEmpty ? mount.folder : mount.folder + path }
    guard path == mount.root || path.hasPrefix(mount.root + "/") else { return nil }
    return mount.folder + path.dropFirst(mount.root.count)
  }

  // MARK: Memory

  private static let programName = "sluice-program"

  /// A group that has processes cannot share the memory controller out to those within it. A program that is alone in
  /// the group of a systemd service, as with `Delegate=yes`, moves itself into one within.
  private static func shareMemory(_ own: String) {
    let group = ControlGroup(path: own)
    guard group.words("cgroup.controllers").contains("memory"),
      !group.words("cgroup.subtree_control").contains("memory"), !group.enable("memory"),
      own.hasSuffix(".service"), group.processes == [getpid()]
    else { return }
    let program = ControlGroup(path: own + "/" + programName)
    mkdir(program.path, 0o755)
    program.write("\(getpid())", to: "cgroup.procs")
    group.enable("memory")
  }
}

/// One group, as its folder.
struct ControlGroup: Sendable, Hashable {
  let path: String

  /// What enters the group and then becomes a program, which sees the same environment and name as without.
  /// - Parameter program: a path, or a name that `PATH` knows.
  func entering(_ program: String, _ arguments: [String], environment: [String: String]) -> [String] {
    // A shell exports where it is.
    let folder = environment["PWD"]
    let place: (script: String, words: [String]) =
      folder.map { ("PWD=$1; shift", [$0]) } ?? ("unset PWD", [])
    var words = ["/bin/sh", "-c", "echo 0 2>/dev/null >\"$0\"; \(place.script); exec \"$@\""]
    words.append(path + "/cgroup.procs")
    words += place.words
    words.append(program)
    return words + arguments
  }

  /// Whether anything has run in it.
  var hasRun: Bool { cpuMicroseconds > 0 }

  /// Processor time of all that ran in it, whether it still runs or not.
  private var cpuMicroseconds: Int64 { figure("usage_usec", in: "cpu.stat") ?? 0 }

  /// What ran in it took. The kernel counts files that were read as memory; what is left of them at the end is not
  /// counted here.
  /// - Parameter looked: what was seen while it ran.
  func use(_ looked: TaskUse?) -> TaskUse? {
    let peak = Int64(words("memory.peak").first ?? "").map { peak in
      max(0, peak - (figure("file", in: "memory.stat") ?? 0) + (figure("shmem", in: "memory.stat") ?? 0))
    }
    guard let memory = [looked?.memoryBytes, peak].compactMap({ $0 }).max() else { return nil }
    return TaskUse(
      memoryBytes: memory, cpuSeconds: max(looked?.cpuSeconds ?? 0, Double(cpuMicroseconds) / 1_000_000))
  }

  /// Ends all that is in it and in those within it, and takes it away.
  func end(_ sleep: @Sendable (Duration) async throws -> Void) async {
    var pause = 1
    for _ in 0..<Limits.controlGroupLooks {
      write("1", to: "cgroup.kill")
      if remove() || access(path, F_OK) != 0 { return }
      try? await sleep(.milliseconds(pause))
      pause = min(50, pause * 2)
    }
  }

  /// Takes the group away with those within it.
  /// - Returns: false where something is still in it.
  private func remove() -> Bool {
    if rmdir(path) == 0 { return true }
    for child in children { _ = child.remove() }
    return rmdir(path) == 0
  }

  /// Whether all that is in it can be seen from here: another container may have groups of the same name, and its
  /// processes have the number 0 here.
  var isAllOurs: Bool { !processes.contains(0) && children.allSatisfy(\.isAllOurs) }

  var processes: [Int32] { words("cgroup.procs").compactMap { Int32($0) } }

  var children: [ControlGroup] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
    return names.sorted().map { ControlGroup(path: path + "/" + $0) }.filter {
      access($0.path + "/cgroup.procs", F_OK) == 0
    }
  }

  /// Lets the groups within this one have a controller.
  @discardableResult
  func enable(_ controller: String) -> Bool {
    words("cgroup.controllers").contains(controller) && write("+\(controller)", to: "cgroup.subtree_control")
  }

  func words(_ file: String) -> [String] {
    Census.text(of: "\(path)/\(file)").split(whereSeparator: \.isWhitespace).map(String.init)
  }

  private func figure(_ name: String, in file: String) -> Int64? {
    let words = words(file)
    return words.firstIndex(of: name).flatMap { $0 + 1 < words.count ? Int64(words[$0 + 1]) : nil }
  }

  @discardableResult
  func write(_ text: String, to file: String) -> Bool {
    let descriptor = open("\(path)/\(file)", O_WRONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return false }
    defer { close(descriptor) }
    let bytes = Array(text.utf8)
    return Glibc.write(descriptor, bytes, bytes.count) == bytes.count
  }
}
