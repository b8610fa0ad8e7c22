import FoundationEssentials
import SluiceModel

/// Reads what `dot -Tjson0` prints: sizes in inches, places in points with y upwards.
enum DotJSON {
  private struct Graph: Decodable {
    struct Object: Decodable {
      var name: String
      var pos: String?
      var width: String?
      var height: String?
    }
    struct Edge: Decodable {
      var id: String?
      var pos: String?
    }
    var bb: String
    var objects: [Object]?
    var edges: [Edge]?
  }

  /// - Returns: nil for anything that is no layout.
  static func layout(_ text: String) -> GraphLayout? {
    guard let graph = try? JSONDecoder().decode(Graph.self, from: Data(text.utf8)) else { return nil }
    let bounds = numbers(graph.bb)
    guard bounds.count == 4, bounds.allSatisfy(\.isFinite) else { return nil }
    let (left, top) = (bounds[0], bounds[3])
    func point(_ numbers: [Double]) -> [Double] { [round(numbers[0] - left), round(top - numbers[1])] }

    var layout = GraphLayout(
      size: GraphSize(width: round(bounds[2] - left), height: round(top - bounds[1])), boxes: [:], curves: [:])
    for object in graph.objects ?? [] {
      guard object.name.hasPrefix("n"), let index = Int(object.name.dropFirst()) else { continue }
      let place = numbers(object.pos ?? "")
      guard place.count == 2, let width = object.width.flatMap(Double.init),
        let height = object.height.flatMap(Double.init)
      else { return nil }
      let middle = point(place)
      layout.boxes[index] = GraphBox(x: middle[0], y: middle[1], width: round(width * 72), height: round(height * 72))
    }
    for edge in graph.edges ?? [] {
      guard let id = edge.id, id.hasPrefix("e"), let index = Int(id.dropFirst()) else { continue }
      var (points, tip) = ([Double](), [Double]())
      // `e,x,y` is the tip of the arrow; then come a start and three points for each piece.
      for word in (edge.pos ?? "").split(separator: " ") {
        let isTip = word.hasPrefix("e,")
        let pair = numbers(isTip ? word.dropFirst(2) : word)
        guard pair.count == 2 else { continue }
        if isTip { tip = point(pair) } else { points += point(pair) }
      }
      guard points.count >= 8, points.count % 6 == 2 else { continue }
      layout.curves[index] = GraphCurve(points: points, tip: tip.isEmpty ? Array(points.suffix(2)) : tip)
    }
    return layout
  }

  private static func numbers(_ text: some StringProtocol) -> [Double] {
    text.split(separator: ",").compactMap { Double(String($0)) }.filter(\.isFinite)
  }

  /// A tenth of a point is finer than anybody sees, and shorter to send.
  private static func round(_ number: Double) -> Double { (number * 10).rounded() / 10 }
}
