import FoundationEssentials
import Glibc
package import SluiceModel

/// A small process beside an agent that ends the agent's tasks when the agent dies, stops, or is cut off from its
/// server: before the server gives them to others. Source: ADR 0017.
package final class Warden: Sendable {
  private let pipe: Int32

  /// Starts `program` with a pipe as its standard input, in a session of its own, so that no Ctrl-C reaches it.
  /// - Throws: `internal` where it cannot be started.
  package init(program: String, arguments: [String], environment: [String: String]) throws(SluiceError) {
    var ends: [Int32] = [-1, -1]
    // A pair of sockets, since a pipe cannot be made and kept from children in one step here.
    let kind = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
    guard socketpair(AF_UNIX, kind, 0, &ends) == 0 else { throw Warden.failure("make a pair of sockets") }
    defer { close(ends[0]) }
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_adddup2(&actions, ends[0], 0)
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    posix_spawnattr_setflags(&attributes, Int16(Warden.newSession))
    var texts: [UnsafeMutablePointer<CChar>?] = ([program] + arguments).map { strdup($0) } + [nil]
    var variables: [UnsafeMutablePointer<CChar>?] = environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
    defer { for text in texts + variables { free(text) } }
    var process = pid_t()
    guard posix_spawn(&process, program, &actions, &attributes, &texts, &variables) == 0 else {
      close(ends[1])
      throw Warden.failure("start \(program)")
    }
    pipe = ends[1]
  }

  deinit { close(pipe) }

  /// `POSIX_SPAWN_SETSID` of glibc, which is a macro that Swift does not see.
  private static let newSession: Int32 = 0x80

  /// The agent works and its server has heard of it.
  /// - Returns: false where the warden is gone.
  package func reassure() -> Bool { send(pipe, "+", 1, Int32(MSG_NOSIGNAL)) == 1 }

  private static func failure(_ what: String) -> SluiceError {
    SluiceError(
      .internalError, what: "cannot \(what): \(String(cString: strerror(errno)))", at: "agent",
      fix: "look at the limits of processes and files of this user")
  }

  /// What the small process does: it ends whatever carries the mark when nothing comes on standard input for so long,
  /// or when the other end is closed.
  package static func watch(mark: String, patience: Duration, ambient: Ambient) async {
    let launcher = ProcessLauncher(mark: mark, ambient: ambient)
    let milliseconds =
      patience.components.seconds * 1_000 + patience.components.attoseconds / 1_000_000_000_000_000
    var bytes = [UInt8](repeating: 0, count: 256)
    var isEnded = false
    while true {
      var input = pollfd(fd: 0, events: Int16(POLLIN), revents: 0)
      // Whoever was ended stays ended: nothing more is there to look for until the agent is heard again.
      let ready = poll(&input, 1, isEnded ? -1 : Int32(clamping: milliseconds))
      if ready < 0 && errno == EINTR { continue }
      let count = ready > 0 ? read(0, &bytes, bytes.count) : 0
      isEnded = count <= 0
      guard isEnded else { continue }
      await launcher.endOrphans()
      if ready != 0 { return }
    }
  }
}
