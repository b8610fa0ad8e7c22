import Logging
import SluiceModel
import SluicePolicy

/// Agents that had tasks of the server before this one: what they run may still write on benches until their leases are
/// over, so that nothing is started before. Source: ADR 0017.
extension Runner {
  private var noteFile: String { "\(parts.settings.dataFolder)/work" + "/agents.lent" }

  /// Notes, before an agent gets its first task, that it has some.
  /// - Throws: `store.full`, `store.denied`.
  func noteLent(to id: AgentID) async throws(SluiceError) {
    guard lentTo.insert(id).inserted else { return }
    try await parts.dock?.leave(names, at: noteFile)
  }

  /// An agent has left, and nothing of it runs any more.
  func noteGone(_ id: AgentID) async {
    guard lentTo.remove(id) != nil else { return }
    try? await parts.dock?.leave(names, at: noteFile)
  }

  private var names: String { lentTo.union(former).map { "\($0)\n" }.sorted().joined() }

  /// At the start: who had tasks.
  func recallFormer() async {
    guard let text = await parts.dock?.text(of: noteFile) else { return }
    former = Set(text.split(separator: "\n").map { AgentID(String($0)) })
    guard !former.isEmpty else { return }
    startsAt = parts.ambient.uptime() + parts.settings.farm.lease
    parts.logger.notice(
      "nothing starts until \(former.count) agents that had tasks are back, or until their leases are over"
    )
    post.yield(.former)
  }

  /// An agent that joins has ended what it had.
  func isBack(_ id: AgentID) {
    former.remove(id)
    if former.isEmpty { startsAt = nil }
  }

  func awaitFormer() async {
    while !isStopping, let until = startsAt {
      let left = until - parts.ambient.uptime()
      guard left > .zero else { break }
      do { try await parts.ambient.sleep(min(left, .milliseconds(500))) } catch { return }
    }
    (startsAt, former) = (nil, [])
    try? await parts.dock?.leave(names, at: noteFile)
    pump()
  }
}
