import SluiceModel

/// What a step says of all its units alike. Behind a reference, since every glance takes it along.
struct GlanceRule: Sendable {
  struct Input: Sendable {
    let name: String
    /// The name as digests have it, with the end of its line.
    let line: [UInt8]
    let gather: Gather
    let relations: [FrameRelation]
    let isPerFrame: Bool
    /// Whether a frame of it goes into the frame of the same number.
    let isOneToOne: Bool
    /// Whether an output is made from all of its frames.
    let takesAll: Bool
  }
  private struct Said: Sendable {
    let isSimple: Bool
    let inputs: [Input]
    let byName: [Int]
    let isPerFrame: Bool
    let isOverRange: Bool
    let isHere: Bool
    let usesTools: Bool
    let namesFolder: Bool
    let line: [UInt8]
  }
  private let said: [Said]

  init(_ step: Step, _ form: RecipeForm) {
    let inputs = step.inputs.map { input in
      let relations = step.relations(to: input)
      return Input(
        name: input.name, line: Array("\(input.name)\n".utf8), gather: input.gather, relations: relations,
        isPerFrame: relations.contains(where: \.isPerFrame), isOneToOne: relations.contains(.oneToOne),
        takesAll: relations.contains(.all))
    }
    let names = step.inputs.map(\.name)
    said = [
      Said(
        isSimple: !step.isHuman && step.on == nil && !step.outputs.isEmpty
          && step.inputs.allSatisfy { $0.link == .dependency && $0.tag == .latest && $0.representation == nil },
        inputs: inputs, byName: names.indices.sorted { names[$0] < names[$1] }, isPerFrame: step.isPerFrame,
        isOverRange: step.frames == .range, isHere: inputs.allSatisfy { $0.gather == .here },
        usesTools: !step.tools.isEmpty, namesFolder: form.namesFolder,
        line: Array("\(step.name)\n".utf8))
    ]
  }

  /// Whether a command makes something of the latest versions of its inputs, as they are.
  var isSimple: Bool { said[0].isSimple }
  var inputs: [Input] { said[0].inputs }
  /// The places of inputs, in the order of their names.
  var byName: [Int] { said[0].byName }
  var isPerFrame: Bool { said[0].isPerFrame }
  var isOverRange: Bool { said[0].isOverRange }
  /// Whether each input brings one product, which units on all folders call the same.
  var isHere: Bool { said[0].isHere }
  var usesTools: Bool { said[0].usesTools }
  /// Whether the command says where it works, and so has another core in each folder.
  var namesFolder: Bool { said[0].namesFolder }
  /// The step's name, with the end of its line.
  var line: [UInt8] { said[0].line }
}

/// What glances had to know of the steps of a graph, for the next glance too.
struct GlanceRules: Sendable {
  struct Core: Sendable {
    let parameters: [String]
    let tools: [String: ToolVersion]
    let digest: Digest
    /// What a folder said that these are the parameters of.
    var words: Int
  }

  /// By step, where one was looked at: one rule, and the cores that were worked out last.
  private var rules: [[GlanceRule]]
  private var cores: [[Core]]
  /// What a folder says of itself, by number: the last one of them.
  private var attributes: [String: String] = [:]
  private var words = 0

  init(steps: Int) { (rules, cores) = (Array(repeating: [], count: steps), Array(repeating: [], count: steps)) }

  /// Rules of a graph that was not looked at yet have no steps.
  var isEmpty: Bool { rules.isEmpty }

  mutating func rule(ofStep step: Int, in graph: StepGraph) -> GlanceRule {
    if !rules[step].isEmpty { return rules[step][0] }
    let rule = GlanceRule(graph.steps[step], graph.form(ofStep: step))
    rules[step] = [rule]
    return rule
  }

  /// A number for what a folder says of itself; folders with one number say the same.
  mutating func words(of folder: Folder) -> Int {
    if folder.attributes != attributes || words == 0 {
      attributes = folder.attributes
      words += 1
    }
    return words
  }

  /// That of a step that names no programs, where the folder before said the same; nil where it has to be looked for.
  func core(ofStep step: Int, _ rule: GlanceRule, saying words: Int) -> Digest? {
    guard let last = cores[step].last, last.words == words, !rule.usesTools, !rule.namesFolder else { return nil }
    return last.digest
  }

  /// The same, where a folder says the same words and more.
  mutating func core(
    ofStep step: Int, _ rule: GlanceRule, _ form: RecipeForm, on folder: Folder, _ words: Int
  ) -> Digest? {
    let last = cores[step].count - 1
    guard last >= 0, !rule.usesTools, form.says(cores[step][last].parameters, on: folder) else { return nil }
    cores[step][last].words = words
    return cores[step][last].digest
  }

  func core(ofStep step: Int, _ form: RecipeForm, on folder: Folder, _ tools: [String: ToolVersion]) -> Digest? {
    cores[step].last {
      form.says($0.parameters, on: folder) && ($0.tools.isEmpty && tools.isEmpty || $0.tools == tools)
    }?.digest
  }

  /// A command that names its folder has a core for each, and the last few are as good as all.
  mutating func keep(_ core: Core, ofStep step: Int) {
    if cores[step].count == GlanceRules.keptCores { cores[step].removeFirst() }
    cores[step].append(core)
  }
  private static let keptCores = 8
}
