import Glibc

/// Where programs were found a moment ago: tasks of one session start the same ones again and again.
struct FoundPrograms: Sendable {
  private struct Found {
    let path: String
    /// The value of `PATH` in which it was looked for.
    let folders: String?
    let at: Duration
  }
  private var found: [String: Found] = [:]

  /// The file that a name stands for; looked for anew after a second, or where it is gone.
  mutating func path(of name: String, _ environment: [String: String], now: Duration) -> String? {
    let folders = environment["PATH"]
    if let known = found[name], known.folders == folders, now - known.at < .seconds(1), access(known.path, X_OK) == 0 {
      return known.path
    }
    let path = Program.path(of: name, environment: environment)
    found[name] = path.map { Found(path: $0, folders: folders, at: now) }
    return path
  }
}
