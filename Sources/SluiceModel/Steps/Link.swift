/// How what a step makes hangs together with a product that it takes.
package enum Link: String, Sendable, Codable, CaseIterable {
  /// It is made from it, and follows it.
  case dependency
  /// It names it, as a scene names a texture: those who take what is made depend on both.
  case reference
  /// It is noted where the version came from, and nothing follows.
  case association
}

/// Over which frames a step works.
package enum StepFrames: String, Sendable, Codable, CaseIterable {
  /// Those of its folder's range, with handles.
  case range
}
