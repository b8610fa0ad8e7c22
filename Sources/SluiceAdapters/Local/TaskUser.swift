package import Glibc
package import SluiceModel
import SystemPackage

/// Another user of this machine that tasks run as.
package struct TaskUser: Sendable, Hashable {
  package let name: String
  package let user: uid_t
  package let group: gid_t
  /// All of its groups, its own among them.
  package let groups: [gid_t]
  package let home: String
  package init(name: String, user: uid_t, group: gid_t, groups: [gid_t], home: String) {
    (self.name, self.user, self.group, self.groups, self.home) = (name, user, group, groups, home)
  }

  /// Who this program's processes may run as.
  /// - Parameters:
  ///   - found: what the machine knows of the name; nil where it knows nobody of it.
  ///   - caller: the user that this program runs as.
  /// - Throws: `agent.user` where only root could, nobody has that name, or the name is root's.
  package static func require(
    _ found: TaskUser?, named name: String, caller: uid_t
  ) throws(SluiceError) -> TaskUser {
    let shown = NameRule.printable(name)
    guard caller == 0 else {
      throw SluiceError(
        .agentUser, what: "only root may run tasks as another user, and this agent is started by user \(caller)",
        at: "--run-as \(shown)", fix: "start the agent as root, or as '\(shown)' and without --run-as")
    }
    guard let found else {
      throw SluiceError(
        .agentUser, what: "this machine has no user '\(shown)'", at: "--run-as \(shown)",
        fix: "make the user, or name one that `getent passwd` lists")
    }
    guard found.user != 0 else {
      throw SluiceError(
        .agentUser, what: "'\(shown)' is root", at: "--run-as \(shown)", fix: "name a user without rights of its own")
    }
    return found
  }

  /// Looks the name up where this machine keeps its users.
  /// - Throws: `agent.user`.
  package static func named(_ name: String) throws(SluiceError) -> TaskUser {
    try require(lookUp(name), named: name, caller: geteuid())
  }

  private static func lookUp(_ name: String) -> TaskUser? {
    var entry = passwd()
    var result: UnsafeMutablePointer<passwd>?
    var texts = [CChar](repeating: 0, count: 65_536)
    // The entry's texts lie in the buffer, and are gone with it.
    let home: String? = texts.withUnsafeMutableBufferPointer { buffer in
      guard let base = buffer.baseAddress, getpwnam_r(name, &entry, base, buffer.count, &result) == 0, result != nil
      else { return nil }
      return entry.pw_dir.map { String(cString: $0) } ?? "/"
    }
    guard let home else { return nil }
    var groups = [gid_t](repeating: 0, count: 1_024)
    var count = Int32(groups.count)
    guard getgrouplist(name, entry.pw_gid, &groups, &count) >= 0 else { return nil }
    return TaskUser(
      name: name, user: entry.pw_uid, group: entry.pw_gid, groups: groups.prefix(Int(count)).sorted(), home: home)
  }

  // MARK: Becoming

  /// Small programs that become the user and then the task. Processes of swift-subprocess can be given a user, too, but
  /// there a program of many threads forks without glibc's knowledge, and may wait for ever in `setgroups`.
  private static let setpriv = "/usr/bin/setpriv"
  private static let env = "/usr/bin/env"

  /// What runs a program as this user: with its groups and no others, and with exactly these variables.
  func command(_ program: String, _ arguments: [String], environment: [String: String]) -> [String] {
    let variables = environment.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
    // `env` takes a name with an equals sign for a variable.
    let start = program.contains("=") ? ["/bin/sh", "-c", "exec \"$@\"", "sh", program] : [program]
    return [
      TaskUser.setpriv, "--reuid=\(user)", "--regid=\(group)",
      groups.isEmpty ? "--clear-groups" : "--groups=" + groups.map(String.init).joined(separator: ","),
      "--inh-caps=-all", "--", TaskUser.env, "-i", "--",
    ] + variables + start + arguments
  }

  /// What is seen as long as it is root: nothing of a task's that could change what root does, such as `LD_PRELOAD`,
  /// but the marks by which its processes are found.
  static func environment(before environment: [String: String]) -> [String: String] {
    environment.filter { $0.key.hasPrefix("SLUICE_") }.merging(["PATH": "/usr/bin:/bin"]) { $1 }
  }

  /// What programs read of who they are; the variables of whoever started the agent do not count.
  package func dressed(_ environment: [String: String]) -> [String: String] {
    var environment = environment.filter { name, _ in
      !name.hasPrefix("SUDO_") && !name.hasPrefix("XDG_") && !["MAIL", "SSH_AUTH_SOCK"].contains(name)
    }
    (environment["HOME"], environment["USER"], environment["LOGNAME"]) = (home, name, name)
    return environment
  }

  /// Looks whether it can come to a folder, and cannot change who stands where on the way; asked of the machine, as
  /// that user.
  /// - Parameter folder: where what root keeps and what tasks work on lie side by side.
  /// - Throws: `agent.user`.
  package func requireWay(to folder: String) async throws(SluiceError) {
    let process = LocalProcess(
      arguments: ["/bin/sh", "-c", TaskUser.look, "sh", folder], environment: ["PATH": "/usr/bin:/bin"],
      directory: "/", user: self)
    for program in [TaskUser.setpriv, TaskUser.env] where access(program, X_OK) != 0 {
      throw SluiceError(
        .agentUser, what: "the program '\(program)' is not there, by which tasks become '\(name)'",
        at: "--run-as \(name)", fix: "install util-linux and coreutils")
    }
    let silence = try? FileDescriptor.open("/dev/null", .writeOnly, options: .closeOnExec)
    let end = if let silence { await process.run(output: silence, grace: .zero).end } else { LocalProcess.End.notFound }
    switch end {
    case .exited(0): return
    case .exited(2):
      throw SluiceError(
        .agentUser, what: "'\(name)' may change the agent's folder, or one above it", at: folder,
        fix: "name a --cache that root alone may change, with all folders above it, such as one below /var/lib")
    default:
      throw SluiceError(
        .agentUser, what: "'\(name)' cannot come to the agent's folder, in which tasks work", at: folder,
        fix: "name a --cache that this user may pass to, such as one below /var/lib: every folder above it needs x")
    }
  }

  /// A folder that others may write to is none where the sticky bit keeps them from what is not theirs.
  private static let look = """
    cd -- "$1" && p=$(pwd -P) || exit 1
    for own in "$p/inputs" "$p/logs" "$p/sessions" "$p/work"; do [ ! -w "$own" ] || exit 2; done
    while :; do
      if [ -O "$p" ] || { [ -w "$p" ] && [ ! -k "$p" ]; }; then exit 2; fi
      [ "$p" != / ] || exit 0
      p=${p%/*}; p=${p:-/}
    done
    """
}
