import SluiceModel

/// How far a change of an input reaches into the frames of what is made from it.
extension Assessor {
  /// Frames that see another content of an input than they were made from; nil for every frame.
  /// - Parameter used: what a version says it was made from.
  func reach(of source: InputState.Source, since used: Used) throws(SluiceError) -> FrameSet? {
    guard !source.relations.contains(.all), let now = source.version, let name = source.representation?.name,
      let old = project.versions[VersionAddress(product: used.product, version: used.version)]
    else { return used.frames }
    let before = try manifests.manifest(old.published.manifest)
    guard let was = before.representation(named: name) ?? before.representation(named: nil),
      let becomes = try manifests.manifest(now.published.manifest).representation(named: name)
    else { return used.frames }
    let all = (was.frames ?? .empty).union(becomes.frames ?? .empty)
    let changed = all.frames.filter { frame in
      let (old, new) = (was.file(atFrame: frame), becomes.file(atFrame: frame))
      return old?.identity != new?.identity || old?.fileExtension != new?.fileExtension
    }
    guard let reached = source.reached(by: FrameSet(changed)) else { return used.frames }
    return used.frames.map(reached.intersection) ?? reached
  }
}

extension InputState.Source {
  /// Frames of any output that are made from one of these; nil for every frame.
  func reached(by changed: FrameSet) -> FrameSet? {
    var reached = FrameSet.empty
    for relation in Set(relations) {
      guard let frames = relation.reached(by: changed) else { return nil }
      reached = reached.union(frames)
    }
    return reached
  }
}
