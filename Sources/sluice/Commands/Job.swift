import ArgumentParser
import SluiceAdapters
import SluiceModel

struct JobCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "job", abstract: "Check Open Job Description templates, say what jobs they make, and run them.",
    discussion: "EXAMPLE: sluice job summary render.yaml -p Frames=1001-1100",
    subcommands: [
      Check.self, Summary.self, Submit.self, List.self, Show.self, Log.self, Retry.self, Cancel.self,
    ])

  /// A template from disk, with all that is wrong in it on standard error.
  static func read(_ file: String) throws -> Result<TemplateFile.Checked, TemplateProblems> {
    let text = try text(file)
    return Result { () throws(TemplateProblems) in try TemplateFile.read(text, TemplateFile.Format(file: file)) }
  }

  static func text(_ file: String) throws(SluiceError) -> String {
    var bytes: [UInt8] = []
    do {
      try LocalFiles.read(Machine.absolute(file)) { bytes += $0 }
    } catch {
      throw SluiceError(
        .publishFileMissing, what: "the file '\(file)' cannot be read", at: file, fix: "look at the path")
    }
    if let text = String(validating: bytes, as: UTF8.self) { return text }
    throw SluiceError(.openjdSyntax, what: "the file is not UTF-8", at: file, fix: "save it as UTF-8")
  }

  private struct Answer: Encodable {
    var ok: Bool
    /// `job` or `environment`.
    var kind: String?
    var problems: [TemplateProblem]
  }

  /// Tells everything that is wrong, and ends.
  static func refuse(_ problems: [TemplateProblem], _ file: String, json: Bool) throws -> Never {
    if json {
      Console.json(Answer(ok: false, kind: nil, problems: problems))
    } else {
      for problem in problems { Console.complain("sluice: \(problem.error(file: file))") }
    }
    throw ExitCode(2)
  }

  struct Check: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Say what is wrong with a job template or an environment template, without a server.",
      discussion: "EXAMPLE: sluice job check render.yaml")
    @Argument(help: "The template: JSON where its name ends in .json, else YAML.") var file: String
    @Flag(help: "Print one JSON object for programs.") var json = false
    @Option(help: .hidden) var server: String?

    func run() async throws {
      switch try JobCommand.read(file) {
      case .failure(let wrong): try JobCommand.refuse(wrong.problems, file, json: json)
      case .success(let checked):
        let (kind, words) = Check.words(checked.template)
        if json { return Console.json(Answer(ok: true, kind: kind, problems: [])) }
        print("\(file) is fine: \(words).")
      }
    }

    private static func words(_ template: TemplateFile.Template) -> (kind: String, words: String) {
      switch template {
      case .job(let job):
        let parameters = "\(job.parameters.count) parameter\(job.parameters.count == 1 ? "" : "s")"
        return ("job", "a job template with \(job.steps.count) step\(job.steps.count == 1 ? "" : "s"), \(parameters)")
      case .environment(let environment):
        return ("environment", "an environment template, '\(environment.environment.name)'")
      }
    }
  }

  struct Summary: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Say what job a template makes: its steps, their tasks and what they wait for. Needs no server.",
      discussion: """
        EXAMPLE: sluice job summary render.yaml -p Frames=1001-1100 -p Scene=shot.blend
        EXAMPLE: sluice job summary render.yaml --environment studio.yaml
        """)
    @Argument(help: "The job template: JSON where its name ends in .json, else YAML.") var file: String
    @OptionGroup var given: JobParameterOptions
    @OptionGroup var outer: OuterEnvironmentOptions
    @Flag(help: "Print one JSON object for programs.") var json = false
    @Option(help: .hidden) var server: String?

    func run() async throws {
      let (checked, template) = try JobCommand.jobTemplate(file, json: json)
      let folder = FileName.parent(Machine.absolute(file))
      let folders = OpenJD.Folders(
        template: folder, working: Machine.absolute("."))
      let values = try given.values()
      let outer = try outer.templates(json: json).map(\.template)
      do {
        let summary = JobSummary(try template.within(outer).job(values, folders: folders))
        if json { return Console.json(summary) }
        summary.tell()
      } catch {
        try JobCommand.refuse(error.problems.map(checked.placed), file, json: json)
      }
    }

  }

  /// A template that makes a job; one with faults, or of another kind, ends the command with what is wrong.
  static func jobTemplate(
    _ file: String, json: Bool
  ) throws -> (checked: TemplateFile.Checked, template: OpenJD.JobTemplate) {
    let checked: TemplateFile.Checked
    switch try read(file) {
    case .failure(let wrong): try refuse(wrong.problems, file, json: json)
    case .success(let read): checked = read
    }
    guard case .job(let template) = checked.template else {
      throw SluiceError(
        .openjdVersion, what: "an environment template makes no job", at: file, fix: "give a job template")
    }
    return (checked, template)
  }
}

/// Values for the parameters of a job template.
struct JobParameterOptions: ParsableArguments {
  @Option(
    name: [.customShort("p"), .customLong("parameter")],
    help: ArgumentHelp(
      "The value of a parameter, or file:// and a JSON or YAML file of them; may be repeated.",
      valueName: "name=value"))
  var parameters: [String] = []

  /// What was given, the later over the earlier.
  func values() throws(SluiceError) -> [String: String] {
    var values: [String: String] = [:]
    for parameter in parameters {
      if parameter.hasPrefix("file://") {
        let file = String(parameter.dropFirst(7))
        let text = try JobCommand.text(file)
        do {
          values.merge(try TemplateFile.values(text, TemplateFile.Format(file: file))) { $1 }
        } catch {
          throw error.problems[0].error(file: file)
        }
        continue
      }
      guard let equals = parameter.firstIndex(of: "="), equals != parameter.startIndex else {
        throw SluiceError(
          .usage, what: "'\(parameter)' names no value", at: "-p", fix: "write -p Name=Value, or -p file://FILE")
      }
      values[String(parameter[..<equals])] = String(parameter[parameter.index(after: equals)...])
    }
    return values
  }
}
