import SluiceGraph
import SluiceModel
import SluicePolicy

/// The tasks of a template whose steps wait for each other, each a task of its own.
struct BodyParts: Sendable {
  struct Task: Sendable {
    let step: String
    let values: [String: String]
  }

  struct Part: Sendable {
    let step: String
    let tasks: Range<Int>
    /// Places of parts.
    let after: [Int]
    let hosts: HostNeeds?
  }

  /// All that the run makes, which its tasks make together.
  let pieces: [RunOrder.Piece]
  /// In the order in which they can run.
  let tasks: [Task]
  let parts: [Part]
  private let run: RunID

  init(_ body: BodyPlan, pieces: [RunOrder.Piece], run: RunID) throws(SluiceError) {
    var (tasks, parts): ([Task], [Part]) = ([], [])
    let session = try body.session(for: pieces)
    for step in session.steps {
      let own = body.job.steps.first { $0.name == step.name }
      let after = parts.indices.filter { own?.dependencies.contains(parts[$0].step) == true }
      parts.append(
        Part(
          step: step.name, tasks: tasks.count..<(tasks.count + step.tasks.count), after: after,
          hosts: HostNeeds(own?.hostRequirements)))
      tasks += step.tasks.map { Task(step: step.name, values: $0) }
    }
    (self.pieces, self.tasks, self.parts, self.run) = (pieces, tasks, parts, run)
  }

  /// Their ids, numbered from 1.
  var ids: [TaskID] { tasks.indices.map { TaskID(run: run, frame: $0 + 1) } }

  subscript(_ id: TaskID) -> Task? {
    guard let number = Int(id.description.drop { $0 != "." }.dropFirst()), tasks.indices.contains(number - 1) else {
      return nil
    }
    return tasks[number - 1]
  }

  /// What names a task's work among the facts of its run.
  func recipe(_ id: TaskID) -> Digest {
    Digest.of(pieces.map { "\($0.recipe)\n" }.joined() + "task \(id)")
  }
}

extension BodyPlan {
  /// What its tasks ask of machines, all steps together or the one that it runs.
  var hosts: HostNeeds? {
    let asked = job.steps.filter { only == nil || $0.name == only }.compactMap { HostNeeds($0.hostRequirements) }
    return asked.dropFirst().reduce(asked.first) { all, one in all.map { $0 + one } }
  }

  /// Whether its steps are to be tasks of their own: they are more than one, or their tasks are not the run's pieces.
  func isDivided(_ step: Step) -> Bool {
    only == nil && (job.steps.count > 1 || (step.body?.isOneTask ?? true || !step.isPerFrame) && tasksOfSteps > 1)
  }

  /// How long a chunk of frames should take and how many actions it has, one for each combination of its other
  /// parameters; nil where chunks have the size that the template says.
  var chunkTarget: (seconds: Int, actions: Int)? {
    guard only == nil, job.steps.count == 1, let space = job.steps.first?.space,
      let (name, numbers) = space.adaptive, name == frameTask
    else { return nil }
    return (numbers.chunks.targetSeconds ?? 0, max(1, space.count / numbers.count))
  }

  /// Of a job that was submitted on its own, as its template says it: how long a chunk should take, and its size.
  var jobChunks: OpenJD.Chunks? {
    guard only != nil, let step = job.steps.first(where: { $0.name == only }) else { return nil }
    return step.space.adaptive?.numbers.chunks
  }

  /// How many numbers of such chunks a task has, all its actions together; nil where their size is said.
  func chunkNumbers(of task: TaskFinished) -> Int? {
    guard let frames = task.frames else { return nil }
    if let target = chunkTarget { return frames.count * target.actions }
    let space = space
    guard jobChunks != nil, let name = space.adaptive?.name, let number = frames.frames.first,
      (1...space.count).contains(number), let text = space[number - 1][name]
    else { return nil }
    return (try? OpenJD.IntegerRange(text))?.count
  }

  /// How many tasks are done with chunks as the template says, before it is known how large they are to be; nil where
  /// there are too few for that. So many that those who wait have one each, and that they say enough.
  func probes(slots: Int) -> Int? {
    guard only != nil, let space = job.steps.first(where: { $0.name == only })?.space, let adaptive = space.adaptive
    else { return nil }
    let size = max(1, adaptive.numbers.chunks.tasks)
    let probes = max(1, min(slots, Limits.probedChunks), (Limits.probedNumbers + size - 1) / size)
    return probes <= adaptive.numbers.count && 2 * probes <= space.count ? probes : nil
  }

  private var tasksOfSteps: Int { job.steps.reduce(0) { $0 + min($1.space.count, Limits.sessionTasks) } }

  /// The order that runs one task.
  func session(for task: BodyParts.Task) -> OpenJD.SessionOrder {
    session(of: [(task.step, [task.values])])
  }
}
