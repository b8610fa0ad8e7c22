extension Fact {
  /// The blob that this fact names: a manifest, a plan or a pipeline file; nil for a fact that names none.
  package var blob: Digest? {
    switch self {
    case .versionPublished(let fact): fact.manifest
    case .versionRestored(let fact): fact.manifest
    case .versionHashed(let fact): fact.manifest
    case .planApplied(let fact): fact.body
    case .pipelineApplied(let fact): fact.source
    default: nil
    }
  }
}
