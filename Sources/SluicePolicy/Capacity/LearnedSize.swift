package import SluiceModel

/// Which size fits a step, learned from its newest tasks. Pure.
///
/// A size fits that has the memory and the cores of 19 tasks in 20 (p95, nearest rank), with a tenth of the memory on
/// top: the next scene is a little larger. The one task in twenty is run again one size up.
package struct LearnedSize: Sendable {
  private struct Seen: Sendable {
    let used: TaskUse?
    let given: TaskShare
    let seconds: Double
    let cores: Double
  }
  private var seen: [Seen] = []
  /// Where the next one goes once there are many.
  private var next = 0
  private var tasks = 0
  private var waste = SizesAnswer.Waste()

  package init() {}

  package mutating func take(_ task: TaskFinished) {
    guard task.outcome != .cancelled, let given = task.given else { return }
    tasks += 1
    for earlier in task.tries ?? [] where earlier.failure.code == ErrorCode.taskOverMemory.rawValue {
      waste.stopped += 1
      waste.stoppedSeconds += earlier.seconds
    }
    if task.failure?.code == ErrorCode.taskOverMemory.rawValue {
      waste.stopped += 1
      waste.stoppedSeconds += task.seconds
    }
    let cores = task.used.map { task.seconds > 0 ? $0.cpuSeconds / task.seconds : 0 } ?? 0
    let new = Seen(used: task.used, given: given, seconds: task.seconds, cores: cores)
    if seen.count < Limits.learnedTasks { return seen.append(new) }
    seen[next] = new
    next = (next + 1) % seen.count
  }

  /// - Parameter now: what the step's tasks are given now; nil for what the newest one was given.
  package func answer(for step: String, now: TaskShare?, _ sizes: Sizes) -> SizesAnswer.OfStep {
    let used = seen.compactMap(\.used)
    let newest = seen.isEmpty ? nil : seen[(next + seen.count - 1) % seen.count].given
    let now = now ?? newest ?? TaskShare(cores: 1, memory: 0, gpus: 0)
    let memory = LearnedSize.peak(used.map { Double($0.memoryBytes) })
    let cores = LearnedSize.peak(seen.filter { $0.used != nil }.map(\.cores))
    guard used.count >= Limits.learnedTasksLeast, let memory, let cores else {
      let words = used.isEmpty ? "No task was" : used.count == 1 ? "1 task was" : "\(used.count) tasks were"
      return SizesAnswer.OfStep(
        step: step, tasks: tasks, measured: used.count, now: now, memory: memory, cores: cores, verdict: .unknown,
        suggested: nil, waste: LearnedSize.rounded(waste),
        text: "\(words) measured; from \(Limits.learnedTasksLeast) on a size is suggested.")
    }
    let least = Amounts(
      cores: max(1, Int((cores.p95 - 0.1).rounded(.up))), memory: LearnedSize.mebibytes(memory.p95), gpus: now.gpus)
    let fitting = SizeName.allCases.map { (name: $0, amounts: sizes[$0]) }
      .filter { least.withHeadroom.fits(in: $0.amounts) }
      .min { ($0.amounts.memory, $0.amounts.cores) < ($1.amounts.memory, $1.amounts.cores) }
    let suggested = fitting.map {
      TaskShare(cores: $0.amounts.cores, memory: $0.amounts.memory, gpus: $0.amounts.gpus, size: $0.name)
    }
    let verdict = LearnedSize.verdict(now, least, suggested)
    var waste = waste
    for task in seen where verdict == .tooLarge {
      waste.coreHours += Double(max(0, task.given.cores - (suggested?.cores ?? 0))) * task.seconds / 3_600
      waste.memoryGibibyteHours +=
        Double(max(0, task.given.memory - (suggested?.memory ?? 0))) / 1_024 * task.seconds / 3_600
    }
    return SizesAnswer.OfStep(
      step: step, tasks: tasks, measured: used.count, now: now, memory: memory, cores: cores, verdict: verdict,
      suggested: suggested, waste: LearnedSize.rounded(waste), text: LearnedSize.text(verdict, now, memory, suggested))
  }

  private static func verdict(_ now: TaskShare, _ least: Amounts, _ suggested: TaskShare?) -> SizesAnswer.Verdict {
    if now.memory == 0 { return .unsaid }
    if now.memory < least.memory || now.cores < least.cores { return .tooSmall }
    guard let suggested else { return .fits }
    let (large, small) = (Amounts(now), Amounts(suggested))
    return small.fits(in: large) && small != large ? .tooLarge : .fits
  }

  private static func text(
    _ verdict: SizesAnswer.Verdict, _ now: TaskShare, _ memory: SizesAnswer.Peak, _ suggested: TaskShare?
  ) -> String {
    let (has, took) = (now.size?.rawValue ?? "What it has", ByteWords.text(Int64(memory.p95)))
    let fix =
      suggested?.size.map { "write needs: { size: \($0.rawValue) }" }
      ?? "no size is so large: write needs: { memory: \(mebibytes(memory.p95 * 1.1))M }"
    return switch verdict {
    case .fits: "\(has) fits: 19 tasks in 20 had at most \(took)."
    case .tooLarge: "\(has) is too large: 19 tasks in 20 had at most \(took); \(fix)."
    case .tooSmall: "\(has) is too small: 19 tasks in 20 had at most \(took); \(fix)."
    case .unsaid: "It says nothing of memory: 19 tasks in 20 had at most \(took); \(fix)."
    case .unknown: ""
    }
  }

  /// Of values by nearest rank: the smallest of which 95 in 100 are no larger.
  static func peak(_ values: [Double]) -> SizesAnswer.Peak? {
    let sorted = values.sorted()
    guard let most = sorted.last else { return nil }
    return SizesAnswer.Peak(p95: sorted[(sorted.count * 95 + 99) / 100 - 1], most: most)
  }

  private static func mebibytes(_ bytes: Double) -> Int { Int((bytes / 1_048_576).rounded(.up)) }

  private static func rounded(_ waste: SizesAnswer.Waste) -> SizesAnswer.Waste {
    var waste = waste
    waste.coreHours = (waste.coreHours * 1_000).rounded() / 1_000
    waste.memoryGibibyteHours = (waste.memoryGibibyteHours * 1_000).rounded() / 1_000
    waste.stoppedSeconds = (waste.stoppedSeconds * 1_000).rounded() / 1_000
    return waste
  }
}

extension Amounts {
  package init(_ share: TaskShare) { self.init(cores: share.cores, memory: share.memory, gpus: share.gpus) }

  /// With a tenth of its memory on top.
  fileprivate var withHeadroom: Amounts { Amounts(cores: cores, memory: memory + memory / 10, gpus: gpus) }
}

extension Sizes {
  package func share(_ need: Need) -> TaskShare {
    let amounts = need.amounts
    return TaskShare(cores: amounts.cores, memory: amounts.memory, gpus: amounts.gpus, size: name(of: amounts))
  }
}
