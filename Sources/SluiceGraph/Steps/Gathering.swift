package import SluiceModel

/// Over which folders inputs are gathered. Omitted folders, and those below them, are not there.
struct Gathering {
  private let children: [FolderPath: [FolderPath]]
  private let casting: Table<FolderPath, Set<FolderPath>>
  private let present: Set<FolderPath>

  /// The folders that are in the show, by path.
  static func active(_ folders: some Sequence<Folder>) -> [Folder] {
    let all = folders.sorted { $0.path < $1.path }
    let omitted = Set(all.filter(\.omitted).map(\.path))
    guard !omitted.isEmpty else { return all }
    return all.filter { folder in
      !omitted.contains(folder.path) && !folder.path.ancestors.contains(where: omitted.contains)
    }
  }

  /// - Parameter active: sorted by path.
  init(_ active: [Folder], casting: Table<FolderPath, Set<FolderPath>>) {
    let below = Dictionary(grouping: active.filter { !$0.path.isRoot }) { $0.path.parent ?? .root }
    children = below.mapValues { Folder.inCutOrder($0).map(\.path) }
    self.casting = casting
    present = casting.isEmpty ? [] : Set(active.map(\.path))
  }

  func folders(of gather: Gather, at folder: FolderPath) -> [FolderPath] {
    switch gather {
    case .here: [folder]
    case .children: children[folder] ?? []
    case .cast: (casting[folder] ?? []).filter(present.contains).sorted()
    }
  }
}

extension Folder {
  /// Its place in the cut; nil where it has none.
  package var order: Double? { attributes["order"].flatMap { Double($0) }.flatMap { $0.isFinite ? $0 : nil } }

  /// By their places in the cut, then by path; those without a place last.
  package static func inCutOrder(_ folders: [Folder]) -> [Folder] {
    guard folders.contains(where: { $0.attributes["order"] != nil }) else {
      return folders.sorted { $0.path < $1.path }
    }
    return folders.map { (order: $0.order ?? .infinity, folder: $0) }
      .sorted { ($0.order, $0.folder.path) < ($1.order, $1.folder.path) }.map(\.folder)
  }
}

extension ProductRef {
  /// What a program sees of the folder in a gathered input: assets of one name lie in several folders.
  package func place(in gather: Gather) -> String { gather == .cast ? folder.description : folder.name }
}
