import ArgumentParser
import SluiceModel

/// Shows an answer, and again as it changes.
struct Repeated: ParsableArguments {
  @Flag(help: "Stay, and show it again as it changes.") var watch = false

  /// - Parameters:
  ///   - isOver: whether it changes no more; watching ends then.
  ///   - tell: shows it in words.
  /// - Returns: the last answer.
  @discardableResult func show<Answer: Codable>(
    _ options: ServerOptions, ask: () async throws -> Answer, isOver: (Answer) -> Bool = { _ in false },
    tell: (Answer) -> Void
  ) async throws -> Answer {
    var last = ""
    while true {
      let answer = try await ask()
      let text = StableJSON.text(answer)
      if text != last {
        if watch, Console.isTerminal, !options.json, !last.isEmpty { print("") }
        if options.json { Console.json(answer) } else { tell(answer) }
        flushOutput()
      }
      last = text
      guard watch, !isOver(answer) else { return answer }
      try await Machine.ambient.sleep(.seconds(1))
    }
  }
}
