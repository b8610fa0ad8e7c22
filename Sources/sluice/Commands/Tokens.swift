import ArgumentParser
import Logging
import SluiceEngine
import SluiceModel
import SluiceStorage

struct TokenCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "token", abstract: "Make tokens for people and machines.",
    discussion: "EXAMPLE: sluice token create alice", subcommands: [Create.self])

  struct Create: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Make a token and show it once; the first is made on the data folder, without a server.",
      discussion: """
        EXAMPLE: sluice token create alice --data show-data
        EXAMPLE: sluice token create farm --right publish --right run
        """)
    @Argument(help: "Whose token it is.") var name: String
    @Option(help: "publish, run, pipeline, subscribe, agent or admin; all where it is not said.")
    var right: [String] = []
    @Option(help: "The data folder, while no server works on it.") var data: String?
    @OptionGroup var options: ServerOptions

    private struct Body: Encodable {
      var name: String
      var rights: [TokenRight]?
    }
    private struct Answer: Codable {
      var name: String
      var token: String
      var rights: [TokenRight]
    }

    func run() async throws {
      let rights = try right.map { word in
        guard let right = TokenRight(rawValue: word) else {
          throw ValidationError(
            "There is no right '\(word)': use \(TokenRight.allCases.map(\.rawValue).joined(separator: ", ")).")
        }
        return right
      }
      let answer: Answer
      if let data {
        answer = try await offline(Machine.absolute(data), rights)
      } else {
        answer = try await online(rights)
      }
      if options.json { return Console.json(answer) }
      print(answer.token)
      Console.complain(
        "The token of \(answer.name) (\(answer.rights.map(\.rawValue).joined(separator: ", "))); it is not shown again."
      )
    }

    private func online(_ rights: [TokenRight]) async throws -> Answer {
      try await options.client.post("tokens", Body(name: name, rights: rights.isEmpty ? nil : rights))
    }

    private func offline(_ path: String, _ rights: [TokenRight]) async throws -> Answer {
      var logger = Logger(label: "sluice") { StreamLogHandler.standardError(label: $0) }
      logger.logLevel = .warning
      let folder = try DataFolder(path, syncs: .all)
      let registry = try await folder.open(site: "main", rebuild: false, logger: logger)
      let (token, draft) = try Tokens.make(
        name, rights: rights.isEmpty ? nil : rights, names: folder.names, ambient: Machine.ambient)
      let writer = Writer(
        registry: registry, log: folder.log, views: folder.views, names: folder.names, feed: Feed(),
        ambient: Machine.ambient, logger: logger)
      try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { try await writer.run() }
        try await writer.submit(Origin(actor: Actor(name: Machine.person, trust: .claimed))) { _ in [draft] }
        group.cancelAll()
      }
      return Answer(name: name, token: token, rights: rights.isEmpty ? TokenRight.allCases : rights)
    }
  }
}
