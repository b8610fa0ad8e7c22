package import SluiceModel

/// A run that has tasks in line or on agents, as the queue shows it.
package struct QueuedRun: Sendable, Hashable {
  package enum Hold: String, Sendable, Hashable, Codable {
    /// The rest waits for test frames.
    case tests
    /// The test frames passed, and a person is to look.
    case look
    case testFailed
    case paused
  }
  package let run: RunID
  package let tier: Tier
  package let waiting: Int
  package let running: Int
  package let hold: Hold?
}

extension Scheduler {
  /// Whether something may be ready to start; false is certain.
  package var mayHaveWork: Bool { !needs.isEmpty }

  package func isKnown(_ run: RunID) -> Bool { runs[run] != nil }

  package func tier(of run: RunID) -> Tier? { runs[run]?.place.tier }

  /// Runs in the order in which they come.
  /// - Complexity: O(runs log runs).
  package var queue: [QueuedRun] {
    runs.sorted { $0.value.place < $1.value.place }.map { id, run in
      QueuedRun(
        run: id, tier: run.place.tier,
        waiting: run.lines.reduce(run.rest.count + run.held) { $0 + (lines[$1]?.ready.count ?? 0) },
        running: run.running,
        hold: hold(run))
    }
  }

  private func hold(_ run: Run) -> QueuedRun.Hold? {
    if run.isPaused { return .paused }
    switch run.phase {
    case .open: return nil
    case .testing: return .tests
    case .looking: return .look
    case .testFailed: return .testFailed
    }
  }

  /// Whether something of this name is counted.
  package func hasLimit(_ name: String) -> Bool { limits.limits[name] != nil }

  /// How many of a limit tasks have.
  package func used(ofLimit name: String) -> Int { limits.used(name) }

  /// Counted limits with how many of each are in use, by name.
  package var limitsInUse: [(name: String, limit: CountedLimit, used: Int)] {
    limits.limits.sorted { $0.key < $1.key }.map { ($0.key, $0.value, limits.used($0.key)) }
  }
}
