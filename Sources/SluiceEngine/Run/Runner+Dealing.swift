import SluiceGraph
import SluiceModel
import SluicePolicy

/// Jobs whose chunks are to take some time: the first ones are done as the template says, and by what they took the
/// others are dealt. Source: the adaptive chunking of Open Job Description's RFC 0001.
extension Runner {
  /// How far the tasks of a run are known.
  enum Dealing: Sendable, Equatable {
    /// All of them.
    case done
    /// So many, the first ones.
    case probes(Int)
    /// The others are just being dealt.
    case now
  }

  /// Gives a job's chunks the size that they had before, or that others of its template tell.
  /// - Parameter known: what was begun of the run before, which goes on as it was dealt.
  /// - Returns: what is to be recorded of it, and how far its tasks are known then.
  func deal(
    _ body: inout BodyPlan, in project: ProjectName, known: RunState?
  ) -> (chunk: Int?, probes: Int?, dealing: Dealing) {
    guard let chunks = body.jobChunks else { return (nil, nil, .done) }
    if let known {
      if known.chunk == nil { recallPace(of: body, in: project, known) }
      guard let chunk = known.chunk else { return (nil, known.probes, known.probes.map { .probes($0) } ?? .done) }
      body.deal(by: chunk, after: known.probes ?? 0)
      return (chunk, known.probes, .done)
    }
    if let chunk = size(of: chunks, of: body, in: project) {
      body.deal(by: chunk, after: 0)
      return (chunk, nil, .done)
    }
    let probes = body.probes(slots: max(1, farm.slots))
    return (nil, probes, probes.map { .probes($0) } ?? .done)
  }

  private func size(of chunks: OpenJD.Chunks, of body: BodyPlan, in project: ProjectName) -> Int? {
    guard let target = chunks.targetSeconds else { return nil }
    return paces[StepOfProject(project: project, step: body.pace)]?
      .size(for: target, now: chunks.tasks, most: Limits.sessionTasks)
  }

  /// After a restart: what tasks of the run took that are done.
  private func recallPace(of body: BodyPlan, in project: ProjectName, _ known: RunState) {
    guard paces[StepOfProject(project: project, step: body.pace)] == nil else { return }
    for task in known.tasks.values { notePace(of: task.fact, body, in: project) }
  }

  /// The first tasks are done: deals the others by what they took.
  func dealRest(of id: RunID, after probes: Int) async {
    guard !isStopping, let planID = plan(of: id), let execution = executions[planID], let run = going[id],
      let entry = execution.entries[id], var body = run.body, let chunks = body.jobChunks
    else { return }
    going[id]?.dealing = .now
    let chunk = size(of: chunks, of: body, in: execution.plan.project) ?? chunks.tasks
    body.deal(by: chunk, after: probes)
    let all = (1...max(1, body.space.count)).map { TaskID(run: id, frame: $0) }
    let open = Array(all.dropFirst(probes))
    do throws(SluiceError) {
      let attempt = try await recordStart(
        of: entry.run, id, execution, tasks: open.count, chunk: chunk, probes: probes)
      // It may have been cancelled meanwhile.
      guard going[id] != nil else { return }
      going[id]?.attempt = attempt
      going[id]?.body = body
      going[id]?.tasks = Dictionary(
        uniqueKeysWithValues: all.enumerated().map { ($1, [RunOrder.Piece(frame: $0 + 1, recipes: [])]) })
      going[id]?.open = KeySet(open)
      going[id]?.dealing = .done
      executions[planID]?.setTasks(id, total: all.count, done: probes, reused: 0)
      await takeUp(id, open, of: all, run.order.unit.step, failed: [:], execution)
    } catch {
      await finish(id, .failed, failure: Failure(error))
    }
    pump()
  }
}
