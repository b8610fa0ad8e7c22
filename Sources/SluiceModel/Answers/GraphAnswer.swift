/// A project's graph as it is drawn: products as nodes, what they are made from as links, alone or gathered.
package struct GraphAnswer: Sendable, Equatable, Codable {
  package var project: ProjectName
  package var asOf: Position
  /// How it is gathered; another than was asked for where that would have been too large.
  package var collapse: GraphCollapse
  package var direction: GraphDirection
  @OrNull package var select: String?
  /// Names the shape, whatever the states: the same shape has the same places.
  package var shape: Digest
  /// Of the whole drawing; nil where it could not be laid out.
  @OrNull package var size: GraphSize?
  package var nodes: [GraphNode]
  package var edges: [GraphEdge]
  /// What was not drawn as it was asked for, in words.
  package var notes: [String]
  /// Parts that are set side by side; nil where the whole is laid out as one.
  package var areas: [GraphArea]?
  /// Why there are no places: nodes and links are here all the same.
  package var problem: Failure?

  package init(
    project: ProjectName, asOf: Position, collapse: GraphCollapse, direction: GraphDirection, select: String?,
    shape: Digest, nodes: [GraphNode], edges: [GraphEdge], notes: [String]
  ) {
    (self.project, self.asOf, self.collapse, self.direction) = (project, asOf, collapse, direction)
    (self.shape, self.nodes, self.edges, self.notes) = (shape, nodes, edges, notes)
    _select = OrNull(wrappedValue: select)
    _size = OrNull(wrappedValue: nil)
  }

  /// With the places that a layout found.
  /// - Parameter echoes: where nodes are drawn once more.
  package mutating func place(_ layout: GraphLayout, echoes: [Int: [GraphBox]] = [:], areas: [GraphArea] = []) {
    size = layout.size
    self.areas = areas.isEmpty ? nil : areas
    for index in nodes.indices { (nodes[index].box, nodes[index].echoes) = (layout.boxes[index], echoes[index]) }
    for index in edges.indices { edges[index].curve = layout.curves[index] }
  }
}

/// What is gathered into one node.
package enum GraphCollapse: String, Sendable, Codable, CaseIterable {
  case step, folder, none
}

/// Where what is made lies, seen from what it is made from.
package enum GraphDirection: String, Sendable, Codable, CaseIterable {
  case right, down
}

package struct GraphNode: Sendable, Equatable, Codable {
  package enum Kind: String, Sendable, Codable {
    /// One step on one folder; a product that no step makes.
    case unit, source
    /// A step on several folders; sources of one name; everything in a folder.
    case step, sources, folder
  }
  /// Stays the same while the pipeline and the folders do: `unit:review/sq010/sh0010`, `step:review`, `folder:sq010`.
  package var id: String
  package var kind: Kind
  package var title: String
  /// Where it is, or what it holds.
  package var detail: String
  package var step: String?
  package var folder: FolderPath?
  /// The opened node that it is a part of.
  package var within: String?
  /// Products in it, and how many of them are in which state.
  package var products: Int
  package var states: [String: Int]
  /// The first of its products.
  package var refs: [ProductRef]
  /// Why what is not current is not, those that hold for most first.
  package var reasons: [GraphReason]
  /// Whether it has parts that can be shown.
  package var opens: Bool
  package var box: GraphBox?
  /// Where it is drawn once more, beside what it is linked to there.
  package var echoes: [GraphBox]?

  package init(
    id: String, kind: Kind, title: String, detail: String, step: String?, folder: FolderPath?, within: String?,
    products: Int, states: [String: Int], refs: [ProductRef], reasons: [GraphReason], opens: Bool
  ) {
    (self.id, self.kind, self.title, self.detail) = (id, kind, title, detail)
    (self.step, self.folder, self.within) = (step, folder, within)
    (self.products, self.states, self.refs, self.reasons) = (products, states, refs, reasons)
    self.opens = opens
  }
}

/// A part of a drawing with a title, by its upper left corner.
package struct GraphArea: Sendable, Hashable, Codable {
  package var title: String
  package var x: Double
  package var y: Double
  package var width: Double
  package var height: Double
  package init(title: String, x: Double, y: Double, width: Double, height: Double) {
    (self.title, self.x, self.y, self.width, self.height) = (title, x, y, width, height)
  }
}

package struct GraphReason: Sendable, Equatable, Codable {
  package var text: String
  /// Of how many products of the node it is true.
  package var products: Int
  package init(text: String, products: Int) { (self.text, self.products) = (text, products) }
}

package struct GraphEdge: Sendable, Equatable, Codable {
  package var from: String
  package var to: String
  /// `dependency`, `reference` or `association`.
  package var link: String
  /// Links between products that it stands for.
  package var links: Int
  package var curve: GraphCurve?
  package init(from: String, to: String, link: String, links: Int) {
    (self.from, self.to, self.link, self.links) = (from, to, link, links)
  }
}
