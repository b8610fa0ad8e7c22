package import SluiceGraph
package import SluiceModel

extension Queries {
  /// A project's graph with the state of everything in it, and how it is to be drawn.
  /// - Throws: `project.unknown`, `selection.invalid`, `store.damaged`, `log.failed`.
  package func graph(
    _ name: ProjectName, select: String?, question: Drawing.Question
  ) async throws(SluiceError) -> (answer: GraphAnswer, drawing: Drawing) {
    let survey = try await survey(name)
    let statuses = Dictionary(
      try await statuses(survey).map { ($0.ref, $0) }, uniquingKeysWith: { first, _ in first })
    var selected: Set<ProductRef>?
    if let select, !select.isEmpty {
      selected = try Selection(select).products(
        in: survey.project, graph: survey.graph, states: statuses.mapValues(\.state))
    }
    // What is left out of the show is made by nothing and makes nothing.
    let omitted = Set(statuses.values.lazy.filter { $0.omitted == true }.map(\.ref))
    let drawing = Drawing(
      survey.graph, products: survey.project.products.keys.filter { !omitted.contains($0) }, selected: selected,
      question: question)
    let undrawn = omitted.isEmpty ? omitted : omitted.subtracting(drawing.nodes.flatMap(\.refs))
    let answer = GraphAnswer(
      project: name, asOf: writer.position(survey.sequence), collapse: drawing.collapse,
      direction: drawing.direction, select: selected == nil ? nil : select, shape: drawing.shape,
      nodes: drawing.nodes.map { GraphNode($0, statuses: statuses) },
      edges: drawing.edges.map { edge in
        GraphEdge(
          from: drawing.nodes[edge.from].id, to: drawing.nodes[edge.to].id, link: edge.link, links: edge.links)
      },
      notes: drawing.notes + GraphNode.omissions(selected == nil ? undrawn.count : 0))
    return (answer, drawing)
  }
}

extension GraphNode {
  init(_ node: Drawing.Node, statuses: [ProductRef: ProductStatus]) {
    var (states, reasons, order) = ([String: Int](), [String: Int](), [String]())
    for ref in node.refs {
      guard let status = statuses[ref] else { continue }
      states[status.state.rawValue, default: 0] += 1
      // Of many the first cause counts, not through whom it came to each.
      let texts = status.reasons.filter { !$0.isNote }.map {
        node.opens ? GraphNode.cause($0.text) : $0.text
      }
      for text in Set(texts) { reasons[text, default: 0] += 1 }
      for text in texts where !order.contains(text) && order.count < 1_000 { order.append(text) }
    }
    let places = Dictionary(order.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
    let sorted = reasons.sorted {
      (-$0.value, places[$0.key] ?? .max, $0.key) < (-$1.value, places[$1.key] ?? .max, $1.key)
    }
    self.init(
      id: node.id, kind: node.kind, title: node.title, detail: node.detail, step: node.step, folder: node.folder,
      within: node.within, products: node.refs.count, states: states,
      refs: Array(node.refs.prefix(Limits.graphRefs)),
      reasons: sorted.prefix(Limits.graphReasons).map { GraphReason(text: $0.key, products: $0.value) },
      opens: node.opens)
  }

  static func omissions(_ count: Int) -> [String] {
    switch count {
    case 0: []
    case 1: ["one product of an omitted folder is not drawn"]
    default: ["\(count) products of omitted folders are not drawn"]
    }
  }

  private static func cause(_ text: String) -> String {
    text.firstRange(of: ", through ").map { String(text[..<$0.lowerBound]) } ?? text
  }
}
