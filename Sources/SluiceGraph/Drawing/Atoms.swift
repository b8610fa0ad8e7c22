import SluiceModel

/// What cannot be drawn any smaller: a step on a folder, or a product that no step makes.
struct Atoms {
  struct Atom {
    let id: String
    /// Nil for a source.
    let step: String?
    /// Of the step, or of the source itself.
    let name: String
    let folder: FolderPath
    let refs: [ProductRef]
  }
  private struct Link: Hashable {
    let from: Int
    let to: Int
    let link: String
  }

  /// Sources first, then units, makers before users.
  let all: [Atom]
  private let links: [Link]

  init(_ graph: StepGraph, products: some Sequence<ProductRef>, selected: Set<ProductRef>?) {
    var all: [Atom] = []
    var places: [ProductRef: Int] = [:]
    let sources = Set(graph.products.filter { graph.consumers[$0] != nil }).union(products)
      .filter { graph.makerIndex(of: $0) == nil }
    for ref in sources.sorted() where selected?.contains(ref) ?? true {
      places[ref] = all.count
      all.append(Atom(id: "product:\(ref.spoken)", step: nil, name: ref.name, folder: ref.folder, refs: [ref]))
    }
    var links: [Link] = []
    for (index, unit) in graph.units.enumerated() {
      let outputs = unit.outputs.filter { graph.makerIndex(of: $0) == index && selected?.contains($0) ?? true }
      guard !outputs.isEmpty else { continue }
      let (place, step, folder) = (all.count, unit.id.step, unit.id.folder)
      for output in outputs { places[output] = place }
      all.append(
        Atom(
          id: folder.isRoot ? "unit:\(step)" : "unit:\(step)/\(folder)", step: step, name: step, folder: folder,
          refs: outputs))
      for input in unit.inputs {
        let link = Drawing.link(of: input.input)
        for from in input.products.compactMap({ places[$0] }) where from != place {
          links.append(Link(from: from, to: place, link: link))
        }
      }
    }
    (self.all, self.links) = (all, links)
  }

  /// Links between nodes, each once for its kind, in the order of the nodes.
  func edges(between nodeOfAtom: [Int?]) -> [Drawing.Edge] {
    var counts: [Link: Int] = [:]
    for link in links {
      guard let from = nodeOfAtom[link.from], let to = nodeOfAtom[link.to], from != to else { continue }
      counts[Link(from: from, to: to, link: link.link), default: 0] += 1
    }
    return counts.sorted { ($0.key.from, $0.key.to, $0.key.link) < ($1.key.from, $1.key.to, $1.key.link) }
      .map { Drawing.Edge(from: $0.key.from, to: $0.key.to, link: $0.key.link, links: $0.value) }
  }
}
