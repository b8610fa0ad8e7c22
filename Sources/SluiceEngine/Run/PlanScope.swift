package import SluiceGraph
package import SluiceModel

/// What somebody wants planned of a project.
package struct PlanScope: Sendable {
  package var select: String
  package var exclude: String
  /// Nothing that is made from this step's products.
  package var until: String?
  package var frames: FrameSet?
  /// Made anew although it is current.
  package var force: Bool

  package init(
    select: String = "", exclude: String = "", until: String? = nil, frames: FrameSet? = nil, force: Bool = false
  ) {
    (self.select, self.exclude, self.until) = (select, exclude, until)
    (self.frames, self.force) = (frames, force)
  }

  /// What a plan was about.
  package init(again plan: Plan) {
    self.init(select: plan.selection, frames: plan.frames, force: plan.force == true)
  }

  /// All of it as one expression.
  /// - Throws: `selection.invalid`.
  package func selection() throws(SluiceError) -> Selection {
    let selection = try Selection(select).excluding(exclude)
    return try until.map { (step) throws(SluiceError) in try selection.until(step: step) } ?? selection
  }
}
