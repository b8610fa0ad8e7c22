package import SluiceModel

extension Drawing {
  /// How large a node is drawn, in points: narrower where they lie side by side, on a narrow screen.
  static func nodeSize(_ direction: GraphDirection) -> GraphSize {
    GraphSize(width: direction == .right ? 184 : 148, height: 48)
  }

  /// What decides about places, in the DOT language: how many nodes, and which are linked. No name is in it, so that
  /// none can be taken for more than a name, and the same shape is the same text.
  package var shapeText: String {
    var text = Drawing.head(direction, node: "label=\"\"")
    for index in nodes.indices { text += "n\(index)\n" }
    for (index, edge) in edges.enumerated() { text += "n\(edge.from) -> n\(edge.to) [id=e\(index)]\n" }
    return text + "}\n"
  }

  /// Names the shape: the same one has the same places.
  package var shape: Digest {
    Digest.of(
      shapeText + blocks.map { "\($0.title)\n\($0.nodes)\n\($0.own)\n\($0.edges)\n" }.joined())
  }

  /// The same for people and other programs: with names, states and kinds of links.
  /// - Parameter states: of each node, in words.
  package func text(states: [String]) -> String {
    var text = Drawing.head(direction, node: "fontname=\"Helvetica\", fontsize=11, style=rounded")
    for (index, node) in nodes.enumerated() {
      let lines = [node.title, node.detail, states[index]].filter { !$0.isEmpty }
      text += "n\(index) [label=\(Drawing.quoted(lines)), tooltip=\(Drawing.quoted([node.id]))]\n"
    }
    for edge in edges {
      let style =
        switch edge.link {
        case "reference": " [style=dashed]"
        case "association": " [style=dotted]"
        default: ""
        }
      text += "n\(edge.from) -> n\(edge.to)\(style)\n"
    }
    return text + "}\n"
  }

  private static func head(_ direction: GraphDirection, node: String) -> String {
    // Sizes are in inches there, 72 points each.
    let (width, height) = (nodeSize(direction).width / 72, nodeSize(direction).height / 72)
    let (rank, apart) = direction == .right ? ("LR", 0.9) : ("TB", 0.6)
    // Links leave and arrive at the middle of a side, all at one place.
    let (tail, head) = direction == .right ? ("e", "w") : ("s", "n")
    return """
      digraph sluice {
      graph [rankdir=\(rank), nodesep=0.22, ranksep=\(apart)]
      node [shape=box, fixedsize=true, width=\(width), height=\(height), \(node)]
      edge [arrowsize=0.6, tailport=\(tail), headport=\(head)]

      """
  }

  /// A string of the DOT language: lines one below the other, and nothing in them that means more than itself.
  static func quoted(_ lines: [String]) -> String {
    let escaped = lines.map { line in
      line.unicodeScalars.reduce(into: "") { text, scalar in
        switch scalar {
        case "\\", "\"": text += "\\\(scalar)"
        case _ where scalar.value < 0x20 || scalar.value == 0x7F: text += "\u{FFFD}"
        default: text.unicodeScalars.append(scalar)
        }
      }
    }
    return "\"" + escaped.joined(separator: "\\n") + "\""
  }
}
