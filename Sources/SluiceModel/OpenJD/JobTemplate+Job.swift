extension OpenJD {
  /// What relative paths in parameters are relative to; both absolute.
  package struct Folders: Sendable, Hashable {
    /// Where the template lies: for defaults.
    package let template: String
    /// Where the person is: for given values.
    package let working: String
    package init(template: String, working: String) { (self.template, self.working) = (template, working) }
  }
}

extension OpenJD.JobTemplate {
  /// The job that these values make.
  /// - Parameter given: values by the names of parameters.
  /// - Throws: all that is wrong with the values, and with what format strings become of them.
  package func job(
    _ given: [String: String], folders: OpenJD.Folders
  ) throws(TemplateProblems) -> OpenJD.Job {
    var making = Making(template: self)
    let parameters = making.parameters(given, folders)
    guard making.problems.isEmpty else { throw TemplateProblems(making.problems) }
    var variables: [String: String] = [:]
    for parameter in parameters {
      variables["RawParam.\(parameter.name)"] = parameter.value
      variables["Param.\(parameter.name)"] = parameter.value
    }
    var values = hasExpressions ? try typed(variables) : nil
    making.symbols = symbols(variables, values)
    let name = making.name()
    if values != nil {
      values?["Job.Name"] = .string(name)
      making.symbols["Job.Name"] = .string(name)
    }
    var made: [OpenJD.Job.Step] = []
    for (index, step) in steps.enumerated() { made.append(making.step(step, "steps[\(index)]")) }
    guard making.problems.isEmpty else { throw TemplateProblems(making.problems) }
    guard let order = OpenJD.StepOrder.order(steps.map { ($0.name, $0.dependencies) }) else {
      preconditionFailure("a checked template has no circles")
    }
    return OpenJD.Job(
      name: name, description: description, extensions: extensions, parameters: parameters,
      environments: environments, steps: made, order: order, variables: variables, values: values)
  }

  private var hasExpressions: Bool { extensions.contains(.expressions) }

  /// Parameters' values with their types; a path is one that is not mapped yet.
  private func typed(_ variables: [String: String]) throws(TemplateProblems) -> [String: OpenJD.Value] {
    var (values, problems): ([String: OpenJD.Value], [TemplateProblem]) = ([:], [])
    for parameter in parameters {
      guard let text = variables["RawParam.\(parameter.name)"] else { continue }
      do {
        let value = try parameter.typed(text)
        values["RawParam.\(parameter.name)"] = value
        values["Param.\(parameter.name)"] = value.asPath(parameter.rule.type)
      } catch {
        problems.append(
          TemplateProblem(
            .openjdParameter, "'\(text)' \(error.what)", fix: "give another value", path: "-p \(parameter.name)"))
      }
    }
    guard problems.isEmpty else { throw TemplateProblems(problems) }
    return values
  }

  /// What is known when the job is made; of paths only what was given.
  private func symbols(_ variables: [String: String], _ values: [String: OpenJD.Value]?) -> OpenJD.Symbols {
    guard var values else { return OpenJD.Symbols(texts: variables) }
    for parameter in parameters where parameter.rule.type == .path || parameter.rule.type == .paths {
      values["Param.\(parameter.name)"] = nil
    }
    return OpenJD.Symbols(values)
  }

  /// What is known when the job is made, as far as defaults say.
  package var standards: OpenJD.Symbols {
    var variables: [String: String] = [:]
    for parameter in parameters {
      variables["RawParam.\(parameter.name)"] = parameter.standard
      variables["Param.\(parameter.name)"] = parameter.standard
    }
    return symbols(variables, hasExpressions ? try? typed(variables) : nil)
  }
}

extension OpenJD.Value {
  /// With texts as paths, where a parameter holds those.
  fileprivate func asPath(_ type: OpenJD.JobParameterType) -> Self {
    switch (self, type) {
    case (.string(let text), .path): .path(text)
    case (.list(let elements, _), .paths): .list(elements.map { .path($0.text) }, of: .path)
    default: self
    }
  }
}

/// The making of one job: gathers what is wrong and goes on.
private struct Making {
  let template: OpenJD.JobTemplate
  var problems: [TemplateProblem] = []
  var symbols = OpenJD.Symbols()
  /// Operations that expressions may still take.
  private var rest = Limits.templateOperations

  init(template: OpenJD.JobTemplate) { self.template = template }

  private mutating func note(_ code: ErrorCode, _ what: String, fix: String, _ path: String) {
    problems.append(TemplateProblem(code, what, fix: fix, path: path))
  }

  // MARK: Parameters

  mutating func parameters(_ given: [String: String], _ folders: OpenJD.Folders) -> [OpenJD.Job.Parameter] {
    let known = template.parameters.map(\.name)
    for name in given.keys.sorted() where !known.contains(name) {
      let guess = nearest(to: name, in: known).map { "did you mean '\($0)'?" }
      let all = known.isEmpty ? "the template has no parameters" : "it has \(known.joined(separator: ", "))"
      note(.openjdParameter, "the template has no parameter '\(name)'", fix: guess ?? all, "-p \(name)")
    }
    var parameters: [OpenJD.Job.Parameter] = []
    for (index, parameter) in template.parameters.enumerated() {
      guard let value = value(of: parameter, given[parameter.name], folders, index) else { continue }
      // Lists and truth values are shown as expressions show them.
      let shown = parameter.rule.type.needsExpressions ? (try? parameter.typed(value))?.text ?? value : value
      parameters.append(
        OpenJD.Job.Parameter(
          name: parameter.name, type: parameter.rule.type, value: shown, description: parameter.description))
    }
    return parameters
  }

  private mutating func value(
    of parameter: OpenJD.JobParameter, _ given: String?, _ folders: OpenJD.Folders, _ index: Int
  ) -> String? {
    let isPath = parameter.rule.type == .path
    if let given {
      let value = isPath && !isAddress(given) ? TemplatePaths.absolute(given, in: folders.working) : given
      guard let refusal = parameter.refusal(of: value) else { return value }
      note(.openjdParameter, "'\(value)' \(refusal)", fix: "give another value", "-p \(parameter.name)")
      return nil
    }
    guard let standard = parameter.standard else {
      note(
        .openjdParameter, "the parameter '\(parameter.name)' has no value and no default",
        fix: "give it: -p \(parameter.name)=…", "-p \(parameter.name)")
      return nil
    }
    guard isPath, !standard.isEmpty, !isAddress(standard) else { return standard }
    let path = "parameterDefinitions[\(index)].default"
    guard !standard.hasPrefix("/"),
      let value = TemplatePaths.inside(standard, folder: folders.template)
    else {
      note(
        .openjdParameter, "the default path '\(standard)' leads out of the template's folder",
        fix: "write it relative to the template and inside its folder, or give it: -p \(parameter.name)=…", path)
      return nil
    }
    guard let refusal = parameter.refusal(of: value) else { return value }
    note(.openjdParameter, "the default '\(value)' \(refusal)", fix: "give it: -p \(parameter.name)=…", path)
    return nil
  }

  /// `s3://bucket/key` and the like, which expressions can work with.
  private func isAddress(_ path: String) -> Bool {
    template.extensions.contains(.expressions) && PathText.isAddress(path)
  }

  // MARK: What becomes of format strings

  private mutating func resolve(_ text: OpenJD.FormatString, _ path: String) -> String? {
    do {
      return try text.resolved(symbols, within: &rest)
    } catch {
      noteUnknown(error, path)
      return nil
    }
  }

  private mutating func noteUnknown(_ fault: OpenJD.FormatString.Malformed, _ path: String) {
    let fix =
      switch fault.code {
      case .openjdReference: "use a variable that is known when the job is made"
      default: "correct the expression, or give other values"
      }
    note(fault.code, fault.what, fix: fix, path)
  }

  mutating func name() -> String {
    guard let name = resolve(template.name, "name") else { return "" }
    let most = OpenJD.Bounds(template.extensions).jobName
    if name.isEmpty || name.unicodeScalars.count > most || !OpenJD.isPrintable(name) {
      note(
        .openjdValue,
        "the job's name becomes '\(name)', and must have 1 to \(most) characters and no control characters",
        fix: "give other values, or a shorter name", "name")
    }
    return name
  }

  mutating func step(_ step: OpenJD.StepTemplate, _ path: String) -> OpenJD.Job.Step {
    let outer = symbols
    defer { symbols = outer }
    let values = template.extensions.contains(.expressions) ? bind(step, path) : nil
    return OpenJD.Job.Step(
      name: step.name, description: step.description, script: step.script, environments: step.environments,
      space: step.parameterSpace.flatMap { space($0, path + ".parameterSpace") } ?? .single,
      hostRequirements: step.hostRequirements.map { requirements($0, path + ".hostRequirements") },
      dependencies: step.dependencies, values: values)
  }

  /// The step's name and what its `let` binds.
  private mutating func bind(_ step: OpenJD.StepTemplate, _ path: String) -> [String: OpenJD.Value] {
    var values: [String: OpenJD.Value] = ["Step.Name": .string(step.name)]
    for (index, binding) in step.bindings.enumerated() {
      do {
        values[binding.name] = try binding.expression.value(symbols.merging(values), within: &rest)
      } catch {
        note(
          .openjdExpression, error.told(binding.expression.text), fix: "correct the expression, or give other values",
          "\(path).let[\(index)]")
      }
    }
    symbols = symbols.merging(values)
    return values
  }

  private mutating func space(_ space: OpenJD.ParameterSpaceTemplate, _ path: String) -> OpenJD.ParameterSpace? {
    var parameters: [OpenJD.ParameterSpace.Parameter] = []
    for (index, parameter) in space.parameters.enumerated() {
      let place = "\(path).taskParameterDefinitions[\(index)]"
      guard let values = values(of: parameter, place) else { continue }
      parameters.append(.init(name: parameter.name, type: parameter.type, values: values))
    }
    guard parameters.count == space.parameters.count else { return nil }
    do {
      return try OpenJD.ParameterSpace(parameters, combination: space.combination)
    } catch {
      note(
        .openjdRange, error.what, fix: "give associated parameters equally many values, and fewer tasks to a step",
        path + ".combination")
      return nil
    }
  }

  private mutating func values(
    of parameter: OpenJD.ParameterSpaceTemplate.Parameter, _ path: String
  ) -> OpenJD.ParameterSpace.Values? {
    switch parameter.type {
    case .int: return numbers(parameter.range, path + ".range").map { .numbers($0) }
    case .chunk:
      guard let numbers = numbers(parameter.range, path + ".range"), let chunks = parameter.chunks,
        let tasks = quantity(chunks.tasks, least: 1, path + ".chunks.defaultTaskCount")
      else { return nil }
      let seconds = chunks.targetSeconds.flatMap { quantity($0, least: 0, path + ".chunks.targetRuntimeSeconds") }
      let rule = OpenJD.Chunks(tasks: tasks, targetSeconds: seconds, constraint: chunks.constraint)
      return .chunks(OpenJD.ChunkedNumbers(numbers, chunks: rule))
    case .float, .string, .path:
      switch parameter.range {
      case .list(let list): return texts(list, parameter.type, path + ".range").map { .texts($0) }
      case .expression(let text):
        guard let elements = elements(text, path + ".range") else { return nil }
        guard let elements = elements.list else {
          note(
            .openjdRange, "'\(text.text)' becomes '\(elements.text)', which is no list", fix: "make it a list: [a, b]",
            path + ".range")
          return nil
        }
        return texts(elements, parameter.type, path + ".range").map { .texts($0) }
      }
    }
  }

  private mutating func numbers(
    _ range: OpenJD.ParameterSpaceTemplate.Parameter.Range, _ path: String
  ) -> OpenJD.Numbers? {
    switch range {
    case .expression(let expression):
      guard let (list, text) = elements(expression, path) else { return nil }
      if let list {
        let numbers = list.compactMap { if case .int(let number) = $0 { number } else { nil } }
        if numbers.count == list.count { return .list(numbers) }
        let other = list.lazy.map(\.type).first { $0 != .int } ?? .null
        note(
          .openjdRange, "'\(expression.text)' becomes a list with \(other) in it, and whole numbers are wanted",
          fix: "make it a list of whole numbers", path)
        return nil
      }
      do {
        return .range(try OpenJD.IntegerRange(text))
      } catch {
        note(.openjdRange, "'\(text)': \(error.what)", fix: "write it as 1-100, 1-100:2 or 1,3,7", path)
        return nil
      }
    case .list(let list):
      var numbers: [Int] = []
      for (index, element) in list.enumerated() {
        guard let text = resolve(element, "\(path)[\(index)]") else { continue }
        if let number = Int(template: text) {
          numbers.append(number)
        } else {
          note(.openjdRange, "'\(text)' is not a whole number", fix: "give a whole number", "\(path)[\(index)]")
        }
      }
      return numbers.count == list.count ? .list(numbers) : nil
    }
  }

  /// The elements of a range that is an expression alone and a list; else the text that it becomes.
  private mutating func elements(
    _ range: OpenJD.FormatString, _ path: String
  ) -> (list: [OpenJD.Value]?, text: String)? {
    guard range.whole != nil else { return resolve(range, path).map { (nil, $0) } }
    let value: OpenJD.Value
    do { value = try range.value(symbols, within: &rest) } catch {
      noteUnknown(error, path)
      return nil
    }
    guard case .list(let elements, _) = value else { return (nil, value == .null ? "" : value.text) }
    // None is a step without tasks.
    guard elements.count <= OpenJD.Bounds.rangeList else {
      note(
        .openjdRange,
        "'\(range.text)' becomes \(elements.count) values; at most \(OpenJD.Bounds.rangeList) are allowed",
        fix: "make them fewer, or a range: range_expr(…)", path)
      return nil
    }
    return (elements, value.text)
  }

  /// Values of a list as texts, as a task has them.
  private mutating func texts(
    _ list: [OpenJD.Value], _ type: OpenJD.TaskParameterType, _ path: String
  ) -> [String]? {
    var texts: [String] = []
    for element in list {
      let text: String
      switch (element, type) {
      case (.int(let number), .float): text = String(number)
      // As a number and not as it was written.
      case (.float(let real), .float): text = (try? OpenJD.Real(real.value))?.text ?? real.text
      case (_, .float):
        note(.openjdRange, "the value '\(element.text)' is \(element.type) and no number", fix: "give a number", path)
        return nil
      default: text = element.text
      }
      check(text, type, path)
      texts.append(text)
    }
    return texts
  }

  private mutating func check(_ text: String, _ type: OpenJD.TaskParameterType, _ place: String) {
    if text.unicodeScalars.count > OpenJD.Bounds.taskText {
      note(
        .openjdRange,
        "the value has \(text.unicodeScalars.count) characters; at most \(OpenJD.Bounds.taskText) are allowed",
        fix: "give a shorter value", place)
    }
    if type == .path, text.isEmpty {
      note(.openjdRange, "the path is empty", fix: "give a path", place)
    }
  }

  private mutating func texts(
    _ list: [OpenJD.FormatString], _ type: OpenJD.TaskParameterType, _ path: String
  ) -> [String]? {
    var texts: [String] = []
    for (index, element) in list.enumerated() {
      let place = "\(path)[\(index)]"
      guard var text = resolve(element, place) else { continue }
      if type == .float {
        guard let tidy = FloatText.tidy(text) else {
          note(.openjdRange, "'\(text)' is not a number", fix: "give a number", place)
          continue
        }
        text = tidy
      }
      check(text, type, place)
      texts.append(text)
    }
    return texts.count == list.count ? texts : nil
  }

  private mutating func quantity(_ quantity: OpenJD.Quantity<Int>, least: Int, _ path: String) -> Int? {
    do {
      return try quantity.resolved(least: least, symbols, within: &rest)
    } catch {
      note(error.code == .openjdReference ? .openjdValue : error.code, error.what, fix: "give another value", path)
      return nil
    }
  }

  // MARK: Host requirements

  private mutating func requirements(
    _ template: OpenJD.HostRequirementsTemplate, _ path: String
  ) -> OpenJD.HostRequirements {
    var amounts: [OpenJD.HostRequirements.Amount] = []
    for (index, amount) in template.amounts.enumerated() {
      let place = "\(path).amounts[\(index)]"
      let name = capability(amount.name, place, known: amounts.map(\.name), OpenJD.Capability.refusal(amount:))
      let least = amount.least.flatMap { number($0, place + ".min") }
      let most = amount.most.flatMap { number($0, place + ".max") }
      if let most, most.isZero || least.map({ $0 > most }) == true {
        note(.openjdValue, "'max' is \(most), below 'min' or zero", fix: "raise 'max'", place + ".max")
      }
      amounts.append(.init(name: name, least: least, most: most))
    }
    var attributes: [OpenJD.HostRequirements.Attribute] = []
    for (index, attribute) in template.attributes.enumerated() {
      let place = "\(path).attributes[\(index)]"
      let name = capability(
        attribute.name, place, known: attributes.map(\.name), OpenJD.Capability.refusal(attribute:))
      attributes.append(
        .init(
          name: name, anyOf: values(attribute.anyOf, of: name, isAll: false, place + ".anyOf"),
          allOf: values(attribute.allOf, of: name, isAll: true, place + ".allOf")))
    }
    return OpenJD.HostRequirements(amounts: amounts, attributes: attributes)
  }

  private mutating func capability(
    _ name: OpenJD.FormatString, _ path: String, known: [String], _ refusal: (String) -> String?
  ) -> String {
    let resolved = (resolve(name, path + ".name") ?? "").lowercased()
    if let refusal = refusal(resolved) {
      note(.openjdValue, "'\(resolved)' \(refusal)", fix: "give another value", path + ".name")
    } else if known.contains(resolved) {
      note(.openjdValue, "'\(resolved)' is required twice", fix: "keep one of them", path + ".name")
    }
    return resolved
  }

  private mutating func number(_ quantity: OpenJD.Quantity<OpenJD.Number>, _ path: String) -> OpenJD.Number? {
    switch quantity {
    case .fixed(let number): return number
    case .text(let text):
      guard let resolved = resolve(text, path) else { return nil }
      guard let number = OpenJD.Number(resolved), number >= .zero else {
        note(
          .openjdValue, "it becomes '\(resolved)', which is no number of at least 0", fix: "give another value", path)
        return nil
      }
      return number
    }
  }

  private mutating func values(
    _ list: [OpenJD.FormatString]?, of attribute: String, isAll: Bool, _ path: String
  ) -> [String]? {
    guard let list else { return nil }
    let values = list.enumerated().compactMap { resolve($1, "\(path)[\($0)]") }
    if let refusal = OpenJD.Capability.refusal(values: values, count: list.count, of: attribute, isAll: isAll) {
      note(.openjdValue, "it \(refusal)", fix: "give another value", path)
    }
    return values
  }
}
