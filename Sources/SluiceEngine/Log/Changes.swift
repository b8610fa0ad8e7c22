package import SluiceGraph
import SluiceModel

/// What has become different in a registry, for who keeps something beside it.
package struct Changes: Sendable {
  package private(set) var rows: Set<RowKey> = []
  /// There were more than `Limits.changedRows`: who follows begins anew.
  package private(set) var isLost = false

  package init() {}

  package mutating func add(_ changed: some Sequence<RowKey>) {
    guard !isLost else { return }
    for row in changed where row.isOfGraph { rows.insert(row) }
    if rows.count > Limits.changedRows { (rows, isLost) = ([], true) }
  }

  package mutating func add(_ other: Changes) {
    if other.isLost { (rows, isLost) = ([], true) } else { add(other.rows) }
  }
}

extension RowKey {
  /// The project of which something may be out of date because of this row.
  var project: ProjectName? {
    switch self {
    case .folder(let name, _), .pipeline(let name), .heard(let name, _), .register(let name, _): name
    case .product(let ref): ref.project
    case .version(let address): address.product.project
    case .project, .timing, .plan, .run, .task, .token, .subscription, .erased, .agent: nil
    }
  }
  fileprivate var isOfGraph: Bool { project != nil }
}
