import Hummingbird
import SluiceEngine
import SluiceGraph
import SluiceModel

/// Templates that run on their own.
extension API {
  func addJobs(to api: RouterGroup<SluiceContext>) {
    api.post("jobs") { request, context in
      try context.require(.run)
      // A template's commands run on the farm, as those of a pipeline do.
      try context.require(.pipeline)
      let body = try await JSONBody.read(JobRequest.self, request)
      do {
        let plan = try await services.plans.submit(
          body.job, salt: body.command?.description ?? services.ambient.makeEventID().description,
          origin: Origin(actor: context.actor, command: body.command))
        return JSONBody.response(try await answer(plan.id))
      } catch let wrong as TemplateProblems {
        throw wrong.problems[0].error(file: "the template")
      }
    }
    api.get("jobs") { _, _ in
      let states = services.writer.current.plans.values.filter { $0.project.description == Plan.jobsProject }
      var jobs: [JobAnswer] = []
      for state in states.sorted(by: { ($0.applied, $0.id) > ($1.applied, $1.id) }).prefix(Limits.jobsListed) {
        if let plan = try? await services.plans.plan(state.id), plan.job != nil {
          jobs.append(try await answer(state.id))
        }
      }
      return JSONBody.response(JobsAnswer(jobs: jobs, more: max(0, states.count - Limits.jobsListed)))
    }
    api.get("jobs/:id") { _, context in
      JSONBody.response(try await answer(PlanID(context.parameters.get("id") ?? "")))
    }
  }

  private func answer(_ id: PlanID) async throws(SluiceError) -> JobAnswer {
    let registry = services.writer.current
    guard let plan = try? await services.plans.plan(id), let job = plan.job, let state = registry.plans[id] else {
      let isPlan = registry.plans[id] != nil
      throw SluiceError(
        .planUnknown,
        what: isPlan ? "'\(id)' is a plan and no job" : "there is no job '\(NameRule.printable(id.description))'",
        at: "job", fix: isPlan ? "`sluice plan show \(id)` shows it" : "`sluice job list` lists jobs")
    }
    let known = await services.runner.progress(of: id)
    let progress =
      known
      ?? Execution(plan: plan, turn: 0, graph: nil, registry: registry)
      .progress(workers: services.settings.workers) { _ in false }
    let running = await services.runner.runningTasks(of: Set(plan.runs.map(\.id)))
    return JobAnswer(
      id: id, name: job.name, state: state,
      steps: progress.runs.map { run in
        JobAnswer.Step(
          run,
          running: running.filter { $0.run == run.id }.map {
            JobAnswer.RunningTask(task: $0, said: words(of: $0, in: registry))
          })
      })
  }

  /// What the newest attempt of a task said, as far as the end of its log shows it.
  func words(of task: TaskID, in registry: Registry) -> [OpenJD.SessionMessage] {
    guard let run = registry.runs[task.run] else { return [] }
    let log = "\(services.settings.dataFolder)/logs/\(run.project)/\(run.id)/\(task)-\(run.attempt).log"
    return String(decoding: services.readTail(log, Limits.sessionLineBytes), as: UTF8.self)
      .split(separator: "\n").compactMap { OpenJD.SessionMessage(line: String($0)) }
  }
}

struct JobRequest: Decodable {
  var job: SubmittedJob
  var command: CommandID?
}
