import SluiceModel

/// Reasons that lie in the set of frames: an input's, or a folder's range.
extension Reasons {
  /// Frames that are new or gone, and whether a range says so.
  func counted(_ result: Assessment, _ version: Version) -> [Reason] {
    guard let expected = result.expected, let existing = result.existing else { return [] }
    let added = expected.subtracting(existing)
    let ranged = added.intersection(hadBefore(result, version) ?? added)
    var found: [Reason] = []
    if !ranged.isEmpty, let range = rangeNow(of: result.unit.folder) {
      found.append(
        Reason(
          kind: .range, input: "\(project.name)/\(result.unit.folder.path)", used: "\(existing)", now: "\(expected)",
          text: "\(Reasons.areNew(ranged)): \(range)"))
    }
    let other = found.isEmpty ? added : added.subtracting(ranged)
    var parts: [String] = []
    if !other.isEmpty { parts.append(Reasons.areNew(other)) }
    if !result.lost.isEmpty {
      parts.append("\(Reasons.spoken(result.lost)) \(result.lost.count == 1 ? "is" : "are") gone")
    }
    if !parts.isEmpty {
      found.append(
        Reason(
          kind: .frames, input: nil, used: "\(existing)", now: "\(expected)", text: parts.joined(separator: ", ")))
    }
    return found
  }

  /// The frames that the inputs had when the version was made; nil where they say nothing about frames.
  func hadBefore(_ result: Assessment, _ version: Version) -> FrameSet? {
    var had: FrameSet?
    for state in result.inputs {
      for source in state.sources where source.isPerFrame {
        let used = version.published.madeFrom.last {
          $0.input == state.input.name && $0.product == source.product && $0.through == nil
        }
        let old = used.flatMap { project.versions[VersionAddress(product: $0.product, version: $0.version)] }
        let frames = old?.representation(named: state.input.representation)?.frames ?? .empty
        had = had.map { $0.intersection(frames) } ?? frames
      }
    }
    return had
  }

  /// That another range lets other frames of an input count.
  func counts(_ source: InputState.Source) -> Reason {
    let frames = source.representation?.frames ?? .empty
    let counted = source.limit.map(frames.intersection) ?? frames
    let range = project.folders[source.product.folder].flatMap { rangeNow(of: $0) }
    return Reason(
      kind: .range, input: "\(source.product)", used: nil, now: "\(counted)", via: source.through,
      text: "\(source.product.spoken) counts with \(Reasons.spoken(counted))" + (range.map { ": \($0)" } ?? ""))
  }

  /// `sq010/sh0010 has the range 1001-1024 (ada, Mon 23 Nov 14:23 UTC)`; nil where it has none.
  private func rangeNow(of folder: Folder) -> String? {
    guard folder.frames != nil else { return nil }
    let writes = ["range", "handles"].compactMap { name in
      project.registers[.folderAttribute(folder.path, name)]?.heads.first
    }
    let who = writes.max { $0.time < $1.time }.map { " (\($0.actor.name), \(Reasons.spoken($0.time)))" } ?? ""
    return "\(folder.path) has the range \(folder.spokenRange)\(who)"
  }

  /// What the range has and inputs do not; said of what is current, too.
  static func missingFrames(_ result: Assessment) -> [Reason] {
    (result.frames?.lacks ?? []).map { lack in
      Reason(
        kind: .missingFrames, input: "\(lack.product)", used: nil, now: "\(lack.frames)",
        text: "\(lack.product.spoken) has no \(spoken(lack.frames))")
    }
  }

  private static func areNew(_ frames: FrameSet) -> String {
    "\(spoken(frames)) \(frames.count == 1 ? "is" : "are") new"
  }
}
