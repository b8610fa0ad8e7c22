package import SluiceModel

/// What a cut changes of the shots that are known. Pure; it compares clip by clip with what the folders say,
/// never files.
package struct Conforming: Sendable, Equatable {
  /// What is to be recorded of a folder.
  package struct FolderEdit: Sendable, Equatable {
    package let path: FolderPath
    package let isNew: Bool
    package let change: FolderChanged
  }

  package let difference: CutDifference
  /// By path; a folder of which nothing is new is not among them.
  package let edits: [FolderEdit]

  /// - Parameters:
  ///   - sequence: the folder whose cut it is; shots elsewhere are left alone. The root for the whole project.
  ///   - said: the folders of clips, said by hand.
  /// - Throws: `cut.invalid`, `cut.ambiguous`.
  package init(
    _ cut: Cut, project: Project, sequence: FolderPath, said: [String: FolderPath] = [:]
  ) throws(SluiceError) {
    guard !cut.clips.isEmpty else {
      throw SluiceError(
        .cutInvalid, what: "the timeline shows no clips", at: "the cut '\(NameRule.printable(cut.name))'",
        fix: "conform a timeline with a video track; to leave everything out, omit the folders")
    }
    if let stranger = said.keys.sorted().first(where: { name in !cut.clips.contains { $0.name == name } }) {
      throw SluiceError(
        .cutInvalid, what: "the cut has no clip '\(NameRule.printable(stranger))'", at: "--map",
        fix: nearest(to: stranger, in: cut.clips.map(\.name)).map { "did you mean '\($0)'?" }
          ?? "write the name as the timeline has it")
    }
    let uses = try CutUse.all(of: cut)
    let mapping = CutMapping(project: project, sequence: sequence, said: said)
    let paths = try mapping.folders(of: uses)
    let order = CutOrder(
      paths.map { path in project.folders[path].flatMap { $0.cutClip == nil ? nil : $0.order } })

    var changes: [CutChange] = []
    var edits: [FolderEdit] = []
    var unchanged = 0
    for (index, use) in uses.enumerated() {
      let shot = CutShot(use: use, path: paths[index], folder: project.folders[paths[index]])
      var found = shot.changes
      if order.moved.contains(index), shot.folder?.omitted == false {
        let text =
          index == 0
          ? "it comes first now" : "it comes after '\(NameRule.printable(uses[index - 1].clip))' now"
        found.append(CutChange(.moved, shot.path, clip: use.clip, text: text))
      }
      if found.isEmpty { unchanged += 1 }
      changes += found
      if let edit = shot.edit(place: order.places[index]) { edits.append(edit) }
    }
    let shown = Set(paths)
    for folder in mapping.cutFolders where !folder.omitted && !shown.contains(folder.path) {
      changes.append(
        CutChange(
          .omitted, folder.path, clip: folder.cutClip ?? folder.path.name, text: "it is not in the cut any more"))
      edits.append(FolderEdit(path: folder.path, isNew: false, change: FolderChanged(omitted: true)))
    }
    difference = CutDifference(changes: changes, unchanged: unchanged)
    self.edits = edits.sorted { $0.path < $1.path }
  }
}

/// A shot as the cut shows it beside what its folder says.
struct CutShot {
  let use: CutUse
  let path: FolderPath
  /// Nil for a new one.
  let folder: Folder?

  private func change(
    _ kind: CutChange.Kind, frames: Int? = nil, before: String? = nil, after: String? = nil, _ text: String
  ) -> CutChange {
    CutChange(kind, path, clip: use.clip, frames: frames, before: before, after: after, text: text)
  }

  /// All but its place.
  var changes: [CutChange] {
    var found: [CutChange] = []
    guard let folder, folder.cutClip != nil else {
      found.append(
        change(
          .added, frames: use.frames.count, after: "\(use.frames)",
          "it is new in the cut, \(Reasons.spoken(use.frames))" + (folder == nil ? "" : "; its folder is there")))
      return found + (folder?.range.map { reframed(from: $0) } ?? [])
    }
    if folder.omitted { found.append(change(.restored, "it is back in the cut")) }
    if let clip = folder.cutClip, clip != use.clip {
      found.append(
        change(.renamed, before: clip, after: use.clip, "it was called '\(NameRule.printable(clip))' before"))
    }
    found += reframed(from: folder.range ?? .empty)
    if let fps = folder.attributes["fps"].flatMap({ Double($0) }), fps != use.rate {
      let (before, after) = (CutOrder.text(fps), CutOrder.text(use.rate))
      found.append(change(.rate, before: before, after: after, "\(after) frames a second instead of \(before)"))
    }
    if let media = use.media, let before = folder.cutMedia, media != before {
      found.append(
        change(
          .media, before: before, after: media,
          "its source is \(NameRule.printable(media)), not \(NameRule.printable(before))"))
    }
    return found
  }

  private func reframed(from before: FrameSet) -> [CutChange] {
    let now = use.frames
    guard now != before else { return [] }
    var found: [CutChange] = []
    func note(_ kind: CutChange.Kind, _ count: Int, _ words: String) {
      found.append(
        change(
          kind, frames: count, before: "\(before)", after: "\(now)",
          "\(words) by \(count) frame\(count == 1 ? "" : "s"): \(before) is \(now) now"))
    }
    if let was = before.first, let first = now.first {
      if first > was { note(.headTrimmed, first - was, "its head is trimmed") }
      if first < was { note(.headExtended, was - first, "its head is extended") }
    }
    if let was = before.last, let last = now.last {
      if last < was { note(.tailTrimmed, was - last, "its tail is trimmed") }
      if last > was { note(.tailExtended, last - was, "its tail is extended") }
    }
    if found.isEmpty {
      found.append(
        change(
          .reframed, frames: now.count, before: "\(before)", after: "\(now)",
          before.isEmpty ? "it has the frames \(now)" : "\(before) is \(now) now"))
    }
    return found
  }

  /// Nil where its folder says all of it already.
  func edit(place: Double) -> Conforming.FolderEdit? {
    var wanted = ["range": "\(use.frames)", CutAttribute.clip: use.clip]
    wanted[CutAttribute.media] = use.media
    let now = folder?.attributes ?? [:]
    var set = wanted.filter { now[$0.key] != $0.value }
    if folder?.range == use.frames { set["range"] = nil }
    if now["fps"].flatMap({ Double($0) }) != use.rate { set["fps"] = CutOrder.text(use.rate) }
    if folder?.order != place { set["order"] = CutOrder.text(place) }
    let change = FolderChanged(
      type: folder == nil ? "shot" : nil, set: set.isEmpty ? nil : set, omitted: folder?.omitted == true ? false : nil)
    if change.set == nil, change.omitted == nil { return nil }
    return Conforming.FolderEdit(path: path, isNew: folder == nil, change: change)
  }
}
