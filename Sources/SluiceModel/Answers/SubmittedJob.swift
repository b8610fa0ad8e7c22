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

  package init(
    name: String, template: String, values: [String: String], templateFolder: String, workingFolder: String,
    rules: [OpenJD.PathMappingRule]? = nil
  ) {
    (self.name, self.template, self.values) = (name, template, values)
    (self.templateFolder, self.workingFolder, self.rules) = (templateFolder, workingFolder, rules)
  }
}
