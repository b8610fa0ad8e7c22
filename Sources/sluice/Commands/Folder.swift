import ArgumentParser
import SluiceModel

struct FolderCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "folder", abstract: "Make, change and list sequences, shots and assets.",
    discussion: "EXAMPLE: sluice folder add demo/sq010/sh0040 --type shot --set range=1001-1060 --set fps=24",
    subcommands: [Add.self, Set.self, Omit.self, List.self])

  struct Target: ParsableArguments {
    @Argument(help: "PROJECT or PROJECT/PATH.") var path: String
    var parts: (project: String, path: String) {
      guard let slash = path.firstIndex(of: "/") else { return (path, "") }
      return (String(path[..<slash]), String(path[path.index(after: slash)...]))
    }
  }

  struct Body: Encodable {
    var project: String
    var path: String
    var type: String?
    var set: [String: String]?
    var omitted: Bool?
    var add: Bool
  }
  struct Answer: Codable {
    var folder: FolderAnswer?
    var position: Position
  }

  static func send(_ body: Body, _ options: ServerOptions) async throws {
    let answer: Answer = try await options.client.post("folders", body)
    if options.json { return Console.json(answer) }
    guard let folder = answer.folder, !folder.path.isRoot else { return print("project \(body.project)") }
    tell([folder])
  }

  static func tell(_ folders: [FolderAnswer]) {
    Console.table(
      folders.map { folder in
        let attributes = folder.attributes.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
        return ["\(folder.path)", folder.type, attributes.joined(separator: " "), folder.omitted ? "omitted" : ""]
      })
  }

  static func pairs(_ texts: [String]) throws -> [String: String] {
    var found: [String: String] = [:]
    for text in texts {
      guard let equals = text.firstIndex(of: "=") else {
        throw ValidationError("Write --set key=value, not '\(text)'.")
      }
      found[String(text[..<equals])] = String(text[text.index(after: equals)...])
    }
    return found
  }

  /// What `add` and `set` say of a folder.
  struct Change: ParsableArguments {
    @OptionGroup var target: Target
    @Option(help: "sequence, shot, asset …") var type: String?
    @Option(help: "An attribute, such as range=1001-1024.") var set: [String] = []
    @OptionGroup var options: ServerOptions

    func send(add: Bool) async throws {
      let (project, path) = target.parts
      try await FolderCommand.send(
        Body(project: project, path: path, type: type, set: try FolderCommand.pairs(set), omitted: nil, add: add),
        options)
    }
  }

  struct Add: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Make a folder, or a project.", discussion: "EXAMPLE: sluice folder add demo/sq010 --type sequence")
    @OptionGroup var change: Change

    func run() async throws { try await change.send(add: true) }
  }

  struct Set: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Change what is known of a folder; key= removes an attribute.",
      discussion: "EXAMPLE: sluice folder set demo/sq010/sh0010 --set range=1001-1030")
    @OptionGroup var change: Change

    func run() async throws { try await change.send(add: false) }
  }

  struct Omit: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Leave a folder out of the show; --restore takes it back.",
      discussion: "EXAMPLE: sluice folder omit demo/sq010/sh0030")
    @OptionGroup var target: Target
    @Flag(help: "Take it back into the show.") var restore = false
    @OptionGroup var options: ServerOptions

    func run() async throws {
      try await FolderCommand.send(
        Body(
          project: target.parts.project, path: target.parts.path, type: nil, set: nil, omitted: !restore, add: false),
        options)
    }
  }

  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "List the folders of a project.", discussion: "EXAMPLE: sluice folder list demo/sq010")
    @OptionGroup var target: Target
    @OptionGroup var options: ServerOptions

    private struct Folders: Codable { var folders: [FolderAnswer] }

    func run() async throws {
      let answer: Folders = try await options.client.get(
        "folders", [("project", target.parts.project), ("under", target.parts.path)])
      if options.json { return Console.json(answer) }
      FolderCommand.tell(answer.folders)
    }
  }
}
