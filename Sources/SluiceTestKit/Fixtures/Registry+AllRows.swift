package import SluiceGraph
package import SluiceModel

extension Registry {
  /// The keys of everything that is known, in no order.
  private var keys: [RowKey] {
    var keys: [RowKey] = []
    for project in projects.values {
      keys += [.project(project.name), .pipeline(project.name)]
      keys += project.folders.keys.map { .folder(project.name, $0) }
      keys += project.timings.keys.map { .timing(project.name, $0) }
      keys += project.registers.keys.map { .register(project.name, $0) }
      keys += project.products.keys.map { .product($0) }
      keys += project.versions.keys.map { .version($0) }
    }
    keys += plans.keys.map { .plan($0) } + runs.keys.map { .run($0) } + tokens.keys.map { .token($0) }
    for run in runs.values {
      keys += Set(run.tasks.keys).union(run.failed.keys).union(triedTasks(of: run.id)).map { .task($0) }
    }
    keys += agents.keys.map { .agent($0) }
    return keys + subscriptions.keys.map { .subscription($0) } + erased.keys.map { .erased($0) }
  }

  /// Everything that is known, as the views would hold it, sorted by what the rows are called.
  package var allRows: [ViewRow] { keys.map { row($0) }.sorted { ($0.model, $0.key) < ($1.model, $1.key) } }
}
