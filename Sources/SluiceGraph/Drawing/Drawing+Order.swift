package import SluiceModel

extension Drawing {
  private struct Link: Hashable, Comparable {
    let other: Int
    let isOut: Bool
    let kind: String
    static func < (left: Self, right: Self) -> Bool {
      (left.other, left.isOut ? 1 : 0, left.kind) < (right.other, right.isOut ? 1 : 0, right.kind)
    }
  }

  /// The same layout with nodes in their own order where it makes no difference.
  ///
  /// Nodes with the same links may change places, links and all, and the picture stays the same but for their names:
  /// so shots stand in the order of their names, which a layout by links alone does not know.
  package func arranged(_ layout: GraphLayout) -> GraphLayout {
    var links = [[Link: Int]](repeating: [:], count: nodes.count)
    for (index, edge) in edges.enumerated() {
      links[edge.from][Link(other: edge.to, isOut: true, kind: edge.link)] = index
      links[edge.to][Link(other: edge.from, isOut: false, kind: edge.link)] = index
    }
    var result = layout
    let twins = Dictionary(grouping: nodes.indices.filter { layout.boxes[$0] != nil && !links[$0].isEmpty }) {
      links[$0].keys.sorted()
    }
    for alike in twins.values where alike.count > 1 {
      let places = alike.sorted { first, second in
        guard let one = layout.boxes[first], let other = layout.boxes[second] else { return first < second }
        return direction == .right ? (one.x, one.y) < (other.x, other.y) : (one.y, one.x) < (other.y, other.x)
      }
      for (node, place) in zip(alike, places) {
        result.boxes[node] = layout.boxes[place]
        for (link, edge) in links[node] { result.curves[edge] = links[place][link].flatMap { layout.curves[$0] } }
      }
    }
    return result
  }
}
