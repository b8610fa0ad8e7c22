package import SluiceModel

/// What `--select` means: references and globs joined by spaces, `+x`, `x+`, `step:NAME`, `state:NAME`.
package struct Selection: Sendable, Hashable {
  private enum Term: Hashable {
    case products(Glob, literal: String)
    case step(String)
    case state(ProductState)
  }
  private struct Part: Hashable {
    var term: Term
    var upstream: Bool
    var downstream: Bool
  }
  private let parts: [Part]
  /// As it was written, with single spaces.
  package let text: String

  package static let everything = Selection()
  package var isEverything: Bool { parts.isEmpty }

  private init() { (parts, text) = ([], "") }

  /// - Throws: `selection.invalid`.
  package init(_ text: String) throws(SluiceError) {
    let words = text.split(whereSeparator: \.isWhitespace)
    var parts: [Part] = []
    for word in words { parts.append(try Selection.part(word)) }
    self.parts = parts
    self.text = words.joined(separator: " ")
  }

  private static func part(_ word: Substring) throws(SluiceError) -> Part {
    var rest = word
    let upstream = rest.hasPrefix("+")
    if upstream { rest = rest.dropFirst() }
    let downstream = rest.hasSuffix("+")
    if downstream { rest = rest.dropLast() }
    guard !rest.isEmpty, !rest.contains("+") else { throw problem("'\(word)' names nothing", word) }
    let term: Term
    if rest.hasPrefix("step:") {
      term = .step(String(rest.dropFirst(5)))
    } else if rest.hasPrefix("state:") {
      let name = String(rest.dropFirst(6))
      guard let state = ProductState(rawValue: name) else {
        let meant = nearest(to: name, in: ProductState.allCases.map(\.rawValue))
        throw problem("there is no state '\(name)'" + (meant.map { "; did you mean '\($0)'?" } ?? ""), word)
      }
      term = .state(state)
    } else {
      guard !rest.contains(":") || rest.hasPrefix("sluice:") else {
        throw problem("'\(rest)' is no selector that Sluice knows", word)
      }
      var path = rest
      if path.hasPrefix("sluice:") { path = path.dropFirst(7).drop { $0 == "/" } }
      if let at = path.firstIndex(of: "@") { path = path[..<at] }
      term = .products(Glob(String(path)), literal: String(path))
    }
    return Part(term: term, upstream: upstream, downstream: downstream)
  }

  private static func problem(_ what: String, _ word: Substring) -> SluiceError {
    SluiceError(
      .selectionInvalid, what: what, at: "selection '\(NameRule.printable(word))'",
      fix: "use references or globs, +x (with upstream), x+ (with downstream), step:NAME or state:NAME")
  }

  /// The products of a project that are meant.
  /// - Throws: `selection.invalid` for a name that nothing has.
  package func products(
    in project: Project, graph: StepGraph, states: [ProductRef: ProductState]
  ) throws(SluiceError) -> Set<ProductRef> {
    let all = Set(graph.products).union(project.products.keys)
    guard !parts.isEmpty else { return all }
    var found: Set<ProductRef> = []
    for part in parts {
      var some = try matches(part.term, all, project, graph, states)
      let core = some
      if part.upstream { some.formUnion(Walk.upstream(of: core, in: graph)) }
      if part.downstream { some.formUnion(Walk.downstream(of: core, in: graph).keys) }
      found.formUnion(some)
    }
    return found
  }

  private func matches(
    _ term: Term, _ all: Set<ProductRef>, _ project: Project, _ graph: StepGraph,
    _ states: [ProductRef: ProductState]
  ) throws(SluiceError) -> Set<ProductRef> {
    switch term {
    case .state(let state): return all.filter { states[$0] == state }
    case .step(let name):
      let steps = Set(graph.units.map(\.step.name)).union(project.pipeline?.pipeline.steps.map(\.name) ?? [])
      guard steps.contains(name) else {
        let meant = nearest(to: name, in: steps)
        throw Selection.problem(
          "there is no step '\(name)'" + (meant.map { "; did you mean '\($0)'?" } ?? ""), "step:\(name)")
      }
      return Set(graph.units.filter { $0.step.name == name }.flatMap(\.outputs))
    case .products(let glob, let literal):
      if literal == project.name.description { return all }
      let found = all.filter { ref in
        [ref.description, ref.spoken].contains { text in
          glob.matches(text) || text.hasPrefix(literal + "/")
        } || [ref.folder.description, "\(project.name)/\(ref.folder)"].contains { glob.matches($0) }
      }
      if found.isEmpty, !Glob.isPattern(literal), !isFolder(literal, project) {
        let meant = nearest(to: literal, in: all.flatMap { [$0.description, $0.spoken] })
        throw Selection.problem(
          "nothing in '\(project.name)' is called '\(literal)'" + (meant.map { "; did you mean '\($0)'?" } ?? ""),
          literal[...])
      }
      return found
    }
  }

  private func isFolder(_ literal: String, _ project: Project) -> Bool {
    project.folders.keys.contains { [$0.description, "\(project.name)/\($0)"].contains(literal) }
  }
}

/// Walks along the links of a graph.
package enum Walk {
  /// Everything that these products are made from.
  package static func upstream(of products: Set<ProductRef>, in graph: StepGraph) -> Set<ProductRef> {
    var found: Set<ProductRef> = []
    var open = Array(products)
    while let product = open.popLast() {
      for input in graph.producer(of: product)?.inputs.flatMap(\.products) ?? [] where found.insert(input).inserted {
        open.append(input)
      }
    }
    return found
  }

  /// Everything made from these products, with the number of links and the neighbour through which it is reached first.
  package static func downstream(
    of products: Set<ProductRef>, in graph: StepGraph
  ) -> [ProductRef: (distance: Int, via: ProductRef)] {
    var found: [ProductRef: (distance: Int, via: ProductRef)] = [:]
    var ring = products.sorted()
    var distance = 0
    while !ring.isEmpty {
      distance += 1
      var next: [ProductRef] = []
      for product in ring {
        for unit in graph.consumers[product] ?? [] {
          for output in graph.units[unit].outputs where found[output] == nil && !products.contains(output) {
            found[output] = (distance, product)
            next.append(output)
          }
        }
      }
      ring = next.sorted()
    }
    return found
  }
}
