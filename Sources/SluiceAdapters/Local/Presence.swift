import FoundationEssentials
import Glibc
package import SluiceModel

/// Whether somebody works at this machine.
package struct Presence: Sendable {
  private let idle: Duration
  private let program: String?
  private let environment: [String: String]
  private let ambient: Ambient

  /// - Parameters:
  ///   - idle: after so long without input at a terminal nobody does.
  ///   - program: says it instead: it exits with 0 when nobody does.
  package init(idle: Duration, program: String?, environment: [String: String], ambient: Ambient) {
    (self.idle, self.program) = (idle, program)
    (self.environment, self.ambient) = (environment, ambient)
  }

  /// A program that cannot be asked leaves the machine to its user.
  package func isInUse() async -> Bool {
    if let program {
      let output = await Program.output(
        program, [], environment: environment, within: .seconds(Limits.presenceProgramSeconds), atMost: 64 * 1_024,
        sleep: ambient.sleep)
      return output?.isSuccess != true
    }
    let newest = Presence.terminals().compactMap(Presence.lastInput).max() ?? 0
    return ambient.now().timeIntervalSince1970 - newest < Double(idle.components.seconds)
  }

  /// When something was read from a terminal, in seconds since 1970; the kernel keeps it to some seconds.
  private static func lastInput(_ path: String) -> Double? {
    var found = stat()
    return stat(path, &found) == 0 ? Double(found.st_atim.tv_sec) : nil
  }

  private static func terminals() -> [String] {
    let windows = (try? FileManager.default.contentsOfDirectory(atPath: "/dev/pts")) ?? []
    return windows.filter { $0.first?.isNumber == true }.map { "/dev/pts/" + $0 } + (1...12).map { "/dev/tty\($0)" }
  }
}
