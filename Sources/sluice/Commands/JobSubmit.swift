import ArgumentParser
import SluiceAdapters
import SluiceModel

extension JobCommand {
  struct Submit: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Run a job template on its own; every task has a log, and no product is made.",
      discussion: """
        EXAMPLE: sluice job submit render.yaml -p Frames=1001-1100 -p Scene=shot.blend --wait
        EXAMPLE: sluice job submit render.yaml --path-mapping-rules file://rules.json
        """)
    @Argument(help: "The job template: JSON where its name ends in .json, else YAML.") var file: String
    @OptionGroup var given: JobParameterOptions
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
      let submitted = SubmittedJob(
        name: "", template: checked.canonical, values: try given.values(),
        templateFolder: FileName.parent(Machine.absolute(file)), workingFolder: Machine.absolute("."),
        rules: try rules())
      do {
        _ = try template.job(
          submitted.values,
          folders: OpenJD.Folders(template: submitted.templateFolder, working: submitted.workingFolder))
      } catch {
        try JobCommand.refuse(error.problems.map(checked.placed), file, json: options.json)
      }
      var job: JobAnswer = try await options.client.post(
        "jobs", Body(job: submitted, command: Machine.ambient.makeEventID().description))
      if wait {
        if !options.json { print("\(job.id): \(job.name), \(job.tasksTotal) tasks") }
        _ = try await Watch(client: options.client).watch(job.id)
        job = try await options.client.get("jobs/\(job.id)")
      }
      if options.json {
        Console.json(job)
      } else if wait {
        ShowJob.tell(job)
      } else {
        print("\(job.id): \(job.name), \(job.tasksTotal) tasks. It is running: sluice job show \(job.id)")
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

  struct ListJobs: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "list", abstract: "List the jobs that were submitted, newest first.",
      discussion: "EXAMPLE: sluice job list")
    @OptionGroup var options: ServerOptions

    private struct Answer: Codable { var jobs: [JobAnswer] }

    func run() async throws {
      let answer: Answer = try await options.client.get("jobs")
      if options.json { return Console.json(answer) }
      if answer.jobs.isEmpty { print("No job was submitted yet: sluice job submit TEMPLATE") }
      Console.table(
        answer.jobs.map { job in
          [
            "\(job.id)", job.status.rawValue, "\(job.tasksDone)/\(job.tasksTotal)", Timestamp.text(job.submitted),
            job.actor.name, job.name,
          ]
        })
    }
  }

  struct ShowJob: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "show", abstract: "Show how far a job has come, and what its tasks say.",
      discussion: "EXAMPLE: sluice job show p-0f3a9c21be77")
    @Argument(help: "The job.") var id: String
    @OptionGroup var options: ServerOptions

    func run() async throws {
      let job: JobAnswer = try await options.client.get("jobs/\(Client.escaped(id))")
      if options.json { return Console.json(job) }
      ShowJob.tell(job)
    }

    static func tell(_ job: JobAnswer) {
      print("\(job.id) \(job.name): \(job.status.rawValue), \(job.tasksDone) of \(job.tasksTotal) tasks done")
      Console.table(
        job.steps.map { ["  \($0.status.rawValue)", $0.name, "\($0.tasksDone)/\($0.tasksTotal)", "\($0.run)"] })
      for task in job.steps.flatMap(\.running) {
        let percent = task.progress.map { " \(Int($0)) %" } ?? ""
        print("  \(task.task) runs\(percent)\(task.message.map { ": \($0)" } ?? "")")
      }
      for step in job.steps {
        guard let failure = step.failure else { continue }
        print("  \(step.name): \(failure.what)")
        for task in step.failedTasks { print("    sluice job log \(task)") }
      }
    }
  }

  struct JobLog: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "log", abstract: "Print what a task of a job wrote to stdout and stderr.",
      discussion: "EXAMPLE: sluice job log r-84d2c6e01b5f.1")
    @Argument(help: "The task: its run, a dot and its number in the step, from 1.") var id: String
    @OptionGroup var options: ServerOptions

    func run() async throws {
      var log = TaskCommand.Log()
      log.id = id
      log.options = options
      try await log.run()
    }
  }

  struct CancelJob: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "cancel", abstract: "End a job: its tasks in the way of its template, then its environments.",
      discussion: "EXAMPLE: sluice job cancel p-0f3a9c21be77")
    @Argument(help: "The job.") var id: String
    @OptionGroup var options: ServerOptions

    func run() async throws {
      let answer: [String: Int] = try await options.client.post("cancel", ["id": id])
      if options.json { return Console.json(answer) }
      print("\(answer["cancelled"] ?? 0) steps end.")
    }
  }
}
