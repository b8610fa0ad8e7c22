import ArgumentParser
import AsyncHTTPClient
import SluiceGraph
import SluiceModel

struct PipelineCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pipeline", abstract: "Check, apply and show a project's step templates.",
    discussion: "EXAMPLE: sluice pipeline apply sluice.yaml --dry-run",
    subcommands: [Check.self, ApplyPipeline.self, ShowPipeline.self])

  /// A pipeline file from disk.
  static func read(_ file: String) throws(SluiceError) -> String {
    var bytes: [UInt8] = []
    do {
      try LocalFiles.read(Machine.absolute(file)) { bytes += $0 }
    } catch {
      throw SluiceError(
        .publishFileMissing, what: "the file '\(file)' cannot be read", at: file, fix: "look at the path")
    }
    if let text = String(validating: bytes, as: UTF8.self) {
      return PipelineFile.whole(text, in: FileName.parent(Machine.absolute(file)))
    }
    throw SluiceError(.pipelineSyntax, what: "the file is not UTF-8", at: file, fix: "save it as UTF-8")
  }

  struct Check: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Say what is wrong with a pipeline file, without a server.",
      discussion: "EXAMPLE: sluice pipeline check sluice.yaml")
    @Argument(help: "The pipeline file.") var file: String
    @Flag(help: "Print one JSON object for programs.") var json = false
    @Option(help: .hidden) var server: String?

    private struct Answer: Encodable {
      var ok: Bool
      var problems: [PipelineProblem]
    }

    func run() async throws {
      let (pipeline, problems) = PipelineFile.read(try PipelineCommand.read(file))
      if json {
        Console.json(Answer(ok: problems.isEmpty, problems: problems))
      } else if let pipeline {
        print(
          "\(file) is fine: project \(pipeline.project), "
            + "\(pipeline.steps.count) steps, \(pipeline.folders.count) folders."
        )
      } else {
        for problem in problems { Console.complain("sluice: \(problem.error(file: file))") }
      }
      if !problems.isEmpty { throw ExitCode(2) }
    }
  }

  struct ApplyPipeline: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "apply", abstract: "Apply a pipeline file; --dry-run says what it would change.",
      discussion: """
        EXAMPLE: sluice pipeline apply sluice.yaml --dry-run
        EXAMPLE: sluice pipeline apply sluice.yaml --grandfather --because "only the log level changed"
        """)
    @Argument(help: "The pipeline file.") var file: String
    @Flag(help: "Only say what would change and become stale.") var dryRun = false
    @Flag(help: "Accept what exists as made by the new steps: what was current stays current.") var grandfather = false
    @Option(help: "With --grandfather: why.") var because: String?
    @OptionGroup var options: ServerOptions

    func validate() throws {
      if because != nil, !grandfather { throw ValidationError("--because goes with --grandfather.") }
    }

    func run() async throws {
      let text = try PipelineCommand.read(file)
      let problems = PipelineFile.read(text).problems
      guard problems.isEmpty else {
        for problem in problems.dropFirst() { Console.complain("sluice: \(problem.error(file: file))") }
        throw problems[0].error(file: file)
      }
      let answer: PipelineAnswer = try await options.client.answer(
        .POST, "pipelines",
        [
          ("dryRun", dryRun ? "true" : nil), ("grandfather", grandfather ? "true" : nil), ("because", because),
        ], body: .bytes(Array(text.utf8)), type: "application/yaml")
      if options.json { return Console.json(answer) }
      print(
        "\(answer.project): \(answer.applied ? "revision \(answer.revision) applied" : "nothing was applied"), "
          + "\(Console.counted(answer.steps.count, "step")) "
          + "(\(answer.added.count) new, \(answer.changed.count) changed, \(answer.removed.count) removed), "
          + Console.counted(answer.newFolders.count, "new folder"))
      PipelineCommand.tell(answer.changedFolders, isApplied: answer.applied)
      PipelineCommand.tell(answer.keptAttributes)
      if let accepted = answer.grandfathered {
        let are = accepted.count == 1 ? "product is" : "products are"
        print("\(accepted.count) \(are) accepted as made by the new steps")
      }
      if let plan = answer.plan { PlanText.tell(plan) }
    }
  }

  /// Of folders that were there: what becomes otherwise, and what stays although the file says otherwise.
  private static let foldersInWords = 20

  private static func tell(_ folders: [ChangedFolder], isApplied: Bool) {
    for changed in folders.prefix(foldersInWords) {
      let set = (changed.type.map { [("type", $0)] } ?? []) + changed.set.sorted { $0.key < $1.key }
      let words = set.map { $0.1.isEmpty ? "\($0.0) taken away" : "\($0.0)=\($0.1)" }.joined(separator: ", ")
      print("  \(changed.folder) \(isApplied ? "has" : "would have") \(words)")
    }
    if folders.count > foldersInWords { print("  … and \(folders.count - foldersInWords) more folders") }
  }

  private static func tell(_ kept: [KeptAttribute]) {
    for attribute in kept.prefix(foldersInWords) {
      let value = attribute.value.map { "keeps \(attribute.attribute)=\($0)" } ?? "keeps no \(attribute.attribute)"
      print("  \(attribute.folder) \(value), set since; the file says \(attribute.file) as it did before")
    }
    if kept.count > foldersInWords { print("  … and \(kept.count - foldersInWords) more that keep what was set") }
  }

  struct ShowPipeline: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "show", abstract: "Print the pipeline file that is in force.",
      discussion: """
        EXAMPLE: sluice pipeline show demo
        EXAMPLE: sluice pipeline show demo --openjd review > review.yaml
        """)
    @Argument(help: "The project.") var project: String
    @Option(
      help: ArgumentHelp(
        "Print the Open Job Description template that this step's command stands for.", valueName: "step"))
    var openjd: String?
    @OptionGroup var options: ServerOptions

    private struct Answer: Codable {
      var project: ProjectName
      var revision: Int
      var time: String
      var actor: Actor
      var source: String
      var pipeline: JSONValue
    }

    func run() async throws {
      let answer: Answer = try await options.client.get("pipelines/\(Client.escaped(project))")
      if let openjd { return try tellTemplate(openjd, PipelineFile.read(answer.source).pipeline) }
      if options.json { return Console.json(answer) }
      print("# \(answer.project), revision \(answer.revision), applied \(answer.time) by \(answer.actor.name)")
      print(answer.source, terminator: answer.source.hasSuffix("\n") ? "" : "\n")
    }

    private struct TemplateAnswer: Encodable {
      var project: String
      var step: String
      var template: String
    }

    private func tellTemplate(_ name: String, _ pipeline: Pipeline?) throws(SluiceError) {
      guard let step = pipeline?.step(named: name) else {
        let names = pipeline?.steps.map(\.name) ?? []
        throw SluiceError(
          .pipelineUnknownWord, what: "the pipeline of '\(project)' has no step '\(name)'", at: "--openjd \(name)",
          fix: nearest(to: name, in: names).map { "did you mean '\($0)'?" }
            ?? "name one of \(names.joined(separator: ", "))")
      }
      let text = try StepTemplateText.text(of: step)
      if options.json { return Console.json(TemplateAnswer(project: project, step: name, template: text)) }
      print(text, terminator: "")
    }
  }
}
