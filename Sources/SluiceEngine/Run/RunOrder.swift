package import SluiceGraph
package import SluiceModel

/// What a run has to do, now that its inputs are made: decided from the registry, before anything is touched. Pure.
package struct RunOrder: Sendable {
  /// A piece of work with its recipe: one frame, or the whole (nil).
  package struct Piece: Sendable, Hashable {
    package let frame: Int?
    /// One for each output in order: outputs may be made from other frames.
    package let recipes: [Digest]

    /// Of all outputs together.
    package var recipe: Digest {
      Set(recipes).count == 1 ? recipes[0] : Digest.of(recipes.map { "\($0)\n" }.joined())
    }
  }

  package let unit: Unit
  package let assessment: Assessment
  /// To be made, in order of frames.
  package let pieces: [Piece]
  /// Frames that keep the files they have.
  package let carried: FrameSet
  /// Frames among the carried that are out of date and were left out on purpose.
  package let leftOut: FrameSet
  package let base: [Version?]
  /// What the base was made from.
  private let before: [Used]
  /// The purged versions that it brings back; empty where it makes new ones.
  package let restores: [Version]
  /// Made anew although it is current; earlier results are not taken.
  package let isForced: Bool

  package var isUnchanged: Bool { !assessment.needsWork && !isForced }

  /// Of work that no product is made by.
  init(unit: Unit, assessment: Assessment) {
    (self.unit, self.assessment, isForced, restores) = (unit, assessment, true, [])
    (pieces, carried, leftOut, base, before) = ([], .empty, .empty, [], [])
  }

  /// - Parameters:
  ///   - limit: the frames that the plan was restricted to.
  ///   - forced: whether the plan makes anew what is current, too.
  ///   - restores: purged versions of one earlier run that come back, in a project as it was then.
  /// - Throws: `task.input` where an input is not usable, `store.damaged` where a manifest cannot be read.
  package init(
    _ unit: Unit, project: Project, assessor: Assessor, manifests: any ManifestSource, limit: FrameSet?,
    forced: Bool = false, restoring restores: [Version] = []
  ) throws(SluiceError) {
    (self.unit, isForced, self.restores) = (unit, forced, restores)
    let now = try assessor.assess(alone: unit)
    assessment = restores.first.map { now.asked(for: $0) } ?? now
    base = unit.outputs.map { project.newest(of: $0) }
    if let obstacle = assessment.obstacle {
      throw SluiceError(
        .taskInput, what: "\(unit.id) cannot run: \(obstacle)",
        at: "\(project.name)/\(unit.id.folder), step \(unit.id.step)",
        fix: "publish or make the input, then plan again")
    }
    guard unit.step.isPerFrame else {
      let count = unit.outputs.count
      pieces = assessment.recipe.map { [Piece(frame: nil, recipes: [Digest](repeating: $0, count: count))] } ?? []
      (carried, leftOut, before) = (.empty, .empty, [])
      return
    }
    let stale = assessment.stale ?? .empty
    let wanted = project.frames(toMake: assessment, within: limit, forced: forced) ?? stale
    let recipes = try FrameRecipes(assessment, manifests: manifests)
    pieces = wanted.frames.compactMap { frame in
      recipes.recipes(of: frame).map { Piece(frame: frame, recipes: $0) }
    }
    let there = (assessment.expected ?? .empty).intersection(assessment.existing ?? .empty)
    carried = there.subtracting(wanted)
    leftOut = stale.subtracting(wanted).intersection(there)
    before =
      leftOut.isEmpty
      ? []
      : try base.first?.map { (version) throws(SluiceError) in
        try project.lineage(of: version, manifests)
      } ?? []
  }

  /// Cores that carried frames were made by, and that count as the current one.
  package var accepted: [Digest]? { carried.isEmpty || assessment.accepted.isEmpty ? nil : assessment.accepted }

  /// Pieces put together into tasks of at most `chunk` neighbouring frames.
  /// - Parameter chunk: as the step says where it is nil.
  package func tasks(for pieces: [Piece], run: RunID, chunk: Int? = nil) -> [(id: TaskID, pieces: [Piece])] {
    guard unit.step.isPerFrame else { return pieces.map { (TaskID(run: run, frame: nil), [$0]) } }
    let byFrame = Dictionary(uniqueKeysWithValues: pieces.compactMap { piece in piece.frame.map { ($0, piece) } })
    var step = unit.step
    if let chunk { step.chunk = chunk }
    return step.tasks(of: FrameSet(byFrame.keys)).map { frames in
      (TaskID(run: run, frame: frames.first), frames.frames.compactMap { byFrame[$0] })
    }
  }

  /// The recipe of a task: of its one piece, or of all of them together.
  package static func recipe(_ pieces: [Piece]) -> Digest {
    pieces.count == 1 ? pieces[0].recipe : Digest.of(pieces.map { "\($0.recipe)\n" }.joined())
  }

  /// Every input version that the outputs are made from, name or note; where `--frames` left some out, by frames.
  package var used: [Used] {
    let isPartial = !leftOut.isEmpty
    let fresh = (assessment.expected ?? .empty).subtracting(leftOut)
    let now = (assessment.inputs + assessment.noted).flatMap { state in
      state.sources.flatMap(\.all).compactMap { source -> Used? in
        guard let version = source.version, let content = source.content else { return nil }
        return Used(
          input: state.input.name, product: source.product, version: version.address.version, content: content,
          frames: isPartial ? fresh : nil, through: source.through)
      }
    }
    guard isPartial else { return now }
    let old = before.compactMap { used -> Used? in
      var kept = used
      kept.frames = (used.frames ?? assessment.existing ?? .empty).intersection(leftOut)
      return kept.frames?.isEmpty == true ? nil : kept
    }
    return now + old
  }
}
