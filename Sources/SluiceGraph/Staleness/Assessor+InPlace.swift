import SluiceModel

/// What files in place have to do with how a unit stands: a content that only came later, and damage.
extension Assessor {
  /// What the newest version says that it was made from. Where that was taken before its bytes were read, it is
  /// compared with what stood for it then. What people make says it of each version apart.
  func recorded(by unit: Unit) -> [Used] {
    guard !unit.step.isHuman else { return [] }
    guard let newest = unit.outputs.first.flatMap({ project.newest(of: $0) }) else { return [] }
    return (ground(of: newest, unit) ?? newest).published.madeFrom
  }

  /// Inputs that are damaged now: nothing is out of date by them, but nothing can be made from them either.
  func damagedNotes(on result: Assessment) -> [Reason] {
    var notes: [Reason] = []
    for source in result.inputs.lazy.flatMap(\.sources).flatMap(\.all) where source.upstream == nil {
      guard let version = source.version, let text = version.damageObstacle else { continue }
      let note = Reason(
        kind: .damaged, input: "\(source.product)", used: "\(version.address.version)", now: nil, via: source.through,
        text: text)
      if !notes.contains(note) { notes.append(note) }
    }
    return notes
  }
}
