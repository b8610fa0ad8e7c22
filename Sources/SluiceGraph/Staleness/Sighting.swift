import SluiceModel

/// Which units of a part of a project would not be plainly current if everything above them were.
///
/// Most are, and whether they are hangs on nothing but themselves: so parts can be sighted at the same time, and only
/// the rest is assessed in order.
package struct Sighting: Sendable {
  let units: [Int]
  /// Products that no unit makes, which the first part counts for all.
  let sources: Int

  /// - Parameters:
  ///   - part: from 0; each is made of whole folders.
  ///   - count: how many parts there are.
  package init(_ assessor: Assessor, part: Int, of count: Int) {
    var glance = Glance(assessor, isThorough: true)
    let nothing = Findings()
    units = assessor.graph.units(ofPart: part, among: count).filter { unit in
      if case .plain = glance.look(at: unit, nothing) { false } else { true }
    }
    sources = part == 0 ? assessor.project.stock.count(ofSourcesIn: assessor.graph) : 0
  }
}
