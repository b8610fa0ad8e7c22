package import SluiceModel

/// A product that another one names by a reference, directly or through others.
package struct NamedProduct: Sendable, Hashable {
  package let product: ProductRef
  package let tag: VersionSelector
  package let representation: String?
  /// Which of its frames belong to a frame of the product that names it.
  package let relation: FrameRelation

  var order: String { "\(product) \(relation) \(tag) \(representation ?? "")" }
}

extension StepGraph {
  /// - Complexity: O(units), and O(links) of steps with references.
  static func named(in graph: StepGraph) -> [ProductRef: [NamedProduct]] {
    var named: [ProductRef: [NamedProduct]] = [:]
    guard graph.steps.contains(where: { $0.inputs.contains { $0.link == .reference } }) else { return named }
    // Makers come before users.
    for index in 0..<graph.unitCount {
      guard graph.step(ofUnit: index).inputs.contains(where: { $0.link == .reference }) else { continue }
      let unit = graph.unit(at: index)
      let references = unit.inputs(.reference)
      for (output, product) in zip(unit.step.outputs, unit.outputs) where graph.makerIndex(of: product) == index {
        var found: [NamedProduct] = []
        var seen: Set<NamedProduct> = []
        for reference in references {
          let relation = reference.input.frames.of(output.name)
          for target in reference.products {
            let direct = NamedProduct(
              product: target, tag: reference.input.tag, representation: reference.input.representation,
              relation: relation)
            let further = (named[target] ?? []).map { next in
              NamedProduct(
                product: next.product, tag: next.tag, representation: next.representation,
                relation: relation.then(next.relation))
            }
            for one in [direct] + further where seen.insert(one).inserted { found.append(one) }
          }
        }
        // The order in which a file names its inputs is layout.
        named[product] = found.sorted { $0.order < $1.order }
      }
    }
    return named
  }
}

extension Unit {
  /// What the command calls the products that are only named: their place from the project's root. By input.
  var namings: [String: String] {
    let references = inputs(.reference)
    guard !references.isEmpty else { return [:] }
    let used = Set(step.placeholders.map(\.name))
    return Dictionary(
      uniqueKeysWithValues: references.filter { used.contains($0.input.name) }.map { reference in
        (reference.input.name, reference.products.map(\.spoken).joined(separator: "\n"))
      })
  }
}
