import SluiceAdapters
import SluiceModel

/// Templates of one step for tests, and what is wrong with them.
enum OpenJDText {
  static func problems(_ text: String, _ format: TemplateFile.Format = .yaml) -> [TemplateProblem] {
    do {
      _ = try TemplateFile.read(text, format)
      return []
    } catch {
      return error.problems
    }
  }

  /// `path line:column code what`, one for each.
  static func told(_ text: String, _ format: TemplateFile.Format = .yaml) -> [String] {
    problems(text, format).map { "\($0.path) \($0.line ?? 0):\($0.column ?? 0) \($0.code) \($0.what)" }
  }

  static func template(_ text: String) throws -> OpenJD.JobTemplate? {
    guard case .job(let template) = try TemplateFile.read(text, .yaml).template else { return nil }
    return template
  }

  /// A good template with more keys at the top, in the step, and in the step's space of task parameters.
  static func job(
    top: String = "", parameters: [String] = [], step: String = "", space: [String] = [], combination: String? = nil,
    command: String = "render", script: String = ""
  ) -> String {
    var lines = ["specificationVersion: jobtemplate-2023-09", "name: Test"]
    if !top.isEmpty { lines.append(top) }
    if !parameters.isEmpty { lines += ["parameterDefinitions:"] + parameters.map { "  - \($0)" } }
    lines += ["steps:", "  - name: Render"]
    if !step.isEmpty { lines.append("    \(step)") }
    if !space.isEmpty {
      lines += ["    parameterSpace:", "      taskParameterDefinitions:"] + space.map { "        - \($0)" }
      if let combination { lines.append("      combination: \"\(combination)\"") }
    }
    lines += ["    script:"]
    if !script.isEmpty { lines.append("      \(script)") }
    lines += ["      actions: { onRun: { command: \"\(command)\" } }"]
    return lines.joined(separator: "\n")
  }
}
