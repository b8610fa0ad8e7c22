package import SluiceModel

/// What `--select` and `--exclude` mean: docs/reference/selection.md.
package struct Selection: Sendable, Hashable {
  /// Nil for everything.
  package let expression: SelectionExpression?
  /// Written anew: another text with the same meaning may have another.
  package var text: String { expression?.description ?? "" }

  package static let everything = Selection(expression: nil)
  package var isEverything: Bool { expression == nil }

  package init(expression: SelectionExpression?) { self.expression = expression }

  /// - Throws: `selection.invalid`.
  package init(_ text: String) throws(SluiceError) { expression = try SelectionParser.expression(of: text) }

  /// This without another one; an empty text takes nothing away.
  /// - Throws: `selection.invalid`.
  package func excluding(_ text: String) throws(SluiceError) -> Selection {
    guard let other = try SelectionParser.expression(of: text) else { return self }
    return narrowed(to: .not(other))
  }

  /// This without what is made from the products of a step.
  /// - Throws: `selection.invalid`.
  package func until(step: String) throws(SluiceError) -> Selection {
    guard NameRule.problem(in: step) == nil else {
      throw SluiceError(
        .selectionInvalid, what: "there is no step '\(NameRule.printable(step))'", at: "--until",
        fix: "name one step of the pipeline: --until review")
    }
    let last = SelectionExpression.term(.step(step))
    return narrowed(to: .any(of: [last, .not(.reaching(last, upstream: .none, downstream: .any))]))
  }

  private func narrowed(to other: SelectionExpression) -> Selection {
    Selection(expression: .all(of: [expression, other].compactMap { $0 }))
  }

  /// The products of a project that are meant.
  /// - Parameter history: what is newer than the moments of `changed:`; without it such a term is refused.
  /// - Throws: `selection.invalid` for a name that nothing has.
  package func products(
    in project: Project, graph: StepGraph, states: [ProductRef: ProductState], history: SelectionHistory? = nil
  ) throws(SluiceError) -> Set<ProductRef> {
    let all = Set(graph.products).union(project.products.keys)
    guard let expression else { return all }
    return try SelectionEvaluation(project: project, graph: graph, states: states, history: history, all: all)
      .products(expression)
  }
}

/// Walks along the links of a graph.
package enum Walk {
  /// Everything that these products are made from.
  package static func upstream(of products: Set<ProductRef>, in graph: StepGraph) -> Set<ProductRef> {
    var found: Set<ProductRef> = []
    var open = Array(products)
    while let product = open.popLast() {
      let inputs = graph.producer(of: product)?.inputs.filter { $0.input.link != .association } ?? []
      for input in inputs.flatMap(\.products) where found.insert(input).inserted { open.append(input) }
    }
    return found
  }

  /// Everything made from these products, with the number of links and the neighbour through which it is reached first.
  ///
  /// What only names one of them is not reached, but what is made from that is.
  package static func downstream(
    of products: Set<ProductRef>, in graph: StepGraph
  ) -> [ProductRef: (distance: Int, via: ProductRef)] {
    var found: [ProductRef: (distance: Int, via: ProductRef)] = [:]
    var passed: Set<ProductRef> = products
    var ring = products.sorted()
    var distance = 0
    while !ring.isEmpty {
      distance += 1
      var next: [ProductRef] = []
      for product in ring {
        for unit in graph.consumers[product] ?? [] {
          for output in graph.products(madeByUnit: unit) where found[output] == nil && !products.contains(output) {
            found[output] = (distance, product)
            if passed.insert(output).inserted { next.append(output) }
          }
        }
        for output in (graph.referrers[product] ?? []).flatMap({ graph.products(madeByUnit: $0) })
        where passed.insert(output).inserted { next.append(output) }
      }
      ring = next.sorted()
    }
    return found
  }
}
