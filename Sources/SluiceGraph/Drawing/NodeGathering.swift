import SluiceModel

/// Gathers what is alike into nodes, and opens those whose parts are wanted.
struct NodeGathering {
  /// What a node holds. Its id says it: the same words name the same things as long as these are there.
  private enum Part {
    case atom(Int, within: String?)
    case group(Group)
  }

  private struct Group {
    let kind: GraphNode.Kind
    /// Of a step or of sources; nil for a folder.
    let name: String?
    /// What its atoms have in common.
    let folder: FolderPath
    let atoms: [Int]
    let within: String?

    var id: String {
      guard let name else { return "folder:\(folder)" }
      let noun = kind == .step ? "step" : "sources"
      return folder.isRoot ? "\(noun):\(name)" : "\(noun):\(name)/\(folder)"
    }
  }

  private(set) var nodes: [Drawing.Node] = []
  /// Nil for what is left out.
  private(set) var nodeOfAtom: [Int?]
  private(set) var notes: [String] = []

  init(_ atoms: Atoms, collapse: GraphCollapse, open: [String], bounds: Drawing.Bounds) {
    nodeOfAtom = [Int?](repeating: nil, count: atoms.all.count)
    var parts = NodeGathering.top(atoms, collapse)
    var wanted = Set(open)
    while let (place, group) = NodeGathering.first(of: wanted, in: parts) {
      wanted.remove(group.id)
      let inside = NodeGathering.parts(of: group, atoms, most: bounds.parts)
      if parts.count - 1 + inside.count > bounds.nodes {
        notes.append(
          "\(group.name ?? "\(group.folder)") has \(inside.count) parts, and at most \(bounds.nodes) nodes are drawn: "
            + "it stays closed")
      } else {
        parts.replaceSubrange(place...place, with: inside)
      }
    }
    if parts.count > bounds.nodes {
      notes.append("\(parts.count - bounds.nodes) of \(parts.count) nodes are not drawn: select a part to see them")
      parts.removeLast(parts.count - bounds.nodes)
    }
    for part in parts { add(part, atoms) }
  }

  private mutating func add(_ part: Part, _ atoms: Atoms) {
    switch part {
    case .atom(let index, let within):
      let atom = atoms.all[index]
      nodeOfAtom[index] = nodes.count
      nodes.append(
        Drawing.Node(
          id: atom.id, kind: atom.step == nil ? .source : .unit, title: atom.name,
          detail: atom.folder.description, step: atom.step, folder: atom.folder, within: within, refs: atom.refs,
          opens: false))
    case .group(let group):
      for index in group.atoms { nodeOfAtom[index] = nodes.count }
      nodes.append(
        Drawing.Node(
          id: group.id, kind: group.kind, title: group.name ?? group.folder.description,
          detail: NodeGathering.detail(of: group, atoms), step: group.kind == .step ? group.name : nil,
          folder: group.folder, within: group.within, refs: group.atoms.flatMap { atoms.all[$0].refs }, opens: true))
    }
  }

  private static func detail(of group: Group, _ atoms: Atoms) -> String {
    let count = group.atoms.count
    if group.kind != .folder { return group.folder.isRoot ? "\(count) folders" : "\(count) in \(group.folder)" }
    let folders = Set(group.atoms.map { atoms.all[$0].folder }).subtracting([group.folder]).count
    return folders == 0 ? "" : "\(folders) \(folders == 1 ? "folder" : "folders")"
  }

  private static func first(of wanted: Set<String>, in parts: [Part]) -> (place: Int, group: Group)? {
    guard !wanted.isEmpty else { return nil }
    for (place, part) in parts.enumerated() {
      if case .group(let group) = part, wanted.contains(group.id) { return (place, group) }
    }
    return nil
  }

  // MARK: What is gathered

  private static func top(_ atoms: Atoms, _ collapse: GraphCollapse) -> [Part] {
    switch collapse {
    case .none: return atoms.all.indices.map { .atom($0, within: nil) }
    case .folder: return byFolder(atoms, Array(atoms.all.indices), in: .root, within: nil)
    case .step:
      let groups = ordered(atoms.all.indices) {
        "\(atoms.all[$0].step == nil ? "sources" : "step"):\(atoms.all[$0].name)"
      }
      return groups.map { members in
        guard members.count > 1 else { return .atom(members[0], within: nil) }
        let first = atoms.all[members[0]]
        return .group(
          Group(
            kind: first.step == nil ? .sources : .step, name: first.name, folder: .root, atoms: members, within: nil))
      }
    }
  }

  private static func parts(of group: Group, _ atoms: Atoms, most: Int) -> [Part] {
    guard let name = group.name else { return byFolder(atoms, group.atoms, in: group.folder, within: group.id) }
    if group.atoms.count <= most { return group.atoms.map { .atom($0, within: group.id) } }
    // Levels that all have in common say nothing.
    var folder = group.folder
    var branches = branches(atoms, group.atoms, in: folder)
    while branches.count == 1, let only = branches[0].folder {
      folder = only
      branches = NodeGathering.branches(atoms, group.atoms, in: folder)
    }
    return branches.flatMap { branch -> [Part] in
      guard let folder = branch.folder, branch.atoms.count > 1 else {
        return branch.atoms.map { .atom($0, within: group.id) }
      }
      return [.group(Group(kind: group.kind, name: name, folder: folder, atoms: branch.atoms, within: group.id))]
    }
  }

  private static func byFolder(_ atoms: Atoms, _ indices: [Int], in folder: FolderPath, within: String?) -> [Part] {
    branches(atoms, indices, in: folder).flatMap { branch -> [Part] in
      guard let folder = branch.folder else { return branch.atoms.map { .atom($0, within: within) } }
      return [.group(Group(kind: .folder, name: nil, folder: folder, atoms: branch.atoms, within: within))]
    }
  }

  /// Atoms by the folder below `folder` that they are in; those of `folder` itself first, without one.
  private static func branches(
    _ atoms: Atoms, _ indices: [Int], in folder: FolderPath
  ) -> [(folder: FolderPath?, atoms: [Int])] {
    let depth = folder.parts.count
    let here = indices.filter { atoms.all[$0].folder == folder }
    let below = ordered(indices.filter { atoms.all[$0].folder != folder }) {
      atoms.all[$0].folder.parts.prefix(depth + 1).joined(separator: "/")
    }
    return (here.isEmpty ? [] : [(nil, here)])
      + below.compactMap { members in
        let parts = atoms.all[members[0]].folder.parts.prefix(depth + 1)
        return (try? FolderPath(parts.joined(separator: "/"))).map { ($0, members) }
      }
  }

  /// Those with the same key together, in the order in which keys appear.
  private static func ordered(_ indices: some Sequence<Int>, by key: (Int) -> String) -> [[Int]] {
    var (places, groups) = ([String: Int](), [[Int]]())
    for index in indices {
      let key = key(index)
      if let place = places[key] {
        groups[place].append(index)
      } else {
        places[key] = groups.count
        groups.append([index])
      }
    }
    return groups
  }
}
