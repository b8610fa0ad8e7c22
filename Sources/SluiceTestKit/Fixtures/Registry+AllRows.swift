package import SluiceGraph
package import SluiceModel

extension Registry {
  /// The keys of everything that is known, sorted by what their rows are called.
  package var allKeys: [RowKey] {
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
    keys += subscriptions.keys.map { .subscription($0) }
    return keys.map { ($0, row($0)) }.sorted { ($0.1.model, $0.1.key) < ($1.1.model, $1.1.key) }.map(\.0)
  }

  /// Everything that is known, as the views would hold it.
  package var allRows: [ViewRow] { allKeys.map { row($0) } }
}
