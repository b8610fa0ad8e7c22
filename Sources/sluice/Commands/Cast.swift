import ArgumentParser
import SluiceModel

struct CastCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "cast", abstract: "Say which assets are in which shots.",
    discussion: "EXAMPLE: sluice cast add demo/sq010/sh0010 demo/assets/chair demo/assets/tree",
    subcommands: [Add.self, Remove.self, List.self, Set.self])

  struct Body: Encodable {
    var project: String
    var add: [String: [String]]?
    var remove: [String: [String]]?
    var set: [String: [String]]?
    var dryRun: Bool?
  }

  /// What `add` and `remove` take.
  struct Assets: ParsableArguments {
    @OptionGroup var shot: FolderCommand.Target
    @Argument(help: "Assets, as PROJECT/PATH.") var assets: [String]
    @OptionGroup var options: ServerOptions

    /// - Throws: `usage` for an asset of another project.
    func paths() throws(SluiceError) -> [String: [String]] {
      let project = shot.parts.project
      var paths: [String] = []
      for asset in assets {
        guard asset.hasPrefix(project + "/") else {
          throw SluiceError(
            .usage, what: "'\(NameRule.printable(asset))' is not in the project '\(project)' of the shot", at: "ASSET",
            fix: "write \(project)/assets/…")
        }
        paths.append(String(asset.dropFirst(project.count + 1)))
      }
      return [shot.parts.path: paths]
    }

    func send(_ body: (String, [String: [String]]) -> Body) async throws {
      try await CastCommand.send(body(shot.parts.project, try paths()), options)
    }
  }

  static func send(_ body: Body, _ options: ServerOptions) async throws {
    let answer: CastingAnswer = try await options.client.post("casting", body)
    if options.json { return Console.json(answer) }
    if answer.changes.isEmpty { return print("Nothing changed.") }
    for change in answer.changes {
      let words = change.added.map { "+\($0)" } + change.removed.map { "-\($0)" }
      print("\(change.shot)  \(words.joined(separator: " "))")
    }
    if body.dryRun == true { print("Nothing was recorded.") }
  }

  struct Add: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Put assets into a shot.",
      discussion: "EXAMPLE: sluice cast add demo/sq010/sh0010 demo/assets/chair demo/assets/tree")
    @OptionGroup var assets: Assets

    func run() async throws { try await assets.send { Body(project: $0, add: $1) } }
  }

  struct Remove: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Take assets out of a shot.",
      discussion: "EXAMPLE: sluice cast remove demo/sq010/sh0010 demo/assets/tree")
    @OptionGroup var assets: Assets

    func run() async throws { try await assets.send { Body(project: $0, remove: $1) } }
  }

  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "List who is in a shot, or in all shots below a folder.",
      discussion: "EXAMPLE: sluice cast list demo/sq010")
    @OptionGroup var target: FolderCommand.Target
    @OptionGroup var options: ServerOptions

    func run() async throws {
      let answer: CastingAnswer = try await options.client.get(
        "casting", [("project", target.parts.project), ("under", target.parts.path)])
      if options.json { return Console.json(answer) }
      Console.table(
        answer.shots.map { shot in
          let assets = shot.assets.map { "\($0.asset)\($0.omitted ? " (omitted)" : "")" }
          return ["\(shot.shot)", assets.isEmpty ? "nobody" : assets.joined(separator: " ")]
        })
    }
  }

  struct Set: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Cast many shots at once, from a JSON file.",
      discussion: """
        The file is a map from shots to the assets that they shall have, all as paths below the project:
        { "sq010/sh0010": ["assets/chair", "assets/tree"], "sq010/sh0020": [] }. Other shots stay as they are.
        EXAMPLE: sluice cast set demo --file casting.json
        """)
    @Argument(help: "The project.") var project: String
    @Option(help: "The file; - or nothing for stdin.") var file = "-"
    @Flag(help: "Only show what would change.") var dryRun = false
    @OptionGroup var options: ServerOptions

    func run() async throws {
      let path = file == "-" ? "/dev/stdin" : Machine.absolute(file)
      var bytes: [UInt8] = []
      do {
        try LocalFiles.read(path) { bytes += $0 }
      } catch {
        throw SluiceError(
          .publishFileMissing, what: "the file '\(NameRule.printable(file))' cannot be read", at: path,
          fix: "look at the path")
      }
      let shots = try Self.shots(bytes, file: file)
      try await CastCommand.send(Body(project: project, set: shots, dryRun: dryRun ? true : nil), options)
    }

    private static func shots(_ bytes: [UInt8], file: String) throws(SluiceError) -> [String: [String]] {
      func wrong(_ what: String, at place: String) -> SluiceError {
        SluiceError(.bodyInvalid, what: what, at: place, fix: "write { \"sq010/sh0010\": [\"assets/chair\"] }")
      }
      guard case .object(let shots)? = try? StableJSON.decode(JSONValue.self, from: bytes) else {
        throw wrong("the file is no map from shots to lists of assets", at: file)
      }
      var found: [String: [String]] = [:]
      for (shot, value) in shots.sorted(by: { $0.key < $1.key }) {
        let assets: [String]?
        if case .array(let elements) = value {
          let texts = elements.compactMap { if case .string(let text) = $0 { text } else { String?.none } }
          assets = texts.count == elements.count ? texts : nil
        } else {
          assets = nil
        }
        guard let assets else {
          throw wrong("the assets of a shot are no list of paths", at: "\(file), \(NameRule.printable(shot))")
        }
        found[shot] = assets
      }
      return found
    }
  }
}
