package import SluiceModel

/// One input of a unit as it stands now.
package struct InputState: Sendable, Equatable {
  /// A product that the unit is made from: the input's own, or one that this names by a reference.
  package struct Source: Sendable, Equatable {
    package let product: ProductRef
    package let version: Version?
    package let representation: RepresentationSummary?
    /// The unit that makes it and is itself to be made anew first; nil for a tag, which stays where it is.
    package let upstream: UnitID?
    /// Whether it goes along with whatever becomes of the product.
    package let follows: Bool
    /// For each output of the unit in order, which of its frames a frame is made from.
    package let relations: [FrameRelation]
    /// Of the frames that count for who takes all of them.
    package let whole: Digest?
    /// Those frames, where they are not all that the version has: the range of the product's folder.
    package let limit: FrameSet?
    /// The input's product that names it; nil for the input's own.
    package let through: ProductRef?
    /// What it names, directly and through others.
    package let named: [Source]

    /// With what it names.
    package var all: [Source] { [self] + named }
    package var isPerFrame: Bool { relations.contains(where: \.isPerFrame) }

    /// Whether this is what a version says of it.
    func isRecorded(by used: Used, in input: StepInput) -> Bool {
      (used.input ?? input.name) == input.name && used.product == product && used.through == through
    }

    func above(_ find: (ProductRef) -> Finding?) -> Finding? { upstream == nil ? nil : find(product) }

    /// What counts of it, without what it names; nil while it is missing.
    package var content: Digest? {
      guard let representation, let whole else { return nil }
      if !isPerFrame { return whole }
      guard relations.contains(.all), whole != representation.content else { return representation.content }
      return Source.content(ofEach: representation.content, andTogether: whole)
    }

    /// Of frames that count each by itself for one output, and together for another.
    static func content(ofEach frames: Digest, andTogether whole: Digest) -> Digest {
      Digest.of("\(frames)\n\(whole)\n")
    }

    /// With what it names.
    var effective: Digest? { effective { $0.content } }
    /// The same for who takes all frames.
    var effectiveWhole: Digest? { effective { $0.whole } }

    private func effective(_ content: (Source) -> Digest?) -> Digest? {
      guard let own = content(self) else { return nil }
      let parts = named.compactMap { source in content(source).map { (product: source.product, content: $0) } }
      return parts.count == named.count ? Recipe.effective(own, naming: parts) : nil
    }
  }
  package let input: StepInput
  package let sources: [Source]

  /// Of everything this input brings; nil while something is missing.
  package var content: Digest? { together { $0.effective } }
  /// The same for outputs that are made from all frames.
  var whole: Digest? { together { $0.effectiveWhole } }

  private func together(_ content: (Source) -> Digest?) -> Digest? {
    let parts = sources.compactMap { source in
      content(source).map { (folder: source.product.place(in: input.gather), content: $0) }
    }
    guard parts.count == sources.count, !parts.isEmpty || input.gather == .cast else { return nil }
    return input.gather == .here ? parts[0].content : Recipe.gathered(parts)
  }
}
