import ArgumentParser
import SluiceModel

extension JobCommand {
  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "List the jobs that were submitted, newest first.",
      discussion: "EXAMPLE: sluice job list --watch")
    @OptionGroup var repeated: Repeated
    @OptionGroup var options: ServerOptions

    func run() async throws {
      try await repeated.show(options) { () async throws -> JobsAnswer in
        try await options.client.get("jobs")
      } tell: { answer in
        if answer.jobs.isEmpty { return print("No job was submitted yet: sluice job submit TEMPLATE") }
        Console.table(
          answer.jobs.map { job in
            [
              "\(job.id)", job.status.rawValue, "\(job.tasksDone)/\(job.tasksTotal)", Timestamp.text(job.submitted),
              job.actor.name, job.name,
            ]
          },
          header: ["JOB", "STATUS", "DONE", "SUBMITTED", "BY", "NAME"])
        if answer.more > 0 { print("… and \(answer.more) more, older ones") }
      }
    }
  }

  struct Show: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Show how far a job has come, and what its tasks say; with --watch to its end.",
      discussion: "EXAMPLE: sluice job show p-0f3a9c21be77 --watch")
    @Argument(help: "The job.") var id: String
    @OptionGroup var repeated: Repeated
    @OptionGroup var options: ServerOptions

    func run() async throws {
      let last: JobAnswer = try await repeated.show(
        options, ask: { try await options.client.get("jobs/\(Client.escaped(id))") },
        isOver: { $0.status != .running }, tell: Show.tell)
      if repeated.watch, last.status != .succeeded { throw ExitCode(1) }
    }

    static func tell(_ job: JobAnswer) {
      print(
        "\(job.id) \(job.name): \(job.status.rawValue), "
          + "\(job.tasksDone) of \(Console.count(job.tasksTotal, "task")) done")
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

  struct Log: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Print what a job, a run or a task of it wrote to stdout and stderr; with --follow as it comes.",
      discussion: """
        EXAMPLE: sluice job log p-0f3a9c21be77 --follow
        EXAMPLE: sluice job log r-84d2c6e01b5f.1
        """)
    @Argument(help: "The job, a run of it, or a task: its run, a dot and its number in the step, from 1.") var id:
      String
    @OptionGroup var log: LogOptions
    func run() async throws { try await log.print(id) }
  }

  struct Retry: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Take up a job that failed or was cancelled; tasks that are done stay.",
      discussion: "EXAMPLE: sluice job retry p-0f3a9c21be77")
    @Argument(help: "The job, or a run or a task of it.") var id: String
    @OptionGroup var options: ServerOptions
    func run() async throws { try await WorkVerbs.retry(id, options) }
  }

  struct Cancel: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "End a job: its tasks in the way of its template, then its environments.",
      discussion: "EXAMPLE: sluice job cancel p-0f3a9c21be77")
    @Argument(help: "The job, or a run or a task of it.") var id: String
    @OptionGroup var options: ServerOptions
    func run() async throws { try await WorkVerbs.cancel(id, options) }
  }
}
