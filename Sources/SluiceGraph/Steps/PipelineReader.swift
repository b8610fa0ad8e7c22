package import SluiceModel

/// Turns a document into a pipeline, collecting every problem with its place.
package struct PipelineReader {
  package private(set) var problems: [PipelineProblem] = []
  var templates: [String: Result<TemplateFile.Checked, TemplateProblems>] = [:]
  /// Whether no step may do without test frames.
  var areTestsMandatory = false

  /// - Parameter templates: those that bodies of steps name, by their paths as they are written.
  /// - Returns: the pipeline, when nothing is wrong with it; else every problem, in the order of the file.
  package static func read(
    _ document: DocumentNode, templates: [String: Result<TemplateFile.Checked, TemplateProblems>] = [:]
  ) -> (pipeline: Pipeline?, problems: [PipelineProblem]) {
    var reader = PipelineReader()
    reader.templates = templates
    let pipeline = reader.pipeline(document)
    if let pipeline, reader.problems.isEmpty { reader.checkGraph(pipeline, document) }
    let sorted = reader.problems.sorted { ($0.line ?? 0, $0.column ?? 0) < ($1.line ?? 0, $1.column ?? 0) }
    return (sorted.isEmpty ? pipeline : nil, sorted)
  }

  private mutating func pipeline(_ document: DocumentNode) -> Pipeline? {
    guard
      let map = fields(
        document, of: "a pipeline file", required: ["sluice", "project", "steps"],
        allowed: ["sluice", "project", "folders", "policy", "steps"])
    else { return nil }
    if let version = map["sluice"], text(version) != "1" {
      report(
        .pipelineShape, "the format is '\(text(version) ?? "?")', and this Sluice reads format 1", "write 'sluice: 1'",
        version)
    }
    let project = map["project"].flatMap { node in name(node, as: "project").flatMap { try? ProjectName($0) } }
    let folders = map["folders"].map { list($0, of: "folders") } ?? []
    let declarations = folders.compactMap { folder($0) }
    var steps: [Step] = []
    if let node = map["steps"] {
      guard case .mapping(let entries, _) = node else {
        report(
          .pipelineShape, "'steps' must be a map from names to steps", "write 'steps:' and below it 'review:' …", node)
        return nil
      }
      map["policy"].map { policy($0) }
      for entry in entries { step(entry).map { steps.append($0) } }
    }
    guard let project else { return nil }
    return Pipeline(project: project, folders: declarations, steps: steps)
  }

  private mutating func folder(_ node: DocumentNode) -> FolderDeclaration? {
    if case .scalar = node { return path(node).map { FolderDeclaration(path: $0, type: nil, attributes: [:]) } }
    guard let map = fields(node, of: "a folder", required: ["path"], allowed: nil) else { return nil }
    var attributes: [String: String] = [:]
    for (key, value) in map where key != "path" && key != "type" {
      guard let text = text(value) else { continue }
      guard NameRule.problem(in: key) == nil else {
        report(.pipelineShape, "'\(key)' cannot name an attribute", "use letters, digits and '_'", value)
        continue
      }
      attributes[key] = text
      if let problem = FolderAttributes.problem(key, text) {
        report(.pipelineShape, problem, "write range: 1001-1024, handles: 8, fps: 24 and order: 10", value)
      }
    }
    let type = map["type"].flatMap { name($0, as: "folder type") }
    return map["path"].flatMap { path($0) }.map { FolderDeclaration(path: $0, type: type, attributes: attributes) }
  }

  private static let stepKeys = [
    "for", "inputs", "outputs", "tools", "on", "on_change", "max_core_hours", "command", "body",
    "frames", "chunk", "timeout", "needs", "tests", "retries",
  ]

  private mutating func step(_ entry: DocumentEntry) -> Step? {
    if let problem = NameRule.problem(in: entry.key) {
      report(
        .pipelineShape, "'\(entry.key)' cannot name a step: \(problem)", "use letters, digits and '_'", entry.keyPlace)
      return nil
    }
    guard
      let map = fields(
        entry.value, of: "step '\(entry.key)'", required: ["for", "outputs"], allowed: Self.stepKeys)
    else { return nil }
    let isHuman = Self.isHuman(map, knownKeys: Self.stepKeys)
    if isHuman { checkHuman(entry.key, map) }
    var inputs: [StepInput] = []
    for (name, node) in entries(map["inputs"], of: "inputs") { input(name, node).map { inputs.append($0) } }
    var outputs: [StepOutput] = []
    for (name, node) in entries(map["outputs"], of: "outputs") {
      output(name, node, isHuman: isHuman).map { outputs.append($0) }
    }
    if case .mapping([], _)? = map["outputs"], let node = map["outputs"] {
      report(.pipelineShape, "step '\(entry.key)' has no outputs", "name at least one product that it makes", node)
    }
    let command = map["command"].map { arguments($0) } ?? []
    guard let folders = map["for"].flatMap({ folderPattern($0) }) else { return nil }
    let on = map["on"].flatMap { trigger($0) }
    var step = Step(
      name: entry.key, folders: folders, inputs: inputs, outputs: outputs,
      tools: (map["tools"].map { list($0, of: "tools") } ?? []).compactMap { text($0) },
      // Who listens for an event wants it to lead to something.
      on: on, onChange: map["on_change"].flatMap { word($0, OnChange.self) } ?? (map["on"] == nil ? .propose : .auto),
      maxCoreHours: map["max_core_hours"].flatMap { hours($0) }, command: command,
      frames: map["frames"].flatMap { word($0, StepFrames.self) },
      chunk: map["chunk"].flatMap { positive($0, "chunk") } ?? 1,
      timeoutSeconds: map["timeout"].flatMap { seconds($0) } ?? Limits.taskTimeoutSeconds,
      needs: map["needs"].flatMap { needs($0) }, tests: map["tests"].flatMap { tests($0) })
    step.retries = map["retries"].flatMap { count($0, "retries", 0...Limits.taskRetries) }
    if let node = map["body"] { body(node, of: &step, map) }
    check(step, map, entry)
    return step
  }

  /// What holds between the parts of one step.
  private mutating func check(_ step: Step, _ map: [String: DocumentNode], _ entry: DocumentEntry) {
    let names = step.names
    for name in Set(names) where names.filter({ $0 == name }).count > 1 || ["frame", "folder"].contains(name) {
      report(
        .pipelineShape, "the name '\(name)' has two meanings in step '\(entry.key)'",
        "give inputs, outputs and parameters names of their own, other than 'frame' and 'folder'", entry.keyPlace)
    }
    if step.isPerFrame {
      for output in step.outputs where !output.isSequence && !(step.isHuman && output.files.isEmpty) {
        report(
          .pipelineShape, "step '\(entry.key)' works frame by frame, and its output '\(output.name)' has no '####'",
          "write files: \"\(output.name).####.png\"", map["outputs"] ?? entry.value)
      }
    } else if map["chunk"] != nil, map["body"] == nil {
      report(
        .pipelineShape, "step '\(entry.key)' has a chunk, and no input is one-to-one",
        "remove 'chunk', or give an input 'frames: one-to-one', or the step 'frames: range'",
        map["chunk"] ?? entry.value)
    }
    checkLinks(of: step, map["inputs"])
    let isMisspelt = map["on_change"] != nil && step.onChange.rawValue != map["on_change"].flatMap { text($0) }
    if step.onChange != .auto, !isMisspelt, let node = map["max_core_hours"] {
      report(
        .pipelineShape, "step '\(entry.key)' has max_core_hours and never runs by itself",
        "write on_change: auto, or remove max_core_hours", node)
    }
    for (argument, node) in zip(step.command, arguments(of: map["command"])) {
      let template: CommandTemplate
      do { template = try CommandTemplate(argument) } catch {
        report(error.code, error.what, error.fix, node)
        continue
      }
      for placeholder in template.placeholders { check(placeholder, step, node) }
    }
  }

  private static let sequenceFields = ["printf", "range", "first", "last", "dir"]

  mutating func check(_ placeholder: CommandTemplate.Placeholder, _ step: Step, _ node: DocumentNode) {
    let names = step.names
    switch placeholder.name {
    case "folder": return
    case "frame":
      guard step.isPerFrame else {
        report(
          .pipelinePlaceholder, "'{\(placeholder)}' stands in a step that does not work frame by frame",
          "give an input 'frames: one-to-one', or the step 'frames: range'", node)
        return
      }
      if let field = placeholder.field, !["first", "last"].contains(field) {
        suggest(field, among: ["first", "last"], in: placeholder, node)
      }
    default:
      guard names.contains(placeholder.name) else {
        suggest(placeholder.name, among: names + ["folder", "frame"], in: placeholder, node)
        return
      }
      if checkLink(of: placeholder, step, node) { return }
      if placeholder.field != nil, step.on?.parameters[placeholder.name] != nil {
        report(
          .pipelinePlaceholder, "'{\(placeholder)}' stands for nothing",
          "a parameter is one value: write {\(placeholder.name)}", node)
      } else if let field = placeholder.field, !Self.sequenceFields.contains(field) {
        suggest(field, among: Self.sequenceFields, in: placeholder, node)
      }
    }
  }

  private mutating func suggest(
    _ word: String, among known: [String], in placeholder: CommandTemplate.Placeholder, _ node: DocumentNode
  ) {
    let meant = nearest(to: word, in: known)
    report(
      .pipelinePlaceholder, "'{\(placeholder)}' stands for nothing",
      meant.map { "did you mean '\($0)'?" } ?? "use one of \(known.sorted().joined(separator: ", "))", node)
  }

  private mutating func input(_ name: String, _ node: DocumentNode) -> StepInput? {
    guard
      let map = fields(
        node, of: "input '\(name)'", required: ["product"],
        allowed: ["product", "from", "link", "frames", "tag", "representation"])
    else { return nil }
    guard let address = map["product"].flatMap({ address($0) }) else { return nil }
    let gather = map["from"].flatMap { word($0, Gather.self) } ?? .here
    let link = map["link"].flatMap { word($0, Link.self) } ?? .dependency
    let frames = map["frames"].flatMap { frameRelations($0) } ?? .all
    if gather != .here, frames.isPerFrame {
      report(
        .pipelineShape, "input '\(name)' is gathered over folders and cannot be one-to-one", "leave out 'frames'", node)
    }
    if gather != .here, case .absolute = address {
      report(
        .pipelineShape, "input '\(name)' is gathered over folders and cannot be absolute",
        "write the product's name alone", node)
    }
    return StepInput(
      name: name, product: address, gather: gather, link: link, frames: frames,
      tag: map["tag"].flatMap { tag($0) } ?? .latest,
      representation: map["representation"].flatMap { self.name($0, as: "representation") })
  }

  private mutating func output(_ name: String, _ node: DocumentNode, isHuman: Bool) -> StepOutput? {
    guard
      let map = fields(
        node, of: "output '\(name)'", required: isHuman ? ["product"] : ["product", "files"],
        allowed: ["product", "files", "preview", "identity"])
    else { return nil }
    guard let product = map["product"].flatMap({ self.name($0, as: "product") }),
      let files = map["files"].map({ filePattern($0) }) ?? (isHuman ? "" : nil)
    else { return nil }
    let identity = map["identity"].flatMap { word($0, Identity.self) }
    return StepOutput(
      name: name, product: product, files: files, preview: map["preview"].flatMap { truth($0) } ?? false,
      identity: identity ?? (ImageFormats.isImage(files) ? .pixels : .bytes))
  }

  /// Cycles and products with two makers, found on the folders of the file; folders of a type that it does not name
  /// are stood in for.
  private mutating func checkGraph(_ pipeline: Pipeline, _ document: DocumentNode) {
    var folders = FolderDeclaration.folders(pipeline.folders)
    for step in pipeline.steps where !folders.contains(where: { step.folders.matches($0) }) {
      if case .type(let type) = step.folders, let path = try? FolderPath("any_\(type)") {
        folders.append(Folder(path: path, type: type))
      }
    }
    let graph = StepGraph(pipeline: pipeline, folders: folders)
    if !graph.cycle.isEmpty {
      let steps = Set(graph.cycle.map(\.step))
      let ordered = pipeline.steps.map(\.name).filter(steps.contains)
      report(
        .pipelineCycle, "the steps \(ordered.joined(separator: ", ")) feed each other in a circle",
        "take one of the inputs away, or let it name another product", stepPlace(ordered.first, document))
    }
    for (product, units) in graph.contested {
      let steps = units.map { "'\($0.step)'" }
      report(
        .pipelineDoubleOutput, "the steps \(steps.joined(separator: " and ")) both make \(product.spoken)",
        "give one of them another product", stepPlace(units.last?.step, document))
    }
  }

  private func stepPlace(_ step: String?, _ document: DocumentNode) -> DocumentPlace {
    guard case .mapping(let entries, let place) = document,
      case .mapping(let steps, _)? = entries.first(where: { $0.key == "steps" })?.value
    else { return document.place }
    return steps.first { $0.key == step }?.keyPlace ?? place
  }
}

// MARK: Reading values

extension PipelineReader {
  mutating func report(_ code: ErrorCode, _ what: String, _ fix: String, _ node: DocumentNode) {
    report(code, what, fix, node.place)
  }

  mutating func report(_ code: ErrorCode, _ what: String, _ fix: String, _ place: DocumentPlace) {
    let problem = PipelineProblem(code, what, fix: fix, at: place)
    if !problems.contains(problem) { problems.append(problem) }
  }

  /// The entries of a map; unknown and missing keys are reported.
  mutating func fields(
    _ node: DocumentNode, of what: String, required: [String], allowed: [String]?
  ) -> [String: DocumentNode]? {
    guard case .mapping(let entries, _) = node else {
      report(
        .pipelineShape, "\(what) must be a map of keys and values", "it needs \(required.joined(separator: ", "))", node
      )
      return nil
    }
    var map: [String: DocumentNode] = [:]
    for entry in entries {
      map[entry.key] = entry.value
      if let allowed, !allowed.contains(entry.key) {
        let meant = nearest(to: entry.key, in: allowed)
        report(
          .pipelineUnknownKey, "\(what) has no key '\(entry.key)'",
          meant.map { "did you mean '\($0)'?" } ?? "it may have \(allowed.joined(separator: ", "))", entry.keyPlace)
      }
    }
    let missing = required.filter { map[$0] == nil }
    for key in missing where nearest(to: key, in: map.keys.filter { !required.contains($0) }) == nil {
      report(.pipelineShape, "\(what) lacks '\(key)'", "add '\(key):'", node)
    }
    return map
  }

  /// - Parameter example: an entry as it should be.
  mutating func entries(
    _ node: DocumentNode?, of what: String, example: String = "plate: { product: plate }"
  ) -> [(String, DocumentNode)] {
    guard let node else { return [] }
    guard case .mapping(let entries, _) = node else {
      report(
        .pipelineShape, "'\(what)' must be a map of names and what they mean",
        "write '\(what):' and below it '\(example)'", node)
      return []
    }
    var found: [(String, DocumentNode)] = []
    for entry in entries {
      if let problem = NameRule.problem(in: entry.key) ?? (entry.key.contains(".") ? "it has '.'" : nil) {
        report(
          .pipelineShape, "'\(entry.key)' cannot be a name here: \(problem)", "use letters, digits and '_'",
          entry.keyPlace)
      } else {
        found.append((entry.key, entry.value))
      }
    }
    return found
  }

  private mutating func list(_ node: DocumentNode, of what: String) -> [DocumentNode] {
    if case .sequence(let items, _) = node { return items }
    if case .scalar("", quoted: false, _) = node { return [] }
    report(.pipelineShape, "'\(what)' must be a list", "write '\(what): [ … ]'", node)
    return []
  }

  mutating func text(_ node: DocumentNode) -> String? {
    if case .scalar(let text, _, _) = node { return text }
    report(.pipelineShape, "a single value is wanted here", "write plain text or a number", node)
    return nil
  }

  private mutating func name(_ node: DocumentNode, as noun: String) -> String? {
    guard let text = text(node) else { return nil }
    if let problem = NameRule.problem(in: text) {
      report(
        .pipelineShape, "'\(NameRule.printable(text))' cannot name a \(noun): \(problem)",
        "use letters, digits, '_', '-' and '.'", node)
      return nil
    }
    return text
  }

  private mutating func path(_ node: DocumentNode) -> FolderPath? {
    guard let text = text(node) else { return nil }
    do { return try FolderPath(text) } catch {
      report(.pipelineShape, error.what, "write a path such as sq010/sh0010", node)
      return nil
    }
  }

  private mutating func address(_ node: DocumentNode) -> ProductAddress? {
    guard let text = text(node) else { return nil }
    guard text.hasPrefix("/") else {
      if text.contains("/") {
        report(
          .pipelineShape, "'\(text)' is a relative path",
          "write '/\(text)' from the project's root, or the product's name alone", node)
        return nil
      }
      return name(node, as: "product").map { .here($0) }
    }
    let parts = text.dropFirst().split(separator: "/", omittingEmptySubsequences: false)
    do {
      try NameRule.require(parts.last ?? "", as: "product", in: text)
      return .absolute(try FolderPath(parts.dropLast().joined(separator: "/")), String(parts.last ?? ""))
    } catch {
      report(.pipelineShape, error.what, "write /folder/product", node)
      return nil
    }
  }

  private mutating func folderPattern(_ node: DocumentNode) -> FolderPattern? {
    if case .scalar(let text, _, _) = node {
      if text.isEmpty {
        report(.pipelineShape, "'for' is empty", "write for: { type: shot } or for: \"sq*/sh*\"", node)
      }
      return .glob(text)
    }
    guard let map = fields(node, of: "'for'", required: ["type"], allowed: ["type"]) else { return nil }
    return map["type"].flatMap { name($0, as: "folder type") }.map { .type($0) }
  }

  private mutating func filePattern(_ node: DocumentNode) -> String? {
    guard let text = text(node) else { return nil }
    let runs = text.split(omittingEmptySubsequences: true) { $0 != "#" }.count
    let bad = text.isEmpty || text.contains("/") || text.contains("\\") || text.hasPrefix(".") || text.contains("..")
    guard !bad, runs <= 1, text.unicodeScalars.allSatisfy({ $0.value >= 0x20 && $0.value != 0x7F }),
      text.utf8.count < 200
    else {
      report(
        .pipelineShape, "'\(NameRule.printable(text))' is no file name for an output",
        "write a plain file name, with at most one run of '#' for the frame", node)
      return nil
    }
    return text
  }

  private mutating func tag(_ node: DocumentNode) -> VersionSelector? {
    guard let text = text(node) else { return nil }
    do { return try VersionSelector(text, in: text) } catch {
      report(.pipelineShape, error.what, "write latest, approved or another tag", node)
      return nil
    }
  }

  mutating func word<Word: RawRepresentable & CaseIterable>(
    _ node: DocumentNode, _ type: Word.Type
  ) -> Word? where Word.RawValue == String {
    guard let text = text(node) else { return nil }
    if let word = Word(rawValue: text) { return word }
    let known = Word.allCases.map(\.rawValue)
    let meant = nearest(to: text, in: known)
    report(
      .pipelineUnknownWord, "'\(NameRule.printable(text))' is not one of \(known.joined(separator: ", "))",
      meant.map { "did you mean '\($0)'?" } ?? "use one of them", node)
    return nil
  }

  mutating func truth(_ node: DocumentNode) -> Bool? {
    switch text(node) {
    case "true": return true
    case "false": return false
    case nil: return nil
    case .some(let other):
      report(.pipelineShape, "'\(NameRule.printable(other))' is neither true nor false", "write true or false", node)
      return nil
    }
  }

  private mutating func positive(_ node: DocumentNode, _ key: String) -> Int? {
    guard let text = text(node) else { return nil }
    guard let value = Int(text), (1...100_000).contains(value) else {
      report(.pipelineShape, "'\(key)' must be a number from 1 to 100000", "write \(key): 10", node)
      return nil
    }
    return value
  }

  private mutating func hours(_ node: DocumentNode) -> Double? {
    guard let text = text(node) else { return nil }
    guard let value = Double(text), (0.001...1_000_000).contains(value) else {
      report(
        .pipelineShape, "'\(NameRule.printable(text))' is no number of core-hours from 0.001 to 1000000",
        "write max_core_hours: 4", node)
      return nil
    }
    return value
  }

  /// `90`, `90s`, `30m` or `2h`.
  private mutating func seconds(_ node: DocumentNode) -> Int? {
    guard let text = text(node) else { return nil }
    let units: [Character: Int] = ["s": 1, "m": 60, "h": 3_600]
    let scale = text.last.flatMap { units[$0] }
    let digits = scale == nil ? text[...] : text.dropLast()
    guard let value = Int(digits), value > 0, value <= 100_000_000 else {
      report(.pipelineShape, "'\(NameRule.printable(text))' is not a time", "write timeout: 90s, 30m or 2h", node)
      return nil
    }
    return value * (scale ?? 1)
  }

  private mutating func arguments(_ node: DocumentNode) -> [String] {
    let items = list(node, of: "command")
    if case .sequence(let found, _) = node, found.isEmpty {
      report(.pipelineShape, "the command is empty", "write the program and its arguments", node)
    }
    return items.compactMap { text($0) }
  }

  private func arguments(of node: DocumentNode?) -> [DocumentNode] {
    if case .sequence(let items, _)? = node { return items }
    return []
  }
}
