import SluiceGraph
package import SluiceModel

extension Show {
  /// Puts assets into a shot, and takes others out.
  package mutating func cast(_ shot: String, add: [String] = [], remove: [String] = [], by actor: String = "ben") throws
  {
    try record(
      .castingChanged(
        CastingChanged(add: try add.map { try FolderPath($0) }, remove: try remove.map { try FolderPath($0) })),
      folder: try FolderPath(shot), by: actor)
  }

  /// What a cut changes, recorded.
  /// - Returns: the changes as `headTrimmed sq010/a 8`.
  @discardableResult
  package mutating func conform(
    _ cut: Cut, sequence: String = "", said: [String: String] = [:]
  ) throws -> [String] {
    let conforming = try Conforming(
      cut, project: project, sequence: try FolderPath(sequence), said: try said.mapValues { try FolderPath($0) })
    for edit in conforming.edits { try record(.folderChanged(edit.change), folder: edit.path) }
    return conforming.difference.changes.map { change in
      "\(change.kind.rawValue) \(change.folder)" + (change.frames.map { " \($0)" } ?? "")
    }
  }
}
