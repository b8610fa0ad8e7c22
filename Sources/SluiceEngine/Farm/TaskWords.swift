package import SluiceModel

/// What became of a task, in a sentence. Pure.
package enum TaskWords {
  package static func sentence(_ fact: TaskFinished) -> String {
    let place = fact.agent.map { " on \($0)" } ?? ""
    let took = fact.used.map { " with \(ByteWords.text($0.memoryBytes)) of memory" } ?? ""
    let why = fact.failure.map { ": \($0.what)" } ?? ""
    return "It has \(fact.outcome.rawValue)\(place)\(took)\(tries(fact.tries, fact.given))\(why)."
  }

  /// `, on its 2nd try, one size up (S): it had too much memory for XS on render03`; empty for a first try.
  static func tries(_ tries: [TaskTry]?, _ given: TaskShare?) -> String {
    guard let tries, let last = tries.last else { return "" }
    let number = "try \(tries.count + 1)"
    guard last.failure.code == ErrorCode.taskOverMemory.rawValue else {
      return ", \(number), after it failed on \(last.agent)"
    }
    let now = given?.size.map { " (\($0.rawValue))" } ?? ""
    let before = last.given.size?.rawValue ?? ByteWords.text(Int64(last.given.memory) << 20)
    return ", \(number), one size up\(now): it had too much memory for \(before) on \(last.agent)"
  }
}
