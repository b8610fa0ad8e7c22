import SluiceModel

/// Cuts a drawing into blocks by folder where it would be one tall column, or on a narrow screen one wide row.
struct BlockCutting {
  /// Nodes beside one another up to which a drawing is legible as one, and those that a block has at most.
  private struct Breadth {
    let whole: Int
    let block: Int
    /// On a desk some twenty nodes fit one below the other where names can be read, and on a telephone three side by
    /// side.
    init(_ direction: GraphDirection) { (whole, block) = direction == .right ? (18, 9) : (6, 3) }
  }
  /// Some nodes, and the folders that they are of.
  private struct Part {
    var nodes: [Int]
    var folders: [FolderPath]
  }

  private let nodes: [Drawing.Node]
  private let edges: [Drawing.Edge]
  private let direction: GraphDirection
  private let breadth: Breadth
  /// How many links stand before a node, at most.
  private let ranks: [Int]

  init(_ nodes: [Drawing.Node], _ edges: [Drawing.Edge], _ direction: GraphDirection) {
    (self.nodes, self.edges, self.direction) = (nodes, edges, direction)
    breadth = Breadth(direction)
    ranks = BlockCutting.ranks(nodes.count, edges)
  }

  /// - Returns: empty where the whole is laid out as one.
  /// - Complexity: O(nodes · depth of folders + links · log links).
  func blocks() -> [DrawingBlock] {
    guard breadth(of: Array(nodes.indices)) > breadth.whole else { return [] }
    let parts = cut(Array(nodes.indices), at: .root)
    return parts.count > 1 ? blocks(parts) : []
  }

  // MARK: How broad it is

  private static func ranks(_ count: Int, _ edges: [Drawing.Edge]) -> [Int] {
    var (ranks, waiting) = ([Int](repeating: 0, count: count), [Int](repeating: 0, count: count))
    var followers = [[Int]](repeating: [], count: count)
    for edge in edges {
      waiting[edge.to] += 1
      followers[edge.from].append(edge.to)
    }
    var ready = ranks.indices.filter { waiting[$0] == 0 }
    while let node = ready.popLast() {
      for follower in followers[node] {
        ranks[follower] = max(ranks[follower], ranks[node] + 1)
        waiting[follower] -= 1
        if waiting[follower] == 0 { ready.append(follower) }
      }
    }
    // What is in a circle, as folders may be, has the rank that was found so far.
    return ranks
  }

  private func breadth(of some: [Int]) -> Int {
    var counts: [Int: Int] = [:]
    for node in some { counts[ranks[node], default: 0] += 1 }
    return counts.values.max() ?? 0
  }

  // MARK: Which nodes stand together

  private func folder(_ node: Int) -> FolderPath { nodes[node].folder ?? .root }

  private func cut(_ some: [Int], at folder: FolderPath) -> [Part] {
    if breadth(of: some) <= breadth.block { return [Part(nodes: some, folders: [folder])] }
    let depth = folder.parts.count
    let here = some.filter { self.folder($0).parts.count <= depth }
    var (names, below) = ([FolderPath](), [FolderPath: [Int]]())
    for node in some where self.folder(node).parts.count > depth {
      guard let name = try? FolderPath(self.folder(node).parts.prefix(depth + 1).joined(separator: "/")) else {
        continue
      }
      if below[name] == nil { names.append(name) }
      below[name, default: []].append(node)
    }
    var parts: [Part] = []
    // Small ones that lie beside one another share a block.
    var open: Part?
    func close() {
      if let open { parts.append(open) }
      open = nil
    }
    func add(_ part: Part) {
      if let known = open, breadth(of: known.nodes + part.nodes) <= breadth.block {
        open = Part(nodes: known.nodes + part.nodes, folders: known.folders + part.folders)
      } else {
        close()
        open = part
      }
    }
    for node in here { add(Part(nodes: [node], folders: [folder])) }
    // A title says less of what lies in a folder and below it together.
    if folder.isRoot { close() }
    for name in names {
      let inside = cut(below[name] ?? [], at: name)
      if inside.count == 1 {
        add(inside[0])
      } else {
        close()
        parts += inside
      }
    }
    close()
    return parts
  }

  private func title(_ part: Part) -> String {
    var folders: [FolderPath] = []
    for folder in part.folders where folders.last != folder { folders.append(folder) }
    if folders.count > 1, let first = folders.first, folders.dropFirst().allSatisfy({ $0.parent == first }) {
      folders.removeFirst()
    }
    guard let first = folders.first, let last = folders.last, first != last else {
      // What is gathered over all folders, and what lies above them.
      return folders.first.map { $0.isRoot ? "everywhere" : $0.description } ?? ""
    }
    let isBeside = first.parent == last.parent
    return "\(first) – \(isBeside ? last.name : last.description)"
  }

  // MARK: Which links stand where

  private func blocks(_ parts: [Part]) -> [DrawingBlock] {
    var home = [Int](repeating: 0, count: nodes.count)
    for (block, part) in parts.enumerated() { for node in part.nodes { home[node] = block } }
    // Of a link between two blocks that end is drawn once more that is linked to more elsewhere: a look that all shots
    // take stands in each of their blocks, and so does the sheet that takes all shots.
    var away = [Int](repeating: 0, count: nodes.count)
    for edge in edges where home[edge.from] != home[edge.to] {
      away[edge.from] += 1
      away[edge.to] += 1
    }
    var (drawn, echoes) = ([[Int]](repeating: [], count: parts.count), [Set<Int>](repeating: [], count: parts.count))
    for (index, edge) in edges.enumerated() {
      let (from, to) = (home[edge.from], home[edge.to])
      if from == to {
        drawn[from].append(index)
      } else if away[edge.from] >= away[edge.to] {
        drawn[to].append(index)
        echoes[to].insert(edge.from)
      } else {
        drawn[from].append(index)
        echoes[from].insert(edge.to)
      }
    }
    return parts.enumerated().map { block, part in
      let all = part.nodes.sorted() + echoes[block].sorted()
      let places = Dictionary(uniqueKeysWithValues: all.enumerated().map { ($1, $0) })
      let drawing = Drawing(
        direction: direction, nodes: all.map { nodes[$0] },
        edges: drawn[block].compactMap { index in
          let edge = edges[index]
          guard let from = places[edge.from], let to = places[edge.to] else { return nil }
          return Drawing.Edge(from: from, to: to, link: edge.link, links: edge.links)
        })
      return DrawingBlock(
        title: title(part), drawing: drawing, nodes: all, own: part.nodes.count, edges: drawn[block])
    }
  }
}
