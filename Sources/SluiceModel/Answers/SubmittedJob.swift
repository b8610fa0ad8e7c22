/// A template that somebody runs on its own, with everything that its job is made of.
package struct SubmittedJob: Sendable, Hashable, Codable {
  package var name: String
  /// The template as JSON with sorted keys.
  package var template: String
  package var values: [String: String]
  /// What relative paths are relative to: defaults to the template's folder, values to where the person was.
  package var templateFolder: String
  package var workingFolder: String
  package var rules: [OpenJD.PathMappingRule]?
  /// Environment templates that its sessions enter before its own environments, as JSON; nil for none.
  package var environments: [String]?
  /// Which steps each step waits for.
  package var after: [String: [String]]

  package init(
    name: String, template: String, values: [String: String], templateFolder: String, workingFolder: String,
    rules: [OpenJD.PathMappingRule]? = nil, environments: [String]? = nil, after: [String: [String]] = [:]
  ) {
    self.environments = environments
    (self.name, self.template, self.values) = (name, template, values)
    self.after = after
    (self.templateFolder, self.workingFolder, self.rules) = (templateFolder, workingFolder, rules)
  }
}

extension SubmittedJob {
  /// - Throws: all that is wrong with the templates or with the values.
  package func job() throws(TemplateProblems) -> OpenJD.Job {
    let checked = try TemplateFile.read(json: template)
    guard case .job(let template) = checked.template else {
      throw TemplateProblems([
        TemplateProblem(
          .openjdVersion, "an environment template makes no job", fix: "give a job template", path: "")
      ])
    }
    let outer = try (environments ?? []).map { (text) throws(TemplateProblems) in
      guard case .environment(let environment) = try TemplateFile.read(json: text).template else {
        throw TemplateProblems([
          TemplateProblem(
            .openjdVersion, "a job template is no environment", fix: "give an environment template", path: "")
        ])
      }
      return environment
    }
    return try template.within(outer).job(
      values, folders: OpenJD.Folders(template: templateFolder, working: workingFolder))
  }
}

extension Plan {
  /// The project that submitted jobs belong to.
  package static let jobsProject = "jobs"

  package func runs(before run: PlannedRun, of job: SubmittedJob) -> Set<RunID> {
    let names = job.after[run.step] ?? []
    return Set(runs.filter { names.contains($0.step) }.map(\.id))
  }
}
