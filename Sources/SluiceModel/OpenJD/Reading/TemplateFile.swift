/// Reads Open Job Description templates.
package enum TemplateFile {
  package enum Format: Sendable, Hashable {
    case yaml
    case json

    /// What a file of this name holds: JSON for `.json`, else YAML.
    package init(file: String) { self = file.lowercased().hasSuffix(".json") ? .json : .yaml }
  }

  package enum Template: Sendable, Hashable {
    case job(OpenJD.JobTemplate)
    case environment(OpenJD.EnvironmentTemplate)
  }

  /// A template that passed every check, and where its parts stand.
  package struct Checked: Sendable, Hashable {
    package let template: Template
    /// By path: `steps[0].script`.
    package let places: [String: DocumentPlace]
    /// What it says as JSON with sorted keys: the same for every layout.
    package let canonical: String

    /// The problem with its place in the file, where its path is one of the template's.
    package func placed(_ problem: TemplateProblem) -> TemplateProblem {
      guard problem.line == nil, let place = places[problem.path], let code = ErrorCode(rawValue: problem.code) else {
        return problem
      }
      return TemplateProblem(code, problem.what, fix: problem.fix, path: problem.path, at: place)
    }
  }

  /// - Parameter document: of YAML.
  /// - Throws: everything that is wrong, in the order of the document.
  package static func read(_ document: DocumentNode) throws(TemplateProblems) -> Checked {
    try read(TemplateNode(document))
  }

  /// - Throws: everything that is wrong, in the order of the document.
  package static func read(json text: String) throws(TemplateProblems) -> Checked { try read(node(json: text)) }

  private static func read(_ node: TemplateNode) throws(TemplateProblems) -> Checked {
    let root = TemplateReader.Spot(node: node, path: "")
    var reader = TemplateReader()
    var template: Template?
    switch try version(node) {
    case OpenJD.environmentTemplateVersion: template = reader.environmentTemplate(root).map { .environment($0) }
    default: template = reader.jobTemplate(root).map { .job($0) }
    }
    guard reader.problems.isEmpty, let template else {
      throw TemplateProblems(
        reader.problems.enumerated().sorted { left, right in
          let (a, b) = (place(left.element), place(right.element))
          return a == b ? left.offset < right.offset : a < b
        }.map(\.element))
    }
    return Checked(template: template, places: reader.places, canonical: node.canonical)
  }

  /// Values of parameters from a file: a map of names to texts, numbers, truth values and lists, which become JSON.
  package static func values(_ document: DocumentNode) throws(TemplateProblems) -> [String: String] {
    try values(TemplateNode(document))
  }

  package static func values(json text: String) throws(TemplateProblems) -> [String: String] {
    try values(node(json: text))
  }

  private static func values(_ node: TemplateNode) throws(TemplateProblems) -> [String: String] {
    guard let map = node.map else {
      throw TemplateProblems([
        TemplateProblem(
          .openjdParameter, "a file of parameters is a map, and here stands \(node.kind)", fix: "write Name: value",
          path: "", at: node.place)
      ])
    }
    var (values, problems): ([String: String], [TemplateProblem]) = ([:], [])
    for entry in map {
      switch entry.value.value {
      case .text(let text): values[entry.shown] = text
      case .integer(.some(let number)): values[entry.shown] = String(number)
      case .float(let number) where number.isFinite:
        values[entry.shown] = OpenJD.Number(number)?.description
      case .bool(let truth): values[entry.shown] = "\(truth)"
      case .list: values[entry.shown] = entry.value.canonical
      default:
        problems.append(
          TemplateProblem(
            .openjdParameter, "a parameter is a text, a number or a list, and here stands \(entry.value.kind)",
            fix: "write it in quotes", path: entry.shown, at: entry.place))
      }
    }
    guard problems.isEmpty else { throw TemplateProblems(problems) }
    return values
  }

  private static func node(json text: String) throws(TemplateProblems) -> TemplateNode {
    do { return try TemplateNode(json: text) } catch { throw TemplateProblems([error]) }
  }

  private static func place(_ problem: TemplateProblem) -> DocumentPlace {
    DocumentPlace(line: problem.line ?? 0, column: problem.column ?? 0)
  }

  private static func version(_ node: TemplateNode) throws(TemplateProblems) -> String {
    let known = [OpenJD.jobTemplateVersion, OpenJD.environmentTemplateVersion]
    guard node.map != nil else {
      throw TemplateProblems([
        TemplateProblem(
          .openjdShape, "a template is a map, and here stands \(node.kind)",
          fix: "begin with 'specificationVersion: \(known[0])'", path: "", at: node.place)
      ])
    }
    guard let version = node.child("specificationVersion") else {
      throw TemplateProblems([
        TemplateProblem(
          .openjdVersion, "a template says in 'specificationVersion' what it is, and this one does not",
          fix: "write 'specificationVersion: \(known[0])' or '\(known[1])'", path: "", at: node.place)
      ])
    }
    guard let text = version.text, known.contains(text) else {
      throw TemplateProblems([
        TemplateProblem(
          .openjdVersion, "the version is not one that Sluice knows: \(version.kind)",
          fix: "write \(known[0]) or \(known[1])", path: "specificationVersion", at: version.place)
      ])
    }
    return text
  }
}
