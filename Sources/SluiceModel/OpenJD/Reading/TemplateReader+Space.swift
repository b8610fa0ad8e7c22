extension TemplateReader {
  mutating func parameterSpace(_ spot: Spot, visible: Visible) -> OpenJD.ParameterSpaceTemplate? {
    guard
      let fields = fields(
        spot, "a parameter space", required: ["taskParameterDefinitions"], optional: ["combination"]),
      let definitions = fields["taskParameterDefinitions"],
      let list = list(definitions, "task parameters", most: OpenJD.Bounds.taskParameters)
    else { return nil }
    let parameters = list.map { (parameter: taskParameter($0, visible: visible), spot: $0) }
    refuseDoubles(parameters.map { ($0.spot.node.child("name")?.text, $0.spot) }, "the task parameter")
    let chunked = list.filter { spot in
      let type = spot.node.child("type")?.text
      return (hasExpressions ? type?.asciiUppercased : type) == OpenJD.TaskParameterType.chunk.rawValue
    }
    for spot in chunked.dropFirst() {
      note(.openjdValue, "a step has one CHUNK[INT] parameter at most", fix: "make this one an INT", spot)
    }
    let names = list.compactMap { $0.node.child("name")?.text }
    let made = parameters.compactMap(\.parameter)
    let chunk = chunked.first?.node.child("name")?.text
    var combination: OpenJD.Combination? = names.isEmpty ? nil : OpenJD.Combination(productOf: names)
    if let spot = fields["combination"] {
      combination = self.combination(spot, names: names, chunk: chunk)
    }
    guard let combination, made.count == list.count else { return nil }
    return OpenJD.ParameterSpaceTemplate(parameters: made, combination: combination)
  }

  private mutating func combination(_ spot: Spot, names: [String], chunk: String?) -> OpenJD.Combination? {
    guard let text = text(spot, "a combination", length: 1...OpenJD.Bounds.combination) else { return nil }
    let combination: OpenJD.Combination
    do {
      combination = try OpenJD.Combination(text)
    } catch {
      note(.openjdRange, error.what, fix: "write it as A * B or (A, B) * C", spot)
      return nil
    }
    let used = combination.parameters
    for name in Set(names).subtracting(used).sorted() {
      note(.openjdRange, "the combination leaves '\(name)' out", fix: "name each task parameter once", spot)
    }
    for name in Set(used).subtracting(names).sorted() {
      let hint = nearest(to: name, in: names).map { "did you mean '\($0)'?" }
      note(.openjdRange, "there is no task parameter '\(name)'", fix: hint ?? "define it, or take it away", spot)
    }
    for name in Set(used).sorted() where used.count(where: { $0 == name }) > 1 {
      note(.openjdRange, "the combination names '\(name)' more than once", fix: "name each task parameter once", spot)
    }
    if let chunk, let association = combination.association(around: chunk) {
      note(
        .openjdRange, "the CHUNK[INT] parameter '\(chunk)' stands in the association \(association)",
        fix: "take it out of the brackets, or make it an INT", spot)
    }
    return combination
  }

  private mutating func taskParameter(
    _ spot: Spot, visible: Visible
  ) -> OpenJD.ParameterSpaceTemplate.Parameter? {
    guard spot.node.map != nil else {
      _ = fields(spot, "a task parameter", required: ["name", "type", "range"])
      return nil
    }
    guard let type = type(of: spot, OpenJD.TaskParameterType.self),
      let fields = fields(
        spot, "a task parameter of type \(type.rawValue)",
        required: ["name", "type", "range"] + (type == .chunk ? ["chunks"] : []))
    else { return nil }
    if type == .chunk, !extensions.contains(.taskChunking) {
      note(
        .openjdExtension, "CHUNK[INT] needs the extension TASK_CHUNKING",
        fix: "write 'extensions: [TASK_CHUNKING]' at the top", spot)
    }
    let name = fields["name"].flatMap { identifier($0, "the name of a task parameter") }
    let chunks = fields["chunks"].flatMap { self.chunks($0, visible: visible) }
    guard let range = fields["range"].flatMap({ self.range($0, type, visible: visible) }), let name,
      type != .chunk || chunks != nil
    else { return nil }
    return .init(name: name, type: type, range: range, chunks: chunks)
  }

  private mutating func chunks(
    _ spot: Spot, visible: Visible
  ) -> OpenJD.ParameterSpaceTemplate.Parameter.Chunks? {
    guard
      let fields = fields(
        spot, "the chunks", required: ["defaultTaskCount", "rangeConstraint"], optional: ["targetRuntimeSeconds"])
    else { return nil }
    let tasks = fields["defaultTaskCount"].flatMap {
      quantity($0, "'defaultTaskCount'", least: 1, needsBundle: false, visible: visible)
    }
    let seconds = fields["targetRuntimeSeconds"].flatMap {
      quantity($0, "'targetRuntimeSeconds'", least: 0, needsBundle: false, visible: visible)
    }
    let constraint = fields["rangeConstraint"].flatMap {
      choice($0, "the range constraint", OpenJD.Chunks.Constraint.self)
    }
    guard let tasks, let constraint else { return nil }
    return .init(tasks: tasks, targetSeconds: seconds, constraint: constraint)
  }

  // MARK: Ranges

  private mutating func range(
    _ spot: Spot, _ type: OpenJD.TaskParameterType, visible: Visible
  ) -> OpenJD.ParameterSpaceTemplate.Parameter.Range? {
    let isWhole = type == .int || type == .chunk
    if isWhole, spot.node.text != nil {
      guard let format = format(spot, "a range", visible: visible) else { return nil }
      guard format.isLiteral else { return .expression(format) }
      do {
        _ = try OpenJD.IntegerRange(format.text)
      } catch {
        note(.openjdRange, error.what, fix: "write it as 1-100, 1-100:2 or 1,3,7", spot)
        return nil
      }
      return .expression(format)
    }
    if !isWhole, spot.node.text != nil, hasExpressions {
      return format(spot, "a range", visible: visible).map { .expression($0) }
    }
    guard spot.node.list != nil else {
      let what = "the range of \(type.rawValue) is \(isWhole ? "a list, or a text such as \"1-100\"" : "a list")"
      note(.openjdShape, "\(what), and here stands \(spot.node.kind)", fix: "write a list of values", spot)
      return nil
    }
    guard let list = list(spot, "the values of a range", most: OpenJD.Bounds.rangeList) else { return nil }
    let values = list.compactMap { value($0, type, visible: visible) }
    return values.count == list.count ? .list(values) : nil
  }

  private mutating func value(
    _ spot: Spot, _ type: OpenJD.TaskParameterType, visible: Visible
  ) -> OpenJD.FormatString? {
    switch type {
    case .string, .path:
      guard let value = format(spot, "a value", length: 0...Int.max, visible: visible) else { return nil }
      if type == .path, value.text.isEmpty {
        note(.openjdValue, "the path is empty", fix: "write a path", spot)
        return nil
      }
      return value
    case .int, .chunk:
      guard let value = quantity(spot, "a value", least: Int.min, needsBundle: false, visible: visible) else {
        return nil
      }
      switch value {
      case .fixed(let number): return OpenJD.FormatString(literal: String(number))
      case .text(let text): return text
      }
    case .float:
      guard let text = spot.node.text else {
        return number(spot, "a value").map { OpenJD.FormatString(literal: $0.description) }
      }
      guard let value = format(spot, "a value", length: 0...Int.max, visible: visible) else { return nil }
      let word = text.lowercased().drop { $0 == "-" || $0 == "+" }
      if value.isLiteral, OpenJD.Number(text) == nil, !["nan", "inf", "infinity"].contains(word) {
        note(.openjdValue, "'\(text)' is not a number", fix: "write a number", spot)
        return nil
      }
      return value
    }
  }
}
