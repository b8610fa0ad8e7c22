/// What `cast` says of shots and what it changed.
package struct CastingAnswer: Sendable, Equatable, Codable {
  package var project: ProjectName
  /// Shots that were asked for and have a cast, or were named; by path.
  package var shots: [ShotCast]
  /// What is different now; empty for a question.
  package var changes: [CastingChange]
  package var position: Position
  package init(project: ProjectName, shots: [ShotCast], changes: [CastingChange], position: Position) {
    (self.project, self.shots, self.changes, self.position) = (project, shots, changes, position)
  }
}

package struct ShotCast: Sendable, Equatable, Codable {
  package var shot: FolderPath
  package var assets: [CastAsset]
  package init(shot: FolderPath, assets: [CastAsset]) { (self.shot, self.assets) = (shot, assets) }
}

package struct CastAsset: Sendable, Equatable, Codable {
  package var asset: FolderPath
  /// An omitted asset stays cast, and counts as if it were not.
  package var omitted: Bool
  package init(asset: FolderPath, omitted: Bool) { (self.asset, self.omitted) = (asset, omitted) }
}

package struct CastingChange: Sendable, Equatable, Codable {
  package var shot: FolderPath
  package var added: [FolderPath]
  package var removed: [FolderPath]
  package init(shot: FolderPath, added: [FolderPath], removed: [FolderPath]) {
    (self.shot, self.added, self.removed) = (shot, added, removed)
  }
}

/// What a cut changes, and whether that was recorded.
package struct ConformAnswer: Sendable, Equatable, Codable {
  package var project: ProjectName
  package var timeline: String
  /// The folder whose cut it is; empty for the whole project.
  package var sequence: FolderPath
  package var changes: [CutChange]
  package var unchanged: Int
  package var applied: Bool
  package var position: Position
  package init(
    project: ProjectName, timeline: String, sequence: FolderPath, difference: CutDifference, applied: Bool,
    position: Position
  ) {
    (self.project, self.timeline, self.sequence) = (project, timeline, sequence)
    (changes, unchanged) = (difference.changes, difference.unchanged)
    (self.applied, self.position) = (applied, position)
  }
}
