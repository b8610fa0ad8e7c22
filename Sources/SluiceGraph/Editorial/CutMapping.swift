import SluiceModel

/// Finds the folder of each shot of a cut: what was said by hand first, then what the timeline says, then the folder
/// that knew the clip before, then the one of its name, then the one that had its media and range under another name.
struct CutMapping {
  let project: Project
  let sequence: FolderPath
  /// By clip, said by hand.
  let said: [String: FolderPath]
  private let inScope: [Folder]
  /// Folders that were in the cut before, by the clip that they were.
  private let known: [String: [Folder]]
  private let byName: [String: [Folder]]

  init(project: Project, sequence: FolderPath, said: [String: FolderPath]) {
    (self.project, self.sequence, self.said) = (project, sequence, said)
    inScope = project.folders.values.filter { $0.path.isInside(sequence) && $0.path != sequence }
      .sorted { $0.path < $1.path }
    known = Dictionary(grouping: inScope.filter { $0.cutClip != nil }) { $0.cutClip ?? "" }
    byName = Dictionary(grouping: inScope) { $0.path.name }
  }

  /// Folders of the scope that a cut made known.
  var cutFolders: [Folder] { inScope.filter { $0.cutClip != nil } }

  /// One folder for each use.
  /// - Throws: `cut.ambiguous`, `cut.invalid`.
  func folders(of uses: [CutUse]) throws(SluiceError) -> [FolderPath] {
    var found: [FolderPath?] = []
    for use in uses { found.append(try folder(of: use)) }
    var claimed = Set(found.compactMap { $0 })
    for (index, use) in uses.enumerated() where found[index] == nil {
      let old = try renamed(use, besides: claimed)
      let folder = if let old { old } else { try new(use) }
      found[index] = folder
      claimed.insert(folder)
    }
    var users: [FolderPath: String] = [:]
    var folders: [FolderPath] = []
    for case (let use, let folder?) in zip(uses, found) {
      if let other = users.updateValue(use.clip, forKey: folder) {
        throw ambiguous(
          use, "and '\(NameRule.printable(other))' would both be the shot \(folder)",
          "say whose it is: --map 'CLIP=FOLDER'")
      }
      folders.append(folder)
    }
    return folders
  }

  private func folder(of use: CutUse) throws(SluiceError) -> FolderPath? {
    if let folder = said[use.clip] { return folder }
    if let hint = use.hint {
      do { return try FolderPath(hint) } catch { throw use.problem("names no folder: \(error.what)") }
    }
    if let folder = try one(of: known[use.clip] ?? [], use) { return folder }
    return try one(of: CutClip.folderName(of: use.clip).flatMap { byName[$0] } ?? [], use)
  }

  private func one(of folders: [Folder], _ use: CutUse) throws(SluiceError) -> FolderPath? {
    if folders.count > 1 {
      throw ambiguous(
        use, "may be any of \(folders.prefix(4).map(\.path.description).joined(separator: ", "))",
        "say which: --map 'CLIP=FOLDER', or name the sequence: --sequence")
    }
    return folders.first?.path
  }

  private func renamed(_ use: CutUse, besides claimed: Set<FolderPath>) throws(SluiceError) -> FolderPath? {
    guard let media = use.media else { return nil }
    let same = cutFolders.filter {
      $0.cutMedia == media && $0.range == use.frames && !$0.omitted && !claimed.contains($0.path)
    }
    return try one(of: same, use)
  }

  private func new(_ use: CutUse) throws(SluiceError) -> FolderPath {
    guard let name = CutClip.folderName(of: use.clip) else {
      throw use.problem("has no name that a folder could have; say one: --map 'CLIP=FOLDER'")
    }
    return try FolderPath(sequence.isRoot ? name : "\(sequence)/\(name)")
  }

  private func ambiguous(_ use: CutUse, _ what: String, _ fix: String) -> SluiceError {
    SluiceError(
      .cutAmbiguous, what: "the clip '\(NameRule.printable(use.clip))' \(what)", at: "the cut; nothing was recorded",
      fix: fix)
  }
}
