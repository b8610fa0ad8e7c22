package import SluiceModel

/// A site's views on its disk. Each save is whole or not there; the newest ones go in a crash, as they are not synced.
package struct StoredViews: Sendable {
  private struct Content: Sendable {
    var rows: [String: ViewRow] = [:]
    var commands: [CommandID: Int64] = [:]
    var head: ViewHead?

    mutating func take(_ save: Save) {
      for row in save.rows { rows["\(row.model) \(row.key)"] = row.body == nil ? nil : row }
      for (command, last) in save.commands where commands[command] == nil { commands[command] = last }
      head = save.head
    }
  }
  private struct Save: Sendable {
    var rows: [ViewRow]
    var commands: [(command: CommandID, last: Int64)]
    var head: ViewHead
  }
  private var durable = Content()
  private var current = Content()
  private var recent: [Save] = []

  package var head: ViewHead? { current.head }
  package var rows: [ViewRow] { current.rows.keys.sorted().compactMap { current.rows[$0] } }
  package func record(of command: CommandID) -> Int64? { current.commands[command] }

  package mutating func save(_ rows: [ViewRow], index: ContentIndex, head: ViewHead) {
    let save = Save(rows: rows, commands: index.commands, head: head)
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
