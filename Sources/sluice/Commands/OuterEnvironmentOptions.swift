import ArgumentParser
import SluiceAdapters
import SluiceModel

/// Environment templates around a job, as `openjd run` takes them.
struct OuterEnvironmentOptions: ParsableArguments {
  @Option(
    name: .customLong("environment"),
    help: ArgumentHelp(
      "An environment template to enter before the job's own environments; may be repeated, the outermost first.",
      valueName: "file"))
  var files: [String] = []

  /// With what each says as JSON. One with faults, or of another kind, ends the command with what is wrong.
  func templates(json: Bool) throws -> [(template: OpenJD.EnvironmentTemplate, canonical: String)] {
    try files.map { file in
      let checked: TemplateFile.Checked
      switch try JobCommand.read(file) {
      case .failure(let wrong): try JobCommand.refuse(wrong.problems, file, json: json)
      case .success(let read): checked = read
      }
      guard case .environment(let template) = checked.template else {
        throw SluiceError(
          .openjdVersion, what: "a job template is no environment", at: file, fix: "give an environment template")
      }
      return (template, checked.canonical)
    }
  }
}
