import ArgumentParser
import FoundationEssentials
import SluiceModel

struct SubscriptionCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "subscription",
    abstract: "Have events delivered: to an address, to a program of the server's configuration, or to who asks.",
    discussion:
      "EXAMPLE: sluice subscription create dailies --types 'sluice.version.*' --webhook https://tools.studio/hook",
    subcommands: [
      Create.self, List.self, Show.self, Pause.self, Resume.self, Reset.self, Delete.self, Dead.self, Retry.self,
      TestFilter.self,
    ])

  struct Create: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Make a subscription.",
      discussion: """
        EXAMPLE: sluice subscription create renders --types 'sluice.run.*' --where "project = 'demo'" --pull
        EXAMPLE: sluice subscription create dailies --types 'sluice.version.*' --webhook https://tools.studio/hook
        """)
    @Argument(help: "Its name.") var name: String
    @Option(parsing: .upToNextOption, help: "Globs of event types; '*' spans dots. All where it is not said.")
    var types: [String] = []
    @Option(name: .customLong("where"), help: "A CESQL expression over the attributes.") var expression: String?
    @Option(help: "The address that events are posted to.") var webhook: String?
    @Option(help: "How an event lies in a request: structured (where it is not said), binary or batch.")
    var mode: String?
    @Option(help: "A file with the secret that signs the requests; without it one is made and shown once.")
    var secretFile: String?
    @Option(help: "Seconds that a request may take; 10 where it is not said.") var timeout: Int?
    @Option(help: "A program of the server's configuration.") var command: String?
    @Flag(help: "Nothing is sent: who wants events asks for them.") var pull = false
    @Option(help: "How often an event is tried before it goes to the dead letters; 10 where it is not said.")
    var tries: Int?
    @Option(help: "beginning, now, a position or a time; now where it is not said.") var from: String?
    @OptionGroup var options: ServerOptions

    func validate() throws {
      let kinds = [pull, webhook != nil, command != nil].filter { $0 }.count
      guard kinds == 1 else { throw ValidationError("Say one of --webhook URL, --pull and --command NAME.") }
      if webhook == nil, mode != nil || secretFile != nil || timeout != nil {
        throw ValidationError("--mode, --secret-file and --timeout belong to --webhook.")
      }
    }

    func run() async throws {
      var request = SubscriptionRequest(name: name)
      request.types = types.isEmpty ? nil : types
      request.where = expression
      request.kind = pull ? "pull" : webhook != nil ? "webhook" : "command"
      (request.url, request.mode, request.timeout) = (webhook, mode, timeout)
      request.secret = try secretFile.map(SubscriptionCommand.secret)
      (request.command, request.tries, request.from) = (command, tries, from)
      SubscriptionText.show(try await options.client.post("subscriptions", request), options)
    }
  }

  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "List subscriptions and how far they are behind.", discussion: "EXAMPLE: sluice subscription list")
    @OptionGroup var options: ServerOptions

    private struct Answer: Codable { var subscriptions: [SubscriptionAnswer] }

    func run() async throws {
      let answer: Answer = try await options.client.get("subscriptions")
      if options.json { return Console.json(answer) }
      if answer.subscriptions.isEmpty { return print("There are no subscriptions.") }
      Console.table(
        answer.subscriptions.map { one in
          [
            "\(one.name)", one.target.kind, SubscriptionText.state(one), "\(one.lag.events)",
            Console.duration(one.lag.seconds), "\(one.dead)", one.types.joined(separator: " "),
          ]
        }, header: ["NAME", "KIND", "STATE", "LAG", "AGE", "DEAD", "TYPES"])
    }
  }

  struct Show: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Show a subscription.", discussion: "EXAMPLE: sluice subscription show dailies")
    @Argument(help: "Its name.") var name: String
    @OptionGroup var options: ServerOptions
    func run() async throws {
      SubscriptionText.show(try await options.client.get("subscriptions/\(Client.escaped(name))"), options)
    }
  }

  struct Pause: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Stop delivery; nothing is lost meanwhile.", discussion: "EXAMPLE: sluice subscription pause dailies")
    @Argument(help: "Its name.") var name: String
    @OptionGroup var options: ServerOptions
    func run() async throws {
      SubscriptionText.show(
        try await options.client.post("subscriptions/\(Client.escaped(name))/pause", [String: String]()), options)
    }
  }

  struct Resume: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Go on with delivery.", discussion: "EXAMPLE: sluice subscription resume dailies")
    @Argument(help: "Its name.") var name: String
    @OptionGroup var options: ServerOptions
    func run() async throws {
      SubscriptionText.show(
        try await options.client.post("subscriptions/\(Client.escaped(name))/resume", [String: String]()), options)
    }
  }

  struct Reset: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Deliver from another place on; what lies between is delivered again, or left out.",
      discussion: "EXAMPLE: sluice subscription reset dailies --to 2026-11-25T09:00:00Z")
    @Argument(help: "Its name.") var name: String
    @Option(help: "beginning, now, a position or a time.") var to: String
    @OptionGroup var options: ServerOptions
    func run() async throws {
      SubscriptionText.show(
        try await options.client.post("subscriptions/\(Client.escaped(name))/reset", ["to": to]), options)
    }
  }

  struct Delete: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "End a subscription and forget its dead letters.",
      discussion: "EXAMPLE: sluice subscription delete dailies")
    @Argument(help: "Its name.") var name: String
    @OptionGroup var options: ServerOptions
    func run() async throws {
      _ = try await options.client.collect(
        try await options.client.send(.DELETE, "subscriptions/\(Client.escaped(name))"))
      if options.json { return Console.json(["deleted": name]) }
      print("\(name) is deleted.")
    }
  }

  struct Dead: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "List the events that could not be delivered.", discussion: "EXAMPLE: sluice subscription dead dailies")
    @Argument(help: "Its name.") var name: String
    @OptionGroup var options: ServerOptions

    private struct Letter: Codable {
      var position: Position
      var tries: Int
      var error: String
      var time: Date
      var retrying: Bool
      var event: JSONValue
    }
    private struct Answer: Codable {
      var subscription: String
      var dead: [Letter]
    }

    func run() async throws {
      var whole = Answer(subscription: name, dead: [])
      while true {
        let page: Answer = try await options.client.get(
          "subscriptions/\(Client.escaped(name))/dead", [("from", whole.dead.last.map { "\($0.position)" })])
        if page.dead.isEmpty { break }
        whole.dead += page.dead
      }
      if options.json { return Console.json(whole) }
      if whole.dead.isEmpty { return print("\(name) has no dead letters.") }
      Console.table(
        whole.dead.map { letter in
          var (id, type) = ("gone", "")
          if case .object(let map) = letter.event, case .string(let text)? = map["id"],
            case .string(let word)? = map["type"]
          {
            (id, type) = (text, word)
          }
          return [
            "\(letter.position)", id, type, "\(letter.tries) tries", letter.retrying ? "retrying" : "", letter.error,
          ]
        })
      print("Try them again: sluice subscription retry \(name)")
    }
  }

  struct Retry: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Deliver dead letters again, the oldest first, marked with the attribute 'redelivery'.",
      discussion: "EXAMPLE: sluice subscription retry dailies --event 019365aa-7c1e-7a3b-9d20-5b8f6c0e4a11")
    @Argument(help: "Its name.") var name: String
    @Option(help: "Only this event, by its id or position; may be given several times.") var event: [String] = []
    @OptionGroup var options: ServerOptions

    private struct Body: Encodable { var events: [String] }

    func run() async throws {
      let answer: RetryAnswer = try await options.client.post(
        "subscriptions/\(Client.escaped(name))/retry", Body(events: event))
      if options.json { return Console.json(answer) }
      let verb = answer.retrying == 1 ? "is" : "are"
      print("\(Console.counted(answer.retrying, "event")) \(verb) tried again, \(answer.left) others are left.")
    }
  }

  struct TestFilter: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "test", abstract: "Say what a filter makes of an event, without a server.",
      discussion: "EXAMPLE: sluice subscription test --where \"type LIKE 'sluice.run.%'\" --event event.json")
    @Option(name: .customLong("where"), help: "A CESQL expression over the attributes.") var expression: String
    @Option(help: "A file with one CloudEvent as JSON.") var event: String
    @Flag(help: "Print one JSON object for programs.") var json = false
    @Option(help: .hidden) var server: String?

    private struct Answer: Encodable {
      var result: AttributeValue
      var error: CESQL.Problem?

      private enum Key: String, CodingKey { case result, error }
      func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        switch result {
        case .string(let text): try container.encode(text, forKey: .result)
        case .integer(let number): try container.encode(number, forKey: .result)
        case .boolean(let truth): try container.encode(truth, forKey: .result)
        }
        if let error {
          try container.encode(["kind": error.kind.rawValue, "message": "\(error)"], forKey: .error)
        } else {
          try container.encodeNil(forKey: .error)
        }
      }
    }

    func run() async throws {
      let filter = try CESQL(expression)
      var bytes: [UInt8] = []
      do {
        try LocalFiles.read(Machine.absolute(event)) { bytes += $0 }
      } catch {
        throw SluiceError(
          .publishFileMissing, what: "the file '\(event)' cannot be read", at: event, fix: "look at the path")
      }
      let envelope: Envelope
      do throws(EnvelopeProblem) {
        envelope = try Envelope(bytes)
      } catch {
        throw SluiceError(
          .bodyInvalid, what: "the file is no CloudEvent as JSON: \(error)", at: event,
          fix: "give one JSON object, such as a line that `sluice events` prints")
      }
      let outcome = filter.evaluate { envelope[$0] }
      if json { return Console.json(Answer(result: outcome.value, error: outcome.error)) }
      switch outcome.value {
      case .string(let text): print("result: '\(text)'")
      case .integer(let number): print("result: \(number)")
      case .boolean(let truth): print("result: \(truth)")
      }
      if let error = outcome.error { print("error:  \(error)") }
      print("The event is \(filter.admits { envelope[$0] } ? "" : "not ")delivered.")
    }
  }

  /// What a file says, without the line's end that editors leave.
  private static func secret(_ file: String) throws(SluiceError) -> String {
    var bytes: [UInt8] = []
    do {
      try LocalFiles.read(Machine.absolute(file)) { bytes += $0 }
    } catch {
      throw SluiceError(.usage, what: "the file '\(file)' cannot be read", at: "--secret-file", fix: "look at the path")
    }
    while bytes.last == UInt8(ascii: "\n") || bytes.last == UInt8(ascii: "\r") { bytes.removeLast() }
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw SluiceError(.usage, what: "the secret is not text", at: file, fix: "write letters and digits into it")
    }
    return text
  }
}

/// A subscription in words.
enum SubscriptionText {
  static func show(_ answer: SubscriptionAnswer, _ options: ServerOptions) {
    if options.json { return Console.json(answer) }
    print("\(answer.name): \(state(answer))")
    print("  kind    \(target(answer.target))")
    print("  types   \(answer.types.joined(separator: " "))")
    if let expression = answer.where { print("  where   \(expression)") }
    print("  cursor  \(answer.cursor)")
    print("  lag     \(Console.counted(answer.lag.events, "event")), \(Console.duration(answer.lag.seconds))")
    print("  dead    \(answer.dead)\(answer.retrying > 0 ? ", \(answer.retrying) of them being tried again" : "")")
    if let secret = answer.secret {
      print("  secret  \(secret)")
      print("          signs the requests; keep it, it is not shown again")
    }
    if let failing = answer.failing {
      let tries = failing.tries > 0 ? "\(failing.tries) of \(answer.tries) tries: " : ""
      print("  failing \(tries)\(failing.error)")
    }
    if let replay = answer.replay {
      print(
        "  replay  \(replay.id): \(replay.cursor) of \(replay.from) to \(replay.to), \(replay.waiting) more waiting")
      if let failing = replay.failing { print("          \(failing.tries) of \(answer.tries) tries: \(failing.error)") }
    }
    print("  made    \(Timestamp.text(answer.created)) by \(answer.actor.name)")
  }

  static func state(_ answer: SubscriptionAnswer) -> String {
    if answer.paused { return "paused" }
    if answer.failing != nil { return "failing" }
    return answer.lag.events == 0 ? "up to date" : answer.target == .pull ? "waiting" : "delivering"
  }

  private static func target(_ target: SubscriptionTarget) -> String {
    switch target {
    case .pull: "pull"
    case .webhook(let url, let mode, let timeout, let isSigned):
      "webhook \(url), \(mode.rawValue), \(isSigned ? "signed" : "not signed"), at most \(timeout) s"
    case .command(let name): "command \(name)"
    }
  }
}

struct Replay: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Deliver events to one subscription again, marked with the attribute 'replay'.",
    discussion: """
      Says how many they are; --yes goes. Nothing else hears of it, and no work is started.
      EXAMPLE: sluice replay dailies --from 2026-11-25T09:00:00Z --to 2026-11-25T10:00:00Z --yes
      EXAMPLE: sluice replay dailies --event 019365aa-7c1e-7a3b-9d20-5b8f6c0e4a11 --yes
      """)
  @Argument(help: "The subscription.") var name: String
  @Option(help: "Begin behind this position, or at this time.") var from: String?
  @Option(help: "End with this position or time; the present end where it is not said.") var to: String?
  @Option(help: "Only this event, by its id or position.") var event: String?
  @Option(name: .customLong("where"), help: "Only what this CESQL expression admits.") var expression: String?
  @Option(help: "Why; receivers see it as the attribute 'replaybecause'.") var because: String?
  @Flag(help: "Go, do not only count.") var yes = false
  @OptionGroup var options: ServerOptions

  func validate() throws {
    if event != nil, from != nil || to != nil || expression != nil {
      throw ValidationError("--event is one event: leave out --from, --to and --where.")
    }
    if event == nil, from == nil, expression == nil {
      throw ValidationError("Say --from, --event or --where.")
    }
  }

  func run() async throws {
    var request = ReplayRequest()
    (request.from, request.to, request.event, request.where) = (from, to, event, expression)
    (request.because, request.dryRun) = (because, !yes)
    let answer: ReplayAnswer = try await options.client.post(
      "subscriptions/\(Client.escaped(name))/replay", request)
    if options.json { return Console.json(answer) }
    guard yes else {
      return print("\(Console.counted(answer.count, "event")) would be delivered to \(name) again. Add --yes to go.")
    }
    print("\(Console.counted(answer.count, "event")) \(answer.count == 1 ? "is" : "are") delivered to \(name) again.")
  }
}
