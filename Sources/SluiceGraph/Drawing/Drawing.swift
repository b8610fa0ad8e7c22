package import SluiceModel

/// A project's graph as it is to be drawn: what becomes one node, and which links are between them.
///
/// Pure, and without states: the same pipeline, folders and question give the same drawing.
package struct Drawing: Sendable {
  package struct Question: Sendable, Hashable {
    package var collapse: GraphCollapse
    package var direction: GraphDirection
    /// Nodes whose parts are shown.
    package var open: [String]
    package init(collapse: GraphCollapse = .step, direction: GraphDirection = .right, open: [String] = []) {
      (self.collapse, self.direction, self.open) = (collapse, direction, open)
    }
  }

  package struct Bounds: Sendable {
    /// What the layout program can place within moments.
    package var nodes: Int
    package var edges: Int
    /// A node of at most so many parts opens into all of them; a larger one by folders.
    package var parts: Int
    package init(
      nodes: Int = Limits.graphNodes, edges: Int = Limits.graphEdges, parts: Int = Limits.graphParts
    ) { (self.nodes, self.edges, self.parts) = (nodes, edges, parts) }
  }

  package struct Node: Sendable, Equatable {
    package let id: String
    package let kind: GraphNode.Kind
    package let title: String
    package let detail: String
    package let step: String?
    package let folder: FolderPath?
    package let within: String?
    package let refs: [ProductRef]
    package let opens: Bool
  }

  package struct Edge: Sendable, Hashable {
    package let from: Int
    package let to: Int
    package let link: String
    package let links: Int
  }

  /// As it came out: what is too large is gathered by step.
  package let collapse: GraphCollapse
  package let direction: GraphDirection
  package let nodes: [Node]
  package let edges: [Edge]
  package let notes: [String]
  /// What is laid out by itself and set side by side; empty where the whole is laid out as one.
  package let blocks: [DrawingBlock]

  /// A block of another one.
  init(direction: GraphDirection, nodes: [Node], edges: [Edge]) {
    (self.direction, self.nodes, self.edges) = (direction, nodes, edges)
    (collapse, notes, blocks) = (.none, [], [])
  }

  /// - Parameters:
  ///   - products: published ones beside those that the graph knows.
  ///   - selected: what is drawn; nil for everything.
  /// - Complexity: O(units + links).
  package init(
    _ graph: StepGraph, products: some Sequence<ProductRef>, selected: Set<ProductRef>? = nil, question: Question,
    bounds: Bounds = Bounds()
  ) {
    let atoms = Atoms(graph, products: products, selected: selected)
    direction = question.direction
    var (collapse, open, notes) = (question.collapse, question.open, [String]())
    if collapse == .none, atoms.all.count > bounds.nodes {
      notes.append("\(atoms.all.count) nodes are more than can be drawn one by one (\(bounds.nodes)): gathered by step")
      collapse = .step
    }
    var gathering = NodeGathering(atoms, collapse: collapse, open: open, bounds: bounds)
    var edges = atoms.edges(between: gathering.nodeOfAtom)
    if edges.count > bounds.edges, collapse == .none || !open.isEmpty {
      notes.append("\(edges.count) links are more than can be drawn (\(bounds.edges)): gathered by step")
      (collapse, open) = (.step, [])
      gathering = NodeGathering(atoms, collapse: collapse, open: open, bounds: bounds)
      edges = atoms.edges(between: gathering.nodeOfAtom)
    }
    if edges.count > bounds.edges {
      notes.append("\(edges.count - bounds.edges) of \(edges.count) links are not drawn: select a part to see them")
      edges.removeLast(edges.count - bounds.edges)
    }
    if !graph.cycle.isEmpty {
      notes.append("\(graph.cycle.map(\.description).joined(separator: ", ")) feed each other and are not drawn")
    }
    (self.collapse, self.edges, self.nodes) = (collapse, edges, gathering.nodes)
    self.notes = notes + gathering.notes
    blocks = BlockCutting(gathering.nodes, edges, question.direction).blocks()
  }

  /// How a link passes on that its input is out of date.
  static func link(of input: StepInput) -> String { input.link.rawValue }
}
