package import SluiceGraph
package import SluiceModel

extension Assessments {
  /// From scratch, on all processors.
  /// - Throws: `store.damaged` where a manifest cannot be read.
  package static func made(by assessor: Assessor) async throws(SluiceError) -> Assessments {
    let parts = assessor.graph.unitCount / Limits.unitsPerSighting
    guard parts > 1 else { return try Assessments(assessor) }
    let sightings = await withTaskGroup(of: Sighting.self) { group in
      for part in 0..<parts { group.addTask { Sighting(assessor, part: part, of: parts) } }
      return await group.reduce(into: []) { $0.append($1) }
    }
    return try Assessments(assessor, sightings)
  }
}
