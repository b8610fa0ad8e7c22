/// Keys of sessions that an agent keeps, and which of them it was told to leave. Pure.
struct AgentSessions: Sendable {
  private var kept: Set<String> = []
  private var leaving: Set<String> = []
  /// Those of which a task came while they were left.
  private var resumed: Set<String> = []

  var keys: [String] { kept.sorted() }

  mutating func begin(_ key: String?) {
    guard let key else { return }
    kept.insert(key)
    if leaving.contains(key) { resumed.insert(key) }
  }

  /// The server says that nothing comes for these; it says so until they are left.
  /// - Returns: those that nobody leaves yet.
  mutating func leave(_ keys: [String]) -> [String] {
    let new = kept.intersection(keys).subtracting(leaving)
    leaving.formUnion(new)
    return new.sorted()
  }

  mutating func left(_ key: String) {
    leaving.remove(key)
    if resumed.remove(key) == nil { kept.remove(key) }
  }
}
