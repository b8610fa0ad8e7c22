package import SluiceModel

/// How a unit stands: whether its products match what they would be made from now, and if not, why.
package struct Assessment: Sendable, Equatable {
  package let unit: Unit
  package var freshness: Freshness
  package var reasons: [Reason]
  package var inputs: [InputState]
  /// Frames that the outputs have now; nil for a unit that is not frame by frame.
  package var existing: FrameSet?
  /// Frames that they will have.
  package var expected: FrameSet?
  /// Frames that want work.
  package var stale: FrameSet?
  /// What its step listens for and has heard; nil where it listens for nothing, and before an event has come in.
  package var told: Told?
  package var core: Digest
  package var tools: [String: ToolVersion]
  /// Of the whole; nil while an input is still to be made.
  package var recipe: Digest?
  /// What making it would be, foreseen: like the recipe, but known before its inputs are made. Nil where nothing is to
  /// be done.
  package var work: Digest?
  /// Why it cannot run, in words.
  package var obstacle: String?
  package var missingSources: [ProductRef]

  package var needsWork: Bool { freshness != .current }

  package func tasks(for frames: FrameSet?) -> Int {
    guard unit.step.isPerFrame else { return 1 }
    return (frames ?? stale ?? .empty).chunks(of: unit.step.chunk).count
  }
}

/// One input of a unit as it stands now.
package struct InputState: Sendable, Equatable {
  package struct Source: Sendable, Equatable {
    package let product: ProductRef
    package let version: Version?
    package let representation: RepresentationSummary?
    /// The unit that makes it and is itself to be made anew first; nil for a tag, which stays where it is.
    package let upstream: UnitID?

    func above(_ find: (ProductRef) -> Assessment?) -> Assessment? { upstream == nil ? nil : find(product) }
  }
  package let input: StepInput
  package let sources: [Source]

  /// Of everything this input brings; nil while something is missing.
  package var content: Digest? {
    let parts = sources.compactMap { source in
      source.representation.map { (folder: source.product.folder.name, content: $0.content) }
    }
    guard parts.count == sources.count, !parts.isEmpty else { return nil }
    return input.gather == .here ? parts[0].content : Recipe.gathered(parts)
  }
}
