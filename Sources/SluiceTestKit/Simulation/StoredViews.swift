package import SluiceGraph
package import SluiceModel

/// A site's views on its disk. Each save is whole or not there; the newest ones go in a crash, as they are not synced.
///
/// A row is made of the registry that was saved when somebody reads it, and not again before it is saved anew.
package struct StoredViews: Sendable {
  private enum Row: Sendable {
    case of(Registry)
    case read(ViewRow)
  }
  private struct Content: Sendable {
    var rows: [RowKey: Row] = [:]
    var commands: [CommandID: Int64] = [:]
    var head: ViewHead?

    mutating func take(_ save: Save) {
      for key in save.keys { rows[key] = .of(save.registry) }
      for (command, last) in save.commands where commands[command] == nil { commands[command] = last }
      head = save.registry.head
    }
  }
  private struct Save: Sendable {
    var keys: Set<RowKey>
    var registry: Registry
    var commands: [(command: CommandID, last: Int64)]
  }
  private var durable = Content()
  private var current = Content()
  private var recent: [Save] = []

  package var head: ViewHead? { current.head }
  package func record(of command: CommandID) -> Int64? { current.commands[command] }

  /// Every row that is there, in no order.
  package mutating func read() -> [ViewRow] {
    var found: [ViewRow] = []
    for key in Array(current.rows.keys) {
      guard case .of(let registry)? = current.rows[key] else { continue }
      current.rows[key] = .read(registry.row(key))
    }
    for case .read(let row) in current.rows.values where row.body != nil { found.append(row) }
    return found
  }

  package mutating func save(_ keys: Set<RowKey>, of registry: Registry, index: ContentIndex) {
    let save = Save(keys: keys, registry: registry, commands: index.commands)
    current.take(save)
    recent.append(save)
    if recent.count > 4 { durable.take(recent.removeFirst()) }
  }

  package mutating func crash(_ dice: inout Dice) {
    for save in recent.prefix(dice.below(recent.count + 1)) { durable.take(save) }
    (current, recent) = (durable, [])
  }
}

/// A value beside the log, such as a cursor: each save is whole or not there; the newest ones go in a crash.
package struct StoredValue<Value: Sendable>: Sendable {
  package private(set) var current: Value
  private var durable: Value
  private var recent: [Value] = []

  package init(_ value: Value) { (current, durable) = (value, value) }

  package mutating func save(_ value: Value) {
    current = value
    recent.append(value)
    if recent.count > 4 { durable = recent.removeFirst() }
  }

  package mutating func crash(_ dice: inout Dice) {
    let kept = dice.below(recent.count + 1)
    if kept > 0 { durable = recent[kept - 1] }
    (current, recent) = (durable, [])
  }
}
