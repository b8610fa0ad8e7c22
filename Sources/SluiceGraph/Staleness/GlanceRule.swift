import SluiceModel

/// What a step says of all its units alike.
struct GlanceRule {
  struct Input {
    let name: String
    let gather: Gather
    let relations: [FrameRelation]
    let isPerFrame: Bool
    /// Whether an output is made from all of its frames.
    let takesAll: Bool
  }
  struct Core {
    let parameters: [String]
    let tools: [String: ToolVersion]
    let digest: Digest
  }

  /// Whether a command makes something of the latest versions of its inputs, as they are.
  let isSimple: Bool
  let inputs: [Input]
  /// Their places, in the order of their names.
  let byName: [Int]
  let isPerFrame: Bool
  let isOverRange: Bool
  private let form: RecipeForm
  private let usesTools: Bool
  /// Those that were worked out, by what a folder and the programs bring to them.
  private var cores: [Core] = []

  init(_ step: Step, _ form: RecipeForm) {
    (self.form, usesTools) = (form, !step.tools.isEmpty)
    isSimple =
      !step.isHuman && step.on == nil && !step.outputs.isEmpty
      && step.inputs.allSatisfy { $0.link == .dependency && $0.tag == .latest && $0.representation == nil }
    inputs = step.inputs.map { input in
      let relations = step.relations(to: input)
      return Input(
        name: input.name, gather: input.gather, relations: relations,
        isPerFrame: relations.contains(where: \.isPerFrame), takesAll: relations.contains(.all))
    }
    let names = step.inputs.map(\.name)
    byName = names.indices.sorted { names[$0] < names[$1] }
    (isPerFrame, isOverRange) = (step.isPerFrame, step.frames == .range)
  }

  /// That of a step that names no programs, where the folder before said the same; nil where it has to be looked for.
  func core(on folder: Folder) -> Digest? {
    guard !usesTools, let last = cores.last, form.says(last.parameters, on: folder) else { return nil }
    return last.digest
  }

  func core(on folder: Folder, _ tools: [String: ToolVersion]) -> Digest? {
    cores.last { form.says($0.parameters, on: folder) && ($0.tools.isEmpty && tools.isEmpty || $0.tools == tools) }?
      .digest
  }

  /// A command that names its folder has a core for each, and the last few are as good as all.
  mutating func keep(_ core: Core) {
    if cores.count == GlanceRule.keptCores { cores.removeFirst() }
    cores.append(core)
  }
  private static let keptCores = 8
}
