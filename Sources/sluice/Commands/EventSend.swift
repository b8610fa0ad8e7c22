import ArgumentParser
import AsyncHTTPClient
import SluiceModel

struct EventCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "event", abstract: "Send events of other tools.",
    discussion: "EXAMPLE: sluice event send approved.json",
    subcommands: [EventSend.self])
}

struct EventSend: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "send", abstract: "Send CloudEvents: one object, an array, or one object a line.",
    discussion: """
      An event that was sent before, by its source and id, is recorded once.
      EXAMPLE: sluice event send approved.json
      EXAMPLE: sluice event send - < events.ndjson
      """)
  @Argument(help: "Files with CloudEvents in JSON; - for stdin.") var files: [String]
  @OptionGroup var options: ServerOptions

  func run() async throws {
    let client = options.client
    var results: [EventResult] = []
    for file in files {
      for batch in EventSend.batches(try EventSend.read(file)) {
        let message = HTTPBinding.batch(batch)
        let answer: IntakeAnswer = try await client.answer(
          .POST, "events", [], body: .bytes(message.body), type: HTTPBinding.batchType)
        results += answer.results
      }
    }
    if options.json { Console.json(IntakeAnswer(results: results)) } else { EventSend.tell(results) }
    if let failure = results.lazy.compactMap(\.error).first {
      throw ExitCode(ErrorCode(rawValue: failure.code)?.exitCode ?? 1)
    }
  }

  private static func read(_ file: String) throws(SluiceError) -> [Envelope] {
    var bytes: [UInt8] = []
    do {
      try LocalFiles.read(file == "-" ? "/dev/stdin" : Machine.absolute(file)) { bytes += $0 }
    } catch {
      throw SluiceError(
        .usage, what: "the file cannot be read", at: NameRule.printable(file), fix: "look at the path")
    }
    do throws(EnvelopeProblem) {
      return try Envelope.all(bytes)
    } catch {
      throw SluiceError(
        .eventInvalid, what: error.description, at: file == "-" ? "stdin" : file,
        fix: "write one JSON object, an array of them, or one a line")
    }
  }

  /// As many at once as a request takes.
  private static func batches(_ events: [Envelope]) -> [[Envelope]] {
    var batches: [[Envelope]] = []
    var bytes = 0
    for event in events {
      bytes += event.bytes.count + 1
      if batches.last.map({ $0.count == Limits.eventsPerBatch }) ?? true || bytes > Limits.jsonBodyBytes - 1 {
        batches.append([])
        bytes = event.bytes.count + 2
      }
      batches[batches.count - 1].append(event)
    }
    return batches
  }

  private static func tell(_ results: [EventResult]) {
    for result in results {
      guard let error = result.error else { continue }
      Console.complain(
        "sluice: \(error.what)\n  where: \(error.at)\n  fix:   \(error.fix)\n  code:  \(error.code)")
    }
    let duplicates = results.count { $0.duplicate == true }
    let refused = results.count { $0.error != nil }
    let taken = results.count - refused - duplicates
    var words = "\(taken) event\(taken == 1 ? "" : "s") recorded"
    if duplicates > 0 { words += ", \(duplicates) known before" }
    if refused > 0 { words += ", \(refused) refused" }
    print(words + ".")
  }
}
