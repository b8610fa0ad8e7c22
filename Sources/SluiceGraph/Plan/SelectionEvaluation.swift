import SluiceModel

/// Says which products of a project an expression means. Pure.
struct SelectionEvaluation {
  let project: Project
  let graph: StepGraph
  let states: [ProductRef: ProductState]
  /// Nil where nobody looked up what is newer than a moment.
  let history: SelectionHistory?
  let all: Set<ProductRef>

  /// - Throws: `selection.invalid` for a name that nothing has.
  /// - Complexity: O(terms · products), and O(links) for each walk.
  func products(_ expression: SelectionExpression) throws(SluiceError) -> Set<ProductRef> {
    switch expression {
    case .term(let term): return try products(term)
    case .reaching(let inner, let upstream, let downstream):
      let core = try products(inner)
      return core.union(Walk.upstream(of: core, in: graph, links: upstream))
        .union(Walk.downstream(of: core, in: graph, links: downstream))
    case .any(let parts):
      var found: Set<ProductRef> = []
      for part in parts { found.formUnion(try products(part)) }
      return found
    case .all(let parts):
      // Every part is judged, so that a wrong name is told whatever the others say.
      var found = all
      for part in parts { found.formIntersection(try products(part)) }
      return found
    case .not(let inner): return all.subtracting(try products(inner))
    }
  }

  private func products(_ term: SelectionTerm) throws(SluiceError) -> Set<ProductRef> {
    switch term {
    case .products(let text): return try named(text, term)
    case .step(let name):
      let steps = Set(graph.stepsWithUnits.map(\.name)).union(project.pipeline?.pipeline.steps.map(\.name) ?? [])
      let wanted = try matching(name, in: steps, noun: "step", term)
      return made { wanted.contains($0.name) }
    case .onChange(let policy): return made { $0.onChange == policy }
    case .state(let state): return all.filter { states[$0] == state }
    case .folderType(let type):
      let types = try matching(type, in: Set(project.folders.values.map(\.type)), noun: "folder of the type", term)
      return all.filter { project.folders[$0.folder].map { types.contains($0.type) } ?? false }
    case .folder(let path): return try inside(path, term)
    case .cast(let asset): return try cast(asset, term)
    case .changed(let moment):
      guard let history else {
        throw SelectionProblem.unknown("'changed:' cannot be asked for here", term, meant: nil)
      }
      return all.filter { project.hasChanged($0, since: moment, history) }
    }
  }

  private func made(_ belongs: (Step) -> Bool) -> Set<ProductRef> {
    Set(graph.units(ofSteps: belongs).flatMap { graph.products(madeByUnit: $0) })
  }

  /// A reference or a glob.
  private func named(_ text: String, _ term: SelectionTerm) throws(SluiceError) -> Set<ProductRef> {
    let literal = SelectionEvaluation.path(text)
    if literal == project.name.description { return all }
    guard Glob.isPattern(literal) else {
      let found = all.filter { $0.isMeant(by: literal) }
      if found.isEmpty, folder(literal) == nil {
        let known = all.flatMap { [$0.description, $0.spoken] } + SelectionToken.operators
        throw SelectionProblem.unknown(
          "nothing in '\(project.name)' is called '\(NameRule.printable(literal, atMost: 200))'", term,
          meant: nearest(to: literal, in: known))
      }
      return found
    }
    let glob = Glob(literal)
    return all.filter { ref in
      [ref.description, ref.spoken, ref.folder.description, "\(project.name)/\(ref.folder)"].contains {
        glob.matches($0)
      } || ref.description.hasPrefix(literal + "/") || ref.spoken.hasPrefix(literal + "/")
    }
  }

  /// Without the scheme before it and the version behind it.
  private static func path(_ text: String) -> String {
    var path = text[...]
    if path.hasPrefix("sluice:") { path = path.dropFirst(7).drop { $0 == "/" } }
    if let at = path.firstIndex(of: "@") { path = path[..<at] }
    return path.split(separator: "/").joined(separator: "/")
  }

  private func inside(_ text: String, _ term: SelectionTerm) throws(SluiceError) -> Set<ProductRef> {
    if text == project.name.description, project.folders[.root] != nil { return all }
    if !Glob.isPattern(text) {
      guard let path = folder(text) else { throw noFolder(text, term) }
      return all.filter { $0.folder.isInside(path) }
    }
    let glob = Glob(text)
    return all.filter { ref in
      sequence(first: ref.folder, next: \.parent).contains { folder in
        !folder.isRoot && (glob.matches(folder.description) || glob.matches("\(project.name)/\(folder)"))
      }
    }
  }

  private func cast(_ text: String, _ term: SelectionTerm) throws(SluiceError) -> Set<ProductRef> {
    guard let asset = folder(text) else { throw noFolder(text, term) }
    let shots = project.shots(using: asset)
    return all.filter { ref in sequence(first: ref.folder, next: \.parent).contains { shots.contains($0) } }
  }

  /// A folder by its path, with or without the project before it.
  private func folder(_ text: String) -> FolderPath? {
    let paths = [text, text.hasPrefix("\(project.name)/") ? String(text.dropFirst("\(project.name)/".count)) : nil]
    return paths.compactMap { $0 }.compactMap { try? FolderPath($0) }.first { path in
      !path.isRoot && (project.folders[path] != nil || all.contains { $0.folder.isInside(path) })
    }
  }

  private func noFolder(_ text: String, _ term: SelectionTerm) -> SluiceError {
    SelectionProblem.unknown(
      "there is no folder '\(NameRule.printable(text))'", term,
      meant: nearest(to: text, in: Set(project.folders.keys).union(all.map(\.folder)).map(\.description)))
  }

  /// The names that a name or a glob means.
  private func matching(
    _ text: String, in names: Set<String>, noun: String, _ term: SelectionTerm
  ) throws(SluiceError) -> Set<String> {
    if Glob.isPattern(text) {
      let glob = Glob(text)
      return names.filter { glob.matches($0) }
    }
    guard names.contains(text) else {
      throw SelectionProblem.unknown(
        "there is no \(noun) '\(NameRule.printable(text))'", term, meant: nearest(to: text, in: names))
    }
    return [text]
  }
}

extension ProductRef {
  /// Whether a path is this product's, or that of a folder that it lies in; each with or without the project.
  fileprivate func isMeant(by path: String) -> Bool {
    [description, spoken].contains { $0 == path || $0.hasPrefix(path + "/") }
  }
}

extension Walk {
  /// What lies at most so many links upstream of products; they themselves are left out, unless a ring leads back.
  static func upstream(
    of products: Set<ProductRef>, in graph: StepGraph, links: SelectionLinks
  ) -> Set<ProductRef> {
    switch links {
    case .none: return []
    case .any: return upstream(of: products, in: graph)
    case .atMost(let count):
      var (found, ring): (Set<ProductRef>, Set<ProductRef>) = ([], products)
      var distance = 0
      while distance < count, !ring.isEmpty {
        distance += 1
        ring = Set(ring.flatMap { graph.producer(of: $0)?.inputs.flatMap(\.products) ?? [] }).subtracting(found)
        found.formUnion(ring)
      }
      return found
    }
  }

  /// What lies at most so many links downstream of products.
  static func downstream(
    of products: Set<ProductRef>, in graph: StepGraph, links: SelectionLinks
  ) -> Set<ProductRef> {
    switch links {
    case .none: []
    case .any: Set(downstream(of: products, in: graph).keys)
    case .atMost(let count): Set(downstream(of: products, in: graph).filter { $0.value.distance <= count }.keys)
    }
  }
}
