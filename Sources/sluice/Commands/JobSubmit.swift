import ArgumentParser
import SluiceAdapters
import SluiceModel

extension JobCommand {
  struct Submit: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Run a job template on its own; every task has a log, and no product is made.",
      discussion: """
        EXAMPLE: sluice job submit render.yaml -p Frames=1001-1100 -p Scene=shot.blend --wait
        EXAMPLE: sluice job submit render.yaml --environment studio.yaml
        EXAMPLE: sluice job submit render.yaml --path-mapping-rules file://rules.json
        """)
    @Argument(help: "The job template: JSON where its name ends in .json, else YAML.") var file: String
    @OptionGroup var given: JobParameterOptions
    @OptionGroup var outer: OuterEnvironmentOptions
    @Option(help: ArgumentHelp("Path mapping rules (pathmapping-1.0) as JSON, or file:// and a file of them."))
    var pathMappingRules: String?
    @Flag(help: "Stay until it ends; exit 1 where it did not succeed.") var wait = false
    @OptionGroup var options: ServerOptions

    private struct Body: Encodable {
      var job: SubmittedJob
      var command: String
    }

    func run() async throws {
      let (checked, template) = try JobCommand.jobTemplate(file, json: options.json)
      let outer = try outer.templates(json: options.json)
      let submitted = SubmittedJob(
        name: "", template: checked.canonical, values: try given.values(),
        templateFolder: FileName.parent(Machine.absolute(file)), workingFolder: Machine.absolute("."),
        rules: try rules(), environments: outer.isEmpty ? nil : outer.map(\.canonical))
      do {
        _ = try template.within(outer.map(\.template)).job(
          submitted.values,
          folders: OpenJD.Folders(template: submitted.templateFolder, working: submitted.workingFolder))
      } catch {
        try JobCommand.refuse(error.problems.map(checked.placed), file, json: options.json)
      }
      var job: JobAnswer = try await options.client.post(
        "jobs", Body(job: submitted, command: Machine.ambient.makeEventID().description))
      if wait {
        if !options.json { print("\(job.id): \(job.name), \(Console.count(job.tasksTotal, "task"))") }
        _ = try await Watch(client: options.client).watch(job.id)
        job = try await options.client.get("jobs/\(job.id)")
      }
      if options.json {
        Console.json(job)
      } else if wait {
        Show.tell(job)
      } else {
        print(
          "\(job.id): \(job.name), \(Console.count(job.tasksTotal, "task")). It is running: sluice job show \(job.id)")
      }
      if wait, job.status != .succeeded { throw ExitCode(1) }
    }

    private func rules() throws(SluiceError) -> [OpenJD.PathMappingRule]? {
      guard let pathMappingRules else { return nil }
      let prefix = "file://"
      let text =
        pathMappingRules.hasPrefix(prefix)
        ? try JobCommand.text(String(pathMappingRules.dropFirst(prefix.count))) : pathMappingRules
      guard let mapping = try? StableJSON.decode(OpenJD.PathMapping.self, from: text.utf8),
        mapping.version == OpenJD.PathMapping.knownVersion
      else {
        throw SluiceError(
          .usage, what: "these are no path mapping rules", at: "--path-mapping-rules",
          fix: "give {\"version\": \"pathmapping-1.0\", \"path_mapping_rules\": [{\"source_path_format\": \"POSIX\", "
            + "\"source_path\": \"/from\", \"destination_path\": \"/to\"}]}")
      }
      return mapping.rules
    }
  }
}
