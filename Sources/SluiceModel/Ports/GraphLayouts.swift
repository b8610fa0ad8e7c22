/// Finds places for the nodes and curves for the links of a graph.
package protocol GraphLayouts: Sendable {
  /// - Parameter dot: a graph in the DOT language whose nodes are `n0`, `n1`, … and whose links have the ids `e0`,
  ///   `e1`, …; no name in it was written by a person.
  /// - Throws: `graph.dotMissing`, `graph.dotFailed`.
  func layout(of dot: String) async throws(SluiceError) -> GraphLayout

  /// The graph as a picture, with the labels that it has.
  /// - Throws: `graph.dotMissing`, `graph.dotFailed`.
  func svg(of dot: String) async throws(SluiceError) -> String
}

/// Where everything lies, in points: x to the right, y down.
package struct GraphLayout: Sendable, Equatable {
  package var size: GraphSize
  package var boxes: [Int: GraphBox]
  package var curves: [Int: GraphCurve]
  package init(size: GraphSize, boxes: [Int: GraphBox], curves: [Int: GraphCurve]) {
    (self.size, self.boxes, self.curves) = (size, boxes, curves)
  }
}

package struct GraphSize: Sendable, Hashable, Codable {
  package var width: Double
  package var height: Double
  package init(width: Double, height: Double) { (self.width, self.height) = (width, height) }
}

/// A node's place: its middle, and how large it is.
package struct GraphBox: Sendable, Hashable, Codable {
  package var x: Double
  package var y: Double
  package var width: Double
  package var height: Double
  package init(x: Double, y: Double, width: Double, height: Double) {
    (self.x, self.y, self.width, self.height) = (x, y, width, height)
  }
}

/// A link: a start, then Bézier pieces of three points each, and the tip of its arrow.
package struct GraphCurve: Sendable, Hashable, Codable {
  /// `x, y` one after the other; 2 + 6 n numbers.
  package var points: [Double]
  package var tip: [Double]
  package init(points: [Double], tip: [Double]) { (self.points, self.tip) = (points, tip) }
}
