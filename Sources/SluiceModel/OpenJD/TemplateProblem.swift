/// One thing that is wrong in a template or in the values given to it, where, and how to fix it.
package struct TemplateProblem: Error, Sendable, Hashable, Codable {
  package let code: String
  /// Where in the document: `steps[0].script.actions.onRun`, or `-p Frames`; empty for the document itself.
  package let path: String
  package let what: String
  package let fix: String
  package let line: Int?
  package let column: Int?

  package init(_ code: ErrorCode, _ what: String, fix: String, path: String, at place: DocumentPlace? = nil) {
    (self.code, self.what, self.fix, self.path) = (code.rawValue, what, fix, path)
    (line, column) = (place?.line, place?.column)
  }

  package func error(file: String) -> SluiceError {
    var at = file
    if let line { at += " line \(line)" }
    if let column { at += ", column \(column)" }
    if !path.isEmpty { at += ", \(path)" }
    return SluiceError(ErrorCode(rawValue: code) ?? .openjdShape, what: what, at: at, fix: fix)
  }
}

/// All that is wrong, in the order of the document.
package struct TemplateProblems: Error, Sendable, Hashable {
  package var problems: [TemplateProblem]
  package init(_ problems: [TemplateProblem]) { self.problems = problems }
}
