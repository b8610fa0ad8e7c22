extension Registry {
  /// Whether two sites show the same of all projects, plans, runs, tokens and erased names, wherever they stand.
  /// Subscriptions and agents are each site's own and do not count.
  package func knowsTheSame(as other: Registry) -> Bool {
    projects == other.projects && plans == other.plans && planTurns == other.planTurns && runs == other.runs
      && tokens == other.tokens && erased == other.erased
  }
}

extension Project: Equatable {
  /// The graph follows from the pipeline and the folders.
  package static func == (left: Project, right: Project) -> Bool {
    (left.name, left.home, left.folders, left.stock) == (right.name, right.home, right.folders, right.stock)
      && left.pipeline == right.pipeline
      && (left.timings, left.lastRuns, left.registers) == (right.timings, right.lastRuns, right.registers)
  }
}
