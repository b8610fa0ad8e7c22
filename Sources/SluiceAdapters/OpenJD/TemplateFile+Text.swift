package import SluiceModel

extension TemplateFile {
  /// - Throws: everything that is wrong, in the order of the document.
  package static func read(_ text: String, _ format: Format) throws(TemplateProblems) -> Checked {
    switch format {
    case .json: try read(json: text)
    case .yaml: try read(document(text))
    }
  }

  /// Values of parameters from a file: a map of names to texts and numbers.
  package static func values(_ text: String, _ format: Format) throws(TemplateProblems) -> [String: String] {
    switch format {
    case .json: try values(json: text)
    case .yaml: try values(document(text))
    }
  }

  private static func document(_ text: String) throws(TemplateProblems) -> DocumentNode {
    do { return try YAMLDocument.read(text) } catch { throw TemplateProblems([syntax(error)]) }
  }

  private static func syntax(_ problem: PipelineProblem) -> TemplateProblem {
    let code: ErrorCode =
      switch ErrorCode(rawValue: problem.code) {
      case .pipelineTooLarge: .openjdTooLarge
      case .pipelineShape: .openjdShape
      default: .openjdSyntax
      }
    let place = problem.line.map { DocumentPlace(line: $0, column: problem.column ?? 1) }
    let isEmpty = problem.what.hasSuffix("is empty")
    return TemplateProblem(
      code, problem.what,
      fix: isEmpty ? "begin with 'specificationVersion: \(OpenJD.jobTemplateVersion)'" : problem.fix,
      path: "", at: place)
  }
}
