extension TemplateReader {
  mutating func jobTemplate(_ root: Spot) -> OpenJD.JobTemplate? {
    guard
      let fields = fields(
        root, "a job template", required: ["specificationVersion", "name", "steps"],
        optional: ["extensions", "description", "parameterDefinitions", "jobEnvironments", "$schema"])
    else { return nil }
    let named = extensions(fields)
    let parametersOnly = Scope(parameters: root.node.child("parameterDefinitions"), hasExpressions: hasExpressions)
    let name = fields["name"].flatMap { jobName($0, visible: parametersOnly.template) }
    let scope = hasExpressions ? parametersOnly.with("Job.Name", .string, from: .template) : parametersOnly
    let description = description(fields)
    if let schema = fields["$schema"], schema.node.text == nil {
      note(.openjdShape, "'$schema' is a text, and here stands \(schema.node.kind)", fix: "take it away", schema)
    }
    let parameters = jobParameters(fields["parameterDefinitions"], most: bounds.jobParameters)
    let environments = environments(fields["jobEnvironments"], scope)
    let steps = steps(fields["steps"], scope)
    let jobNames = Set(environments.compactMap(\.environment?.name))
    for step in steps {
      for (environment, spot) in step.environments {
        guard let name = environment?.name, jobNames.contains(name) else { continue }
        note(
          .openjdValue, "the environment '\(name)' of a step has the name of one of the job", fix: "rename one of them",
          spot)
      }
    }
    refuseWraps(
      job: environments, steps: steps.map(\.environments), fields["jobEnvironments"], fields["steps"])
    guard let name else { return nil }
    return OpenJD.JobTemplate(
      extensions: named, name: name, description: description, parameters: parameters,
      environments: environments.compactMap(\.environment), steps: steps.compactMap(\.template))
  }

  mutating func environmentTemplate(_ root: Spot) -> OpenJD.EnvironmentTemplate? {
    guard
      let fields = fields(
        root, "an environment template", required: ["specificationVersion", "environment"],
        optional: ["extensions", "parameterDefinitions"])
    else { return nil }
    let named = extensions(fields)
    var scope = Scope(parameters: root.node.child("parameterDefinitions"), hasExpressions: hasExpressions)
    if hasExpressions { scope = scope.with("Job.Name", .string, from: .template) }
    let parameters = jobParameters(fields["parameterDefinitions"], most: OpenJD.Bounds.environmentParameters)
    guard let environment = fields["environment"].flatMap({ self.environment($0, scope) }) else { return nil }
    return OpenJD.EnvironmentTemplate(extensions: named, parameters: parameters, environment: environment)
  }

  /// What the template asks for; later checks go by it.
  private mutating func extensions(_ fields: Fields) -> [OpenJD.Extension] {
    guard let spot = fields["extensions"], let list = list(spot, "extensions") else { return [] }
    refuseDoubles(list.map { ($0.node.text, $0) }, "the extension")
    let named = list.compactMap { choice($0, "the extension", OpenJD.Extension.self) }
    extensions = Set(named)
    return named
  }

  /// One environment of a session at most wraps others' actions.
  private mutating func refuseWraps(
    job: [(environment: OpenJD.Environment?, spot: Spot)], steps: [[(environment: OpenJD.Environment?, spot: Spot)]],
    _ jobSpot: Spot?, _ stepsSpot: Spot?
  ) {
    func wraps(_ environments: [(environment: OpenJD.Environment?, spot: Spot)]) -> [Spot] {
      environments.filter { $0.environment?.script?.wrap != nil }.map(\.spot)
    }
    let outer = wraps(job)
    let inner = steps.flatMap { wraps($0).dropFirst(outer.isEmpty ? 1 : 0) }
    for spot in outer.dropFirst() + inner {
      note(
        .openjdValue, "another environment of its sessions wraps actions, too", fix: "let one of them wrap actions",
        spot)
    }
  }

  private mutating func jobName(_ spot: Spot, visible: Visible) -> OpenJD.FormatString? {
    guard let name = format(spot, "the name of a job", allowing: [], visible: visible) else { return nil }
    if name.isLiteral, name.text.unicodeScalars.count > bounds.jobName {
      note(
        .openjdValue, "the name has more than \(bounds.jobName) characters", fix: "shorten it", spot)
    }
    return name
  }

  // MARK: Steps

  struct ReadStep {
    var template: OpenJD.StepTemplate?
    var environments: [(environment: OpenJD.Environment?, spot: Spot)]
  }

  private mutating func steps(_ spot: Spot?, _ scope: Scope) -> [ReadStep] {
    guard let spot, let list = list(spot, "steps") else { return [] }
    let steps = list.map { step($0, scope) }
    refuseDoubles(list.map { ($0.node.child("name")?.text, $0) }, "the step")
    checkDependencies(list)
    return steps
  }

  private mutating func step(_ spot: Spot, _ scope: Scope) -> ReadStep {
    let interpreters = Interpreter.allCases.map(\.rawValue)
    guard
      let fields = fields(
        spot, "a step", required: ["name"],
        optional: [
          "script", "description", "stepEnvironments", "parameterSpace", "hostRequirements", "dependencies", "let",
        ] + interpreters)
    else { return ReadStep(template: nil, environments: []) }
    let name = fields["name"].flatMap { text($0, "the name of a step", length: 1...bounds.name) }
    let description = description(fields)
    let named = hasExpressions ? scope.with("Step.Name", .string, from: .template) : scope
    let bindings = bindings(fields, visible: named.template, outer: scope.template)
    let scope = named.with(bindings, from: .template)
    let inner = scope.withTask(space: spot.node.child("parameterSpace"), hasExpressions: hasExpressions)
    let script = script(fields, step: name ?? "", inner)
    let environments = environments(fields["stepEnvironments"], scope)
    let space = fields["parameterSpace"].flatMap { parameterSpace($0, visible: scope.template) }
    let requirements = fields["hostRequirements"].flatMap { hostRequirements($0, visible: scope.template) }
    let dependencies = dependencies(fields)
    guard let name, let script else { return ReadStep(template: nil, environments: environments) }
    let template = OpenJD.StepTemplate(
      name: name, description: description, script: script, environments: environments.compactMap(\.environment),
      parameterSpace: space, hostRequirements: requirements, dependencies: dependencies, bindings: bindings ?? [])
    return ReadStep(template: template, environments: environments)
  }

  private mutating func script(_ fields: Fields, step: String, _ scope: Scope) -> OpenJD.StepScript? {
    let short = Interpreter.allCases.filter { fields.has($0.rawValue) }
    for interpreter in short {
      wantBundle("'\(interpreter.rawValue)' in a step", fields[interpreter.rawValue] ?? fields.spot)
    }
    let bodies = (fields.has("script") ? ["script"] : []) + short.map(\.rawValue)
    guard bodies.count == 1 else {
      note(
        .openjdShape,
        bodies.isEmpty ? "a step has a script" : "a step has one body, and here are \(bodies.joined(separator: ", "))",
        fix: bodies.isEmpty ? "write 'script'" : "keep one of them", fields.spot)
      return nil
    }
    guard let spot = fields[bodies[0]] else {
      note(.openjdShape, "'\(bodies[0])' is empty", fix: "write what the step runs", fields.spot)
      return nil
    }
    if let interpreter = short.first { return shortScript(spot, interpreter, step: step, scope) }
    return stepScript(spot, scope)
  }

  private mutating func dependencies(_ fields: Fields) -> [String] {
    guard let spot = fields["dependencies"], let list = list(spot, "dependencies") else { return [] }
    refuseDoubles(list.map { ($0.node.child("dependsOn")?.text, $0) }, "the dependency")
    return list.compactMap { spot in
      guard let fields = self.fields(spot, "a dependency", required: ["dependsOn"]) else { return nil }
      return fields["dependsOn"].flatMap { text($0, "the name of a step", length: 1...OpenJD.Bounds.longestName) }
    }
  }

  /// Whether each step that is named is there, and whether all can run at all.
  private mutating func checkDependencies(_ steps: [Spot]) {
    let known = steps.compactMap { $0.node.child("name")?.text }
    var graph: [(name: String, dependencies: [String])] = []
    for step in steps {
      let name = step.node.child("name")?.text
      var names: [String] = []
      let list = step.node.child("dependencies")?.list ?? []
      for (index, node) in list.enumerated() {
        guard let dependency = node.child("dependsOn"), let text = dependency.text else { continue }
        let spot = Spot(node: dependency, path: "\(step.path).dependencies[\(index)].dependsOn")
        if text == name {
          note(.openjdCycle, "the step '\(text)' depends on itself", fix: "take the dependency away", spot)
        } else if !known.contains(text) {
          let hint = nearest(to: text, in: known).map { "did you mean '\($0)'?" }
          note(.openjdReference, "there is no step '\(text)'", fix: hint ?? "name one of the template's steps", spot)
        } else {
          names.append(text)
        }
      }
      if let name { graph.append((name, names)) }
    }
    guard let circle = OpenJD.StepOrder.circle(graph),
      let step = steps.first(where: { $0.node.child("name")?.text == circle.first })
    else { return }
    let way = circle.map { "'\($0)'" }.joined(separator: " depends on ")
    note(.openjdCycle, "steps depend on each other in a circle: \(way)", fix: "take one of the dependencies away", step)
  }
}
