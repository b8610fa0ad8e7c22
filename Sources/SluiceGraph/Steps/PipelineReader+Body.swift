import SluiceModel

/// A step whose work is an Open Job Description template: inline, or in a file.
extension PipelineReader {
  private static let keys = ["template", "file", "parameters", "frames"]

  mutating func body(_ node: DocumentNode, of step: inout Step, _ map: [String: DocumentNode]) {
    if let command = map["command"] {
      report(.pipelineShape, "step '\(step.name)' has a command and a body", "keep one of them", command)
    }
    if let chunk = map["chunk"] {
      report(
        .pipelineShape, "a step with a body has no 'chunk': its template says how frames are dealt out",
        "write a task parameter of type CHUNK[INT] into the template", chunk)
    }
    var (template, parameters, frames): (DocumentNode?, DocumentNode?, DocumentNode?) = (node, nil, nil)
    var file: DocumentNode?
    if !isTemplate(node) {
      guard let own = fields(node, of: "a body", required: [], allowed: Self.keys) else { return }
      (template, file, parameters, frames) = (own["template"], own["file"], own["parameters"], own["frames"])
      guard (template == nil) != (file == nil) else {
        report(
          .pipelineShape, "a body is one template, and here \(file == nil ? "is none" : "are two")",
          "write 'file: render.yaml', or the template below 'template:'", node)
        return
      }
    }
    guard let checked = file.map({ read(file: $0) }) ?? template.map({ read(inline: $0) }),
      let checked, case .job(let job) = checked.template
    else { return }
    var binding = Binding(step: step, job: job, node: file ?? template ?? node)
    var body = StepBody(template: checked.canonical, parameters: [:], file: file.flatMap { text($0) })
    bindFrames(frames, &binding, &body)
    bind(parameters, binding, &body)
    step.body = body
    step.chunk = binding.chunk
  }

  private func isTemplate(_ node: DocumentNode) -> Bool {
    guard case .mapping(let entries, _) = node else { return false }
    return entries.contains { ["specificationVersion", "steps"].contains($0.key) }
  }

  /// What is known while names are bound.
  private struct Binding {
    let step: Step
    let job: OpenJD.JobTemplate
    let node: DocumentNode
    var chunk = 1
  }

  // MARK: The template

  private mutating func read(inline node: DocumentNode) -> TemplateFile.Checked? {
    do throws(TemplateProblems) {
      return job(try TemplateFile.read(node), node)
    } catch {
      for problem in error.problems {
        let place = problem.line.map { DocumentPlace(line: $0, column: problem.column ?? 1) } ?? node.place
        let path = problem.path.isEmpty ? "" : "\(problem.path): "
        report(ErrorCode(rawValue: problem.code) ?? .openjdShape, path + problem.what, problem.fix, place)
      }
      return nil
    }
  }

  private mutating func read(file node: DocumentNode) -> TemplateFile.Checked? {
    guard let name = text(node) else { return nil }
    switch templates[name] {
    case .success(let checked): return job(checked, node)
    case .failure(let wrong):
      for problem in wrong.problems {
        let error = problem.error(file: name)
        report(error.code, "\(error.at): \(error.what)", error.fix, node)
      }
    case nil:
      report(
        .pipelineBody, "the template '\(NameRule.printable(name))' is not there",
        "write its path relative to the pipeline file, and apply with `sluice pipeline apply`", node)
    }
    return nil
  }

  private mutating func job(_ checked: TemplateFile.Checked, _ node: DocumentNode) -> TemplateFile.Checked? {
    if case .job = checked.template { return checked }
    report(.openjdVersion, "an environment template makes no job", "give a job template", node)
    return nil
  }

  // MARK: Frames

  private mutating func bindFrames(_ node: DocumentNode?, _ binding: inout Binding, _ body: inout StepBody) {
    guard binding.step.isPerFrame else {
      if let node {
        report(
          .pipelineShape, "step '\(binding.step.name)' does not work frame by frame, and its body has 'frames'",
          "give an input 'frames: one-to-one', or remove 'frames'", node)
      }
      return
    }
    let named = node.flatMap { text($0) }
    let texts = binding.job.parameters.filter { $0.rule.type == .string || $0.rule.type == .range }
      .map(\.name)
    let tasks = binding.job.steps.flatMap { step in
      (step.parameterSpace?.parameters ?? []).filter { $0.type == .int || $0.type == .chunk }
    }
    body.framesParameter =
      named.map { name in texts.first { $0 == name } }
      ?? ["Frames", "frames"].first { texts.contains($0) && !binding.step.names.contains($0) }
    let ranged = tasks.first { parameter in
      guard case .expression(let range) = parameter.range, let own = body.framesParameter else { return false }
      return range.variable == "Param.\(own)"
    }
    let task =
      named.flatMap { name in tasks.first { $0.name == name } } ?? ranged
      ?? (named == nil ? tasks.first { ["Frame", "Frames", "frame", "frames"].contains($0.name) } : nil)
    body.frameTask = task?.name
    body.isOneTask = binding.job.steps.count > 1 || task == nil
    guard body.framesParameter != nil || task != nil else {
      let known = (texts + tasks.map(\.name)).joined(separator: ", ")
      report(
        .pipelineBody,
        named.map { "the template has no parameter '\($0)' that can take frames" }
          ?? "nothing in the template takes the frames of step '\(binding.step.name)'",
        "name a STRING parameter, or a task parameter of type INT or CHUNK[INT], with 'frames:'"
          + (known.isEmpty ? "" : "; there are \(known)"), node ?? binding.node)
      return
    }
    if let chunks = task?.chunks {
      body.isContiguous = chunks.constraint == .contiguous
      binding.chunk = max(1, chunkSize(chunks.tasks, binding) ?? 1)
    }
  }

  /// How many frames a chunk has, as far as defaults say.
  private mutating func chunkSize(_ size: OpenJD.Quantity<Int>, _ binding: Binding) -> Int? {
    (try? size.resolved(least: 1, binding.job.standards)) ?? nil
  }

  // MARK: Parameters

  private mutating func bind(_ node: DocumentNode?, _ binding: Binding, _ body: inout StepBody) {
    let known = binding.job.parameters.map(\.name)
    for (name, value) in entries(node, of: "parameters", example: "Scene: \"{scene}\"") {
      guard known.contains(name) else {
        report(
          .pipelineBody, "the template has no parameter '\(name)'",
          nearest(to: name, in: known).map { "did you mean '\($0)'?" }
            ?? (known.isEmpty ? "it has none" : "it has \(known.joined(separator: ", "))"), value)
        continue
      }
      guard name != body.framesParameter else {
        report(
          .pipelineBody, "the parameter '\(name)' takes the frames, and gets another value",
          "remove it here, or name another one with 'frames:'", value)
        continue
      }
      guard let text = text(value) else { continue }
      do {
        for placeholder in try CommandTemplate(text).placeholders { check(placeholder, binding.step, value) }
        body.parameters[name] = text
      } catch {
        report(error.code, error.what, error.fix, value)
      }
    }
    for parameter in binding.job.parameters where body.parameters[parameter.name] == nil {
      if parameter.name == body.framesParameter { continue }
      if let text = meaning(of: parameter.name, binding.step) {
        body.parameters[parameter.name] = text
      } else if parameter.standard == nil {
        report(
          .pipelineBody, "the template's parameter '\(parameter.name)' gets no value",
          "name an input, an output or a parameter of 'on' so, or write parameters: { \(parameter.name): … }",
          binding.node)
      }
    }
  }

  /// What a parameter means by its name; the same names stand in the template that a command is printed as.
  private func meaning(of name: String, _ step: Step) -> String? {
    if step.outputs.contains(where: { $0.name == name }) { return "{\(name).dir}" }
    if step.names.contains(name) { return "{\(name)}" }
    if name == "folder" { return "{folder}" }
    if name.hasPrefix("folder_") { return "{folder.\(name.dropFirst(7))}" }
    for field in ["first", "last", "range", "printf", "dir"] where name.hasSuffix("_\(field)") {
      let base = String(name.dropLast(field.count + 1))
      if step.inputs.contains(where: { $0.name == base }) || step.outputs.contains(where: { $0.name == base }) {
        return "{\(base).\(field)}"
      }
    }
    return nil
  }
}
