import ArgumentParser
import FoundationEssentials
import SluiceModel

struct GraphCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "graph",
    abstract: "Show what is made from what, as a list, a picture or for other programs.",
    discussion: "EXAMPLE: sluice graph demo --collapse none --svg demo.svg")
  @Argument(help: "A project.") var project: String
  @Option(help: "What is gathered into one node: step, folder or none.") var collapse = "step"
  @Option(help: "Only these products; see `sluice plan --help`.") var select: String?
  @Option(help: "A node whose parts are shown, such as step:review; may be given several times.") var open: [String] =
    []
  @Option(help: "Where what is made lies: right or down.") var direction = "right"
  @Flag(help: "Print it in the DOT language of Graphviz.") var dot = false
  @Option(help: "Write it as a picture; - for the standard output.") var svg: String?
  @OptionGroup var options: ServerOptions

  func validate() throws {
    if [dot, svg != nil, options.json].filter({ $0 }).count > 1 {
      throw ValidationError("--dot, --svg and --json exclude each other")
    }
  }

  func run() async throws {
    if dot { return print(try await text("dot"), terminator: "") }
    if let svg {
      let picture = try await text("svg")
      if svg == "-" { return print(picture, terminator: "") }
      do {
        try Data(picture.utf8).write(to: URL(filePath: svg))
      } catch {
        throw SluiceError(
          .usage, what: "the picture cannot be written: \(error)", at: "file '\(svg)'", fix: "name another place")
      }
      return print(svg)
    }
    let answer: GraphAnswer = try await options.client.get(path, query(format: nil))
    if options.json { return Console.json(answer) }
    show(answer)
  }

  private var path: String { "projects/\(Client.escaped(project))/graph" }

  private func query(format: String?) -> [(String, String?)] {
    [("collapse", collapse), ("direction", direction), ("select", select), ("format", format)]
      + open.map { ("open", $0) }
  }

  private func text(_ format: String) async throws(SluiceError) -> String {
    let client = options.client
    let response = try await client.send(.GET, path, query(format: format))
    return String(decoding: try await client.collect(response), as: UTF8.self)
  }

  private func show(_ answer: GraphAnswer) {
    for note in answer.notes { print(note) }
    if answer.nodes.isEmpty { print("There is nothing yet.") }
    let names = Dictionary(answer.nodes.map { ($0.id, name($0)) }, uniquingKeysWith: { first, _ in first })
    Console.table(
      answer.nodes.map { node in
        let states = ProductState.allCases.compactMap { state in
          node.states[state.rawValue].map { node.products == 1 ? state.rawValue : "\($0) \(state.rawValue)" }
        }
        let from = answer.edges.filter { $0.to == node.id }.map { edge in
          (names[edge.from] ?? edge.from) + (edge.link == "dependency" ? "" : " (\(edge.link))")
        }
        return [
          name(node), states.joined(separator: ", "), from.isEmpty ? "" : "from \(from.joined(separator: ", "))",
        ]
      })
  }

  private func name(_ node: GraphNode) -> String {
    switch node.kind {
    case .unit, .source: [node.detail, node.title].filter { !$0.isEmpty }.joined(separator: "/")
    case .step, .sources: node.detail.isEmpty ? node.title : "\(node.title) (\(node.detail))"
    case .folder: "\(node.title)/"
    }
  }
}
