import HTTPTypes
import Hummingbird
import NIOCore
import SluiceEngine
import SluiceGraph
import SluiceModel

/// The graph of a project, with places to draw it at.
extension API {
  func addGraph(to api: RouterGroup<SluiceContext>) {
    api.get("projects/:project/graph") { request, context in
      let name = try ProjectName(context.parameters.get("project") ?? "")
      let format = try choice(request, "format", GraphFormat.json)
      let question = Drawing.Question(
        collapse: try choice(request, "collapse", GraphCollapse.step),
        direction: try choice(request, "direction", GraphDirection.right),
        open: request.uri.queryParameters.getAll("open").map { "\($0)" })
      var (answer, drawing) = try await services.queries.graph(
        name, select: request.value("select"), question: question)
      switch format {
      case .json:
        do throws(SluiceError) {
          try await place(&answer, drawing)
        } catch {
          // A list is worth more than no answer.
          answer.problem = Failure(error)
        }
        return JSONBody.response(answer)
      case .dot: return text(drawing.text(states: answer.nodes.map(\.spokenStates)), type: "text/vnd.graphviz")
      case .svg:
        let dot = drawing.text(states: answer.nodes.map(\.spokenStates))
        return text(try await services.layouts.svg(of: dot), type: "image/svg+xml")
      }
    }
  }

  private func place(_ answer: inout GraphAnswer, _ drawing: Drawing) async throws(SluiceError) {
    guard !drawing.blocks.isEmpty else {
      return answer.place(drawing.arranged(try await services.layouts.layout(of: drawing.shapeText)))
    }
    var layouts: [GraphLayout] = []
    for block in drawing.blocks {
      layouts.append(block.drawing.arranged(try await services.layouts.layout(of: block.drawing.shapeText)))
    }
    let placed = DrawingBlock.placed(drawing.blocks, layouts, drawing.direction)
    answer.place(placed.layout, echoes: placed.echoes, areas: placed.areas)
  }

  private enum GraphFormat: String, CaseIterable { case json, dot, svg }

  private func text(_ text: String, type: String) -> Response {
    Response(
      status: .ok, headers: [.contentType: "\(type); charset=utf-8"],
      body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
  }

  /// A query parameter that is one of a few words.
  private func choice<Choice: RawRepresentable<String> & CaseIterable>(
    _ request: Request, _ name: String, _ standard: Choice
  ) throws(SluiceError) -> Choice {
    guard let word = request.value(name), !word.isEmpty else { return standard }
    if let choice = Choice(rawValue: word) { return choice }
    throw SluiceError(
      .usage, what: "'\(NameRule.printable(word))' is no \(name) of a graph", at: "parameter '\(name)'",
      fix: "use \(Choice.allCases.map(\.rawValue).joined(separator: ", "))")
  }
}

extension GraphNode {
  /// `14 stale, 2 current`, those that want somebody first.
  fileprivate var spokenStates: String {
    let found = ProductState.allCases.compactMap { state in states[state.rawValue].map { (state.rawValue, $0) } }
    if products == 1 { return found.first?.0 ?? "" }
    return found.map { "\($1) \($0)" }.joined(separator: ", ")
  }
}
