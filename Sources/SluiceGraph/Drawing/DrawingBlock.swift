package import SluiceModel

/// A part of a drawing that is laid out alone: what lies in some folders, and what that is linked to elsewhere, drawn
/// here once more.
///
/// The layout program sets everything that stands equally far from its sources into one row, however many there are. Of
/// many shots each block has a few, and blocks are set side by side.
package struct DrawingBlock: Sendable {
  package let title: String
  package let drawing: Drawing
  /// Of the whole drawing, in the order of this one's; the first are its own, and those behind them are echoes.
  let nodes: [Int]
  let own: Int
  /// Of the whole drawing, in the order of this one's.
  let edges: [Int]

  /// Room above a block for its title, which is seen from afar, around it, and between two, in points.
  private static let (head, edge, apart) = (64.0, 14.0, 28.0)

  /// Sets laid out blocks into rows, in their order.
  /// - Parameter layouts: one for each block.
  /// - Returns: where everything lies then.
  package static func placed(
    _ blocks: [DrawingBlock], _ layouts: [GraphLayout], _ direction: GraphDirection
  ) -> (layout: GraphLayout, echoes: [Int: [GraphBox]], areas: [GraphArea]) {
    let sizes = layouts.map { GraphSize(width: $0.size.width + 2 * edge, height: $0.size.height + head + edge) }
    let rows = rows(of: sizes, direction)
    var layout = GraphLayout(size: GraphSize(width: 0, height: 0), boxes: [:], curves: [:])
    var (echoes, areas) = ([Int: [GraphBox]](), [GraphArea]())
    var top = 0.0
    for row in rows {
      let height = row.map { sizes[$0].height }.max() ?? 0
      var left = 0.0
      for index in row {
        let (block, size) = (blocks[index], sizes[index])
        let (x, y) = (left + edge, top + head)
        for (place, node) in block.nodes.enumerated() {
          guard let box = layouts[index].boxes[place]?.moved(x, y) else { continue }
          if place < block.own { layout.boxes[node] = box } else { echoes[node, default: []].append(box) }
        }
        for (place, edge) in block.edges.enumerated() {
          layout.curves[edge] = layouts[index].curves[place]?.moved(x, y)
        }
        areas.append(GraphArea(title: block.title, x: left, y: top, width: size.width, height: size.height))
        left += size.width + apart
      }
      layout.size.width = max(layout.size.width, left - apart)
      top += height + apart
    }
    layout.size.height = max(0, top - apart)
    return (layout, echoes, areas)
  }

  /// Which blocks stand in one row, so that all together have about the shape of a screen, or of a telephone.
  private static func rows(of sizes: [GraphSize], _ direction: GraphDirection) -> [[Int]] {
    let aim = direction == .right ? 1.7 : 0.6
    let widest = sizes.map(\.width).max() ?? 0
    var best: (rows: [[Int]], distance: Double)?
    var width = widest
    for size in [0] + sizes.map(\.width) {
      width += size + (size > 0 ? apart : 0)
      let rows = rows(of: sizes, within: width)
      let wide = rows.map { $0.reduce(-apart) { $0 + sizes[$1].width + apart } }.max() ?? 0
      let high = rows.reduce(-apart) { $0 + ($1.map { sizes[$0].height }.max() ?? 0) + apart }
      // How many times too wide or too high.
      let ratio = wide / max(1, high) / aim
      let distance = max(ratio, 1 / max(ratio, 0.000_001))
      if best.map({ distance < $0.distance }) ?? true { best = (rows, distance) }
    }
    return best?.rows ?? []
  }

  private static func rows(of sizes: [GraphSize], within width: Double) -> [[Int]] {
    var (rows, taken) = ([[Int]](), 0.0)
    for (index, size) in sizes.enumerated() {
      if !rows.isEmpty, taken + apart + size.width <= width {
        rows[rows.count - 1].append(index)
        taken += apart + size.width
      } else {
        rows.append([index])
        taken = size.width
      }
    }
    return rows
  }
}

extension GraphBox {
  fileprivate func moved(_ x: Double, _ y: Double) -> GraphBox {
    GraphBox(x: self.x + x, y: self.y + y, width: width, height: height)
  }
}

extension GraphCurve {
  fileprivate func moved(_ x: Double, _ y: Double) -> GraphCurve {
    func moved(_ numbers: [Double]) -> [Double] { numbers.enumerated().map { $1 + ($0.isMultiple(of: 2) ? x : y) } }
    return GraphCurve(points: moved(points), tip: moved(tip))
  }
}
