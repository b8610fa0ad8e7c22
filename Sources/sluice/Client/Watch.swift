import SluiceModel

/// Stays with a plan until it ends.
struct Watch {
  let client: Client

  func watch(_ id: PlanID) async throws -> PlanProgress {
    var last: PlanProgress?
    while true {
      let shown: PlanShown = try await client.get("plans/\(id)")
      if let progress = shown.progress { last = progress }
      // The plan's end is a fact; what its runs say may be seen a moment earlier.
      if let last, shown.state?.status != .running, last.status != .running {
        Console.endProgress()
        return last
      }
      if let last { Console.progress(PlanText.line(last)) }
      try await listen(id)
    }
  }

  /// Waits for the next word about the plan, at most a second.
  private func listen(_ id: PlanID) async throws {
    await withTaskGroup(of: Void.self) { group in
      group.addTask {
        try? await EventReader(client: client).stream([("type", "sluice.plan.*")]) { message in
          if message.event == "progress",
            let progress = try? StableJSON.decode(PlanProgress.self, from: message.data.utf8),
            progress.id == id
          {
            Console.progress(PlanText.line(progress))
            return progress.status == .running
          }
          return !message.data.contains("\"\(id)\"")
        } from: {
          nil
        }
      }
      group.addTask { try? await Machine.ambient.sleep(.seconds(1)) }
      await group.next()
      group.cancelAll()
    }
  }
}
