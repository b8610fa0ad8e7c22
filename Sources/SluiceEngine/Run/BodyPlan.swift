import SluiceGraph
import SluiceModel

/// What a template becomes for a run: one job, whose tasks are dealt to the run's tasks. Pure.
struct BodyPlan: Sendable {
  /// Sessions of this attempt of the run; those of a job serve all its steps.
  var key: String
  var endsWithRun: Bool { only == nil }
  /// The task parameter whose values are frames.
  var frameTask: String? { body.frameTask }
  let job: OpenJD.Job
  private let template: OpenJD.JobTemplate
  private let body: StepBody
  private let place: String
  private let directory: String
  private let rules: [OpenJD.PathMappingRule]
  /// Of steps whose task parameter of whole numbers is the frame: their tasks by frame.
  private var tasks: [String: [Int: [Int]]] = [:]
  /// Only this step of the template.
  private(set) var only: String?
  /// Its tasks, where its chunks have another size than the template says.
  private var dealt: OpenJD.DealtSpace?
  /// By what it is known how long numbers of its chunks took before.
  let pace: String

  /// - Parameters:
  ///   - pieces: all that the run has to make.
  ///   - bench: the absolute path of the run's bench.
  ///   - folder: what relative paths in the template start from.
  /// - Throws: `openjd.…` where the template makes no job of these values.
  init(
    _ order: RunOrder, pieces: [RunOrder.Piece], plan: BenchPlan, key: String, bench: String, folder: String
  ) throws(SluiceError) {
    let step = order.unit.step
    guard let body = step.body else { preconditionFailure("a step without a body has no plan for it") }
    var values: [String: String] = [:]
    for (name, text) in body.parameters { values[name] = try plan.text(text, for: pieces) }
    let frames = FrameSet(pieces.compactMap(\.frame))
    if let name = body.framesParameter { values[name] = OpenJD.IntegerRange.text(frames.frames) }
    let place = "\(order.unit.id), template\(body.file.map { " \($0)" } ?? "")"
    do throws(TemplateProblems) {
      let checked = try TemplateFile.read(json: body.template)
      guard case .job(let template) = checked.template else {
        preconditionFailure("a body was read as a job template")
      }
      self.template = template
      job = try template.job(values, folders: OpenJD.Folders(template: folder, working: bench))
    } catch {
      throw error.problems[0].error(file: place)
    }
    (self.key, self.body, self.place, directory, rules) = (key, body, place, bench + "/session", [])
    pace = step.name
    for step in job.steps { index(step) }
  }

  /// One step of a job that was submitted on its own.
  /// - Parameter directory: where its sessions work.
  init(_ submitted: SubmittedJob, step: String, key: String, directory: String) throws(SluiceError) {
    do throws(TemplateProblems) {
      guard case .job(let template) = try TemplateFile.read(json: submitted.template).template else {
        preconditionFailure("a job was read as a job template")
      }
      self.template = template
      job = try submitted.job()
    } catch {
      throw error.problems[0].error(file: "job '\(submitted.name)'")
    }
    body = StepBody(template: "", parameters: [:])
    (self.key, self.directory, place) = (key, directory, "job '\(submitted.name)', step '\(step)'")
    (rules, only) = (submitted.rules ?? [], step)
    pace = "\(Digest.of(submitted.template).hex.prefix(16)) \(step)"
  }

  /// The tasks of the one step that it runs.
  var space: OpenJD.DealtSpace { dealt ?? OpenJD.DealtSpace(job.steps.first { $0.name == only }?.space ?? .single) }

  /// Gives its chunks another size, where they can have it.
  /// - Parameter probes: so many tasks before them keep theirs.
  mutating func deal(by size: Int, after probes: Int) {
    guard let others = space(dealtBy: size), let space = job.steps.first(where: { $0.name == only })?.space else {
      return
    }
    dealt = OpenJD.DealtSpace(space, probes: probes, others: others, by: size)
  }

  private func space(dealtBy size: Int) -> OpenJD.ParameterSpace? {
    guard let space = job.steps.first(where: { $0.name == only })?.space,
      let combination = template.steps.first(where: { $0.name == only })?.parameterSpace?.combination
    else { return nil }
    let parameters = space.parameters.map { parameter in
      guard case .chunks(let chunks) = parameter.values, chunks.chunks.isAdaptive else { return parameter }
      return OpenJD.ParameterSpace.Parameter(
        name: parameter.name, type: parameter.type, values: .chunks(chunks.dealt(by: size)))
    }
    guard let dealt = try? OpenJD.ParameterSpace(parameters, combination: combination),
      dealt.count <= Limits.sessionTasks
    else { return nil }
    return dealt
  }

  private mutating func index(_ step: OpenJD.Job.Step) {
    guard let name = body.frameTask,
      step.space.parameters.contains(where: { $0.name == name && $0.type == .int }),
      step.space.count <= Limits.sessionTasks
    else { return }
    var byFrame: [Int: [Int]] = [:]
    for task in 0..<step.space.count {
      if let frame = step.space[task][name].flatMap({ Int(template: $0) }) { byFrame[frame, default: []].append(task) }
    }
    tasks[step.name] = byFrame
  }

  /// What makes pieces of the run.
  /// - Throws: `task.input` where the template has no task for a frame.
  func session(for pieces: [RunOrder.Piece]) throws(SluiceError) -> OpenJD.SessionOrder {
    var parts: [(step: String, values: [[String: String]])] = []
    if let only {
      let space = space
      parts = [(only, pieces.compactMap { $0.frame.map { space[$0 - 1] } })]
    } else {
      let frames = FrameSet(pieces.compactMap(\.frame))
      for name in job.order {
        guard let step = job.steps.first(where: { $0.name == name }) else { continue }
        parts.append((name, try values(of: step, frames: frames)))
      }
    }
    let order = session(of: parts)
    guard (1...Limits.sessionTasks).contains(order.taskCount) else {
      throw SluiceError(
        .taskInput, what: "the template makes \(order.taskCount) tasks; 1 to \(Limits.sessionTasks) can be run",
        at: place, fix: "look at its parameter space: `sluice job summary` counts its tasks")
    }
    return order
  }

  func session(of tasks: [(step: String, values: [[String: String]])]) -> OpenJD.SessionOrder {
    job.session(key: key, directory: directory, tasks: tasks, rules: rules)
  }

  private func values(of step: OpenJD.Job.Step, frames: FrameSet) throws(SluiceError) -> [[String: String]] {
    let space = step.space
    if let byFrame = tasks[step.name] {
      return try frames.frames.map { (frame) throws(SluiceError) in
        guard let found = byFrame[frame] else {
          throw SluiceError(
            .taskInput, what: "the template has no task for frame \(frame) in its step '\(step.name)'", at: place,
            fix: "let the range of '\(body.frameTask ?? "")' hold every frame, or take it from a parameter")
        }
        return found.map { space[$0] }
      }.flatMap { $0 }
    }
    guard let name = body.frameTask, let chunked = try chunked(step, name, frames) else {
      return (0..<min(space.count, Limits.sessionTasks + 1)).map { space[$0] }
    }
    return (0..<min(chunked.count, Limits.sessionTasks + 1)).map { chunked[$0] }
  }

  /// The step's tasks with only these frames in its chunks; nil where it has none.
  private func chunked(
    _ step: OpenJD.Job.Step, _ name: String, _ frames: FrameSet
  ) throws(SluiceError) -> OpenJD.ParameterSpace? {
    guard let at = step.space.parameters.firstIndex(where: { $0.name == name && $0.type == .chunk }),
      case .chunks(let chunks) = step.space.parameters[at].values,
      let combination = template.steps.first(where: { $0.name == step.name })?.parameterSpace?.combination
    else { return nil }
    var parameters = step.space.parameters
    parameters[at] = OpenJD.ParameterSpace.Parameter(
      name: name, type: .chunk, values: .chunks(chunks.dealing(Array(frames.frames))))
    do {
      return try OpenJD.ParameterSpace(parameters, combination: combination)
    } catch {
      throw SluiceError(.openjdRange, what: error.what, at: place, fix: "associate no other parameter with the frames")
    }
  }
}
