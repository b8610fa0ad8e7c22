import FoundationEssentials
import Glibc
import SluiceModel

/// The only place that reads the clock, chance and the environment.
enum Machine {
  static let ambient = Ambient(
    now: { Date() },
    uptime: {
      let now = ContinuousClock.now
      return start.duration(to: now)
    },
    random: { UInt64.random(in: .min ... .max) },
    sleep: { try await Task.sleep(for: $0) })

  private static let start = ContinuousClock.now

  static let environment = ProcessInfo.processInfo.environment
  static var currentFolder: String { FileManager.default.currentDirectoryPath }
  static var cores: Int { ProcessInfo.processInfo.activeProcessorCount }

  /// In MiB.
  static var memory: Int { Int(sysconf(Int32(_SC_PHYS_PAGES))) / 1_024 * Int(sysconf(Int32(_SC_PAGESIZE))) / 1_024 }
  /// The file of this program.
  static var program: String {
    (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? CommandLine.arguments[0]
  }
  static var host: String { ProcessInfo.processInfo.hostName }

  /// `SLUICE_ACTOR`, else the login name.
  static var person: String {
    if let actor = environment["SLUICE_ACTOR"], !actor.isEmpty { return actor }
    if let entry = getpwuid(getuid()) { return String(cString: entry.pointee.pw_name) }
    return environment["USER"] ?? "unknown"
  }

  static func absolute(_ path: String) -> String {
    let whole = path.hasPrefix("/") ? path : currentFolder + "/" + path
    var parts: [Substring] = []
    for part in whole.split(separator: "/") where part != "." {
      if part == ".." { _ = parts.popLast() } else { parts.append(part) }
    }
    return "/" + parts.joined(separator: "/")
  }
}
