import Glibc
import SluiceModel

/// What a task that has ended left behind in sessions of its own: daemons, which the end of its group does not reach.
///
/// They are found by their mark or their environment, and cheaply: only processes that are younger than the task can be
/// its. Source: ADRs 0011 and 0028.
struct Strays: Sendable {
  /// The variable that says which task of this machine it is, by its bench: only one is there at a time.
  static let placeName = "SLUICE_TASK_AT"

  /// Entries of the environment that a process of the task has, all of them.
  private let marks: [[UInt8]]
  private let mark: ProcessMark?
  /// The task's first process.
  private let leader: Int32

  init(of process: LocalProcess, _ names: [String], since leader: Int32) {
    marks = names.compactMap { name in process.environment[name].map { Array("\(name)=\($0)".utf8) } }
    mark = process.mark
    self.leader = leader
  }

  /// Ends them, and what they start meanwhile.
  func end(_ sleep: @Sendable (Duration) async throws -> Void) async {
    for _ in 0..<20 {
      let found = younger().filter(isOurs)
      if found.isEmpty { return }
      for process in found { LocalProcess.endSession(of: process) }
      try? await sleep(.milliseconds(10))
    }
  }

  /// Processes that may have been started after the task's first.
  private func younger() -> [Int32] {
    guard let newest = Strays.newest() else { return LocalProcess.all() }
    // Numbers begin anew where they have reached the last one.
    guard newest >= leader, newest - leader <= 256 else { return LocalProcess.all() }
    return newest == leader ? [] : Array((leader + 1)...newest).filter { $0 != getpid() }
  }

  /// The number that the kernel gave last: the end of `/proc/loadavg`.
  private static func newest() -> Int32? {
    bytes(of: "/proc/loadavg", atMost: 128)
      .flatMap { String(decoding: $0, as: UTF8.self).split(whereSeparator: \.isWhitespace).last.flatMap { Int32($0) } }
  }

  private func isOurs(_ process: Int32) -> Bool {
    if let mark, ProcessMark(of: process) == mark { return true }
    guard !marks.isEmpty, let environment = Strays.bytes(of: "/proc/\(process)/environ", atMost: 1 << 21),
      !environment.isEmpty
    else { return false }
    let entries = environment.split(separator: 0)
    return marks.allSatisfy { mark in entries.contains { $0.elementsEqual(mark) } }
  }

  private static func bytes(of path: String, atMost limit: Int) -> [UInt8]? {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 16_384)
    while bytes.count < limit {
      let count = read(descriptor, &piece, piece.count)
      guard count > 0 else { break }
      bytes += piece[..<count]
    }
    return bytes
  }
}
