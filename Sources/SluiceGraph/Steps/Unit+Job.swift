package import SluiceModel

extension Unit {
  /// Work on no folder, that makes no product.
  package init(job step: Step) {
    self.init(
      id: UnitID(step: step.name, folder: .root), step: step, form: RecipeForm(step),
      folder: Folder(path: .root, type: "project"), inputs: [], outputs: [])
  }
}

extension Assessment {
  /// Of work that is asked for and never out of date.
  package init(job unit: Unit) {
    self.init(
      unit: unit, freshness: .missing, reasons: [], inputs: [], noted: [], existing: nil, frames: nil, stale: nil,
      told: nil, core: Recipe.core(of: unit.step, on: unit.folder, tools: [:]), tools: [:], recipe: nil, work: nil,
      obstacle: nil, missingSources: [])
  }
}
