import SluiceGraph
import SluiceModel
import SluicePolicy

extension Runner.Going {
  /// What runs instead of a command; nil where a command does.
  func session(of task: TaskID) throws(SluiceError) -> OpenJD.SessionOrder? {
    if let part = parts?[task] { return body?.session(for: part) }
    return try body?.session(for: tasks[task] ?? [])
  }

  /// What a task's template asks of machines.
  func hosts(of task: TaskID) -> HostNeeds? {
    guard let parts else { return body?.hosts }
    return parts[task].flatMap { task in parts.parts.first { $0.step == task.step }?.hosts }
  }
}

/// Bodies whose steps are tasks of their own.
extension Runner {
  func bodyPlan(
    _ order: RunOrder, pieces: [RunOrder.Piece], _ plan: BenchPlan, _ bench: Bench
  ) throws(SluiceError) -> BodyPlan? {
    guard order.restores.isEmpty, order.unit.step.body != nil, !pieces.isEmpty else { return nil }
    return try BodyPlan(
      order, pieces: pieces, plan: plan, key: "", bench: parts.workshop.directory(of: bench),
      folder: parts.settings.programFolder)
  }

  /// How many frames a chunk gets, after what frames of the step took since the server began; nil for what it says.
  /// - Parameter known: what was done of the run before a restart, which stays as it was dealt.
  func chunkSize(_ body: BodyPlan?, of step: Step, in project: ProjectName, known: RunState?) -> Int? {
    guard step.isPerFrame, step.body?.isOneTask == false, let target = body?.chunkTarget else { return nil }
    if let dealt = known?.tasks.values.compactMap(\.fact.frames?.count).max() { return dealt }
    let pace = paces[StepOfProject(project: project, step: step.name)]
    return pace?.size(for: target.seconds, now: step.chunk, most: Limits.sessionTasks)
  }

  /// Takes up how long a task's frames took.
  func notePace(of task: TaskFinished, _ body: BodyPlan?, in project: ProjectName) {
    guard task.outcome == .succeeded, let body, let numbers = body.chunkNumbers(of: task) else { return }
    // What was submitted so long ago may be measured anew.
    if paces.count >= Limits.rememberedPaces { paces = [:] }
    paces[StepOfProject(project: project, step: body.pace), default: OpenJD.ChunkPace()]
      .take(numbers: numbers, seconds: task.seconds)
  }

  /// What a queue manager is told of a task.
  func taskNeeds(_ given: Farm.Given, _ run: Going) -> TaskNeeds {
    var needs = TaskNeeds(given.lease.need, run.order.unit.step.needs)
    if farm.isPool { needs.hosts = run.hosts(of: given.task) }
    return needs
  }

  /// The steps of a body as tasks of their own; nil where they are none. They hand files on to each other on the bench,
  /// so somebody must see it; where nobody does, all of them are one task of one machine.
  func divide(
    _ body: BodyPlan?, _ step: Step, pieces: [RunOrder.Piece], run: RunID
  ) throws(SluiceError) -> BodyParts? {
    guard let body, body.isDivided(step),
      farm.scheduler.agents.values.contains(where: { $0.seesBenches && $0.standing != .lost })
    else { return nil }
    return try BodyParts(body, pieces: pieces, run: run)
  }

  /// Puts the tasks of a body's steps in line.
  func takeUp(_ id: RunID, _ parts: BodyParts, of step: Step, failed: [TaskID: AgentID], _ execution: Execution) async {
    let ids = parts.ids
    going[id]?.parts = parts
    going[id]?.tasks = Dictionary(uniqueKeysWithValues: ids.map { ($0, []) })
    going[id]?.open = KeySet(ids)
    executions[execution.plan.id]?.setTasks(id, total: ids.count, done: 0, reused: 0)
    guard !cancelled.contains(id) else { return await finish(id, .cancelled, failure: cancelFailure(of: id)) }
    let known = QueuedBefore(id, of: step, all: ids, open: ids, failed: failed, in: self.parts.writer.current)
    recallTries(known)
    farm.add(id, ids, parts: parts.parts, of: step, in: execution.plan.project, known, turn: place(of: id))
  }
}
