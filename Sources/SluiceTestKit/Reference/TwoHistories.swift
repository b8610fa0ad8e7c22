import SluiceGraph
import SluiceModel

/// A show that two sites go on with, neither knowing of the other; whoever hears of both plans the same.
struct TwoHistories {
  private let base: Show
  private let seed: UInt64
  private var streams: [(site: String, records: [StoredRecord])] = []
  private var manifests: FixedManifests

  init(_ show: Show, seed: UInt64) throws {
    (base, self.seed, manifests) = (show, seed, show.manifests)
    for (index, site) in ["lon", "nyc"].enumerated() {
      var random = RandomShow(show, at: site, seed: seed &+ UInt64(index + 1) &* 7_919)
      for deed in 0..<3 { _ = try random.say(deed: deed) }
      let events = random.show.events.dropFirst(show.events.count)
      var records: [StoredRecord] = []
      for (place, event) in events.enumerated() {
        let record = Record(
          clock: HybridTime(wall: event.time), seen: show.registry.head.frontier, events: [event.written(at: site)])
        records.append(StoredRecord(last: Int64(place + 1), record: record))
      }
      streams.append((site, records))
      manifests.add(random.show.manifests)
    }
  }

  func violation(_ features: inout Set<String>) throws -> GraphProof.Violation? {
    let orders = [
      [0, 0, 0, 0, 0, 0, 0, 0], [1, 1, 1, 1, 1, 1, 1, 1], [0, 1, 0, 1, 0, 1, 0, 1], [1, 0, 0, 1, 1, 0, 0, 1],
    ]
    var first: Plan?
    for order in orders {
      let project = try merged(order)
      guard let project, let graph = project.graph else { return nil }
      if !project.contested.isEmpty { features.insert("two sites said something at once") }
      let assessor = Assessor(
        project: project, graph: graph, manifests: manifests, tools: base.tools, now: base.now)
      let all = Set(graph.products).union(project.products.keys)
      let plan = try Planner(assessor: assessor).plan(.everything, products: all, frames: nil)
      guard let known = first else {
        first = plan
        continue
      }
      if plan != known {
        return GraphProof.Violation(property: .merge, text: "\(plan.difference(from: known))")
      }
    }
    return nil
  }

  /// - Parameter order: from which site the next record is taken; what is left comes at the end.
  private func merged(_ order: [Int]) throws -> Project? {
    var registry = base.registry
    var left = streams.map { $0.records[...] }
    for site in order + [0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1] {
      guard let record = left[site].popFirst() else { continue }
      try registry.apply([record], from: streams[site].site)
    }
    return registry.projects[base.name]
  }
}

extension Event {
  /// The same word at another site.
  fileprivate func written(at site: String) -> Event {
    var event = self
    event.site = site
    event.id = EventID("\(site) \(id)")
    return event
  }
}
