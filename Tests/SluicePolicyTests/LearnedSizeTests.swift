import SluiceModel
import Testing

@testable import SluicePolicy

@Suite struct `A learned size` {
  private let sizes = Sizes([
    .xs: Amounts(cores: 1, memory: 100), .s: Amounts(cores: 2, memory: 200), .m: Amounts(cores: 4, memory: 400),
    .l: Amounts(cores: 8, memory: 800), .xl: Amounts(cores: 16, memory: 1_600),
  ])

  private func task(
    _ mebibytes: Int64?, cores: Double = 1, seconds: Double = 3_600, given: TaskShare? = nil, tries: [TaskTry]? = nil
  ) -> TaskFinished {
    var fact = TaskFinished(
      task: TaskID("r-0123456789ab.1"), attempt: 1, frames: nil, outcome: .succeeded, seconds: seconds,
      recipe: Digest.of("x"), log: "x")
    fact.given = given ?? size(.m)
    fact.used = mebibytes.map { TaskUse(memoryBytes: $0 << 20, cpuSeconds: cores * seconds) }
    fact.tries = tries
    return fact
  }

  private func size(_ name: SizeName) -> TaskShare { sizes.share(Need(StepNeeds(size: name), sizes)) }

  private func answer(_ tasks: [TaskFinished], now: TaskShare?) -> SizesAnswer.OfStep {
    var learned = LearnedSize()
    for task in tasks { learned.take(task) }
    return learned.answer(for: "render", now: now, sizes)
  }

  private func tasks(_ mebibytes: Int64..., cores: Double = 1) -> [TaskFinished] {
    mebibytes.map { task($0, cores: cores) }
  }

  @Test func `is the smallest that has what 19 tasks in 20 had, and a tenth of the memory on top`() {
    for (most, expected) in [(Int64(91), SizeName.xs), (92, .s), (182, .s), (183, .m), (1_455, .xl)] {
      let answer = answer(tasks(1, 1, 1, 1, most), now: size(.m))
      #expect(answer.suggested?.size == expected, "\(most)")
    }
    #expect(answer(tasks(1, 1, 1, 1, 1_456), now: size(.xl)).suggested == nil)
    let one = Array(repeating: task(50), count: 19) + [task(1_500)]
    let learned = answer(one, now: size(.m))
    #expect(learned.suggested?.size == .xs && learned.memory?.most == Double(1_500 << 20))
  }

  @Test func `has the cores that tasks keep busy`() {
    #expect(answer(tasks(1, 1, 1, 1, 1, cores: 3.05), now: size(.m)).suggested?.size == .m)
    #expect(answer(tasks(1, 1, 1, 1, 1, cores: 4.3), now: size(.m)).suggested?.size == .l)
    #expect(answer(tasks(1, 1, 1, 1, 1, cores: 4.3), now: size(.m)).verdict == .tooSmall)
  }

  @Test func `says whether what a step has is too large, too small, or fits`() {
    let measured = tasks(150, 150, 150, 150, 150)
    let said: [(TaskShare, SizesAnswer.Verdict)] = [
      (size(.xs), .tooSmall), (size(.s), .fits), (size(.m), .tooLarge),
      (TaskShare(cores: 1, memory: 160, gpus: 0), .fits), (TaskShare(cores: 1, memory: 0, gpus: 0), .unsaid),
      (TaskShare(cores: 3, memory: 300, gpus: 0), .tooLarge),
    ]
    for (now, verdict) in said { #expect(answer(measured, now: now).verdict == verdict, "\(now)") }
  }

  @Test func `prices what the wrong one wastes`() {
    let large = answer(tasks(150, 150, 150, 150, 150), now: size(.m))
    #expect(large.waste.coreHours == 10)
    #expect(large.waste.memoryGibibyteHours == (5 * 200.0 / 1_024 * 1_000).rounded() / 1_000)
    let stopped = TaskTry(
      agent: "a", given: size(.xs), seconds: 90, used: nil,
      failure: Failure(SluiceError(.taskOverMemory, what: "a", at: "b", fix: "c")))
    let small = answer(tasks(150, 150, 150, 150) + [task(150, tries: [stopped])], now: size(.xs))
    #expect((small.waste.stopped, small.waste.stoppedSeconds, small.waste.coreHours) == (1, 90, 0))
    #expect(small.text == "XS is too small: 19 tasks in 20 had at most 150.0 MiB; write needs: { size: S }.")
  }

  @Test func `is not suggested from few tasks, nor from tasks that nobody measured`() {
    let answer = answer(tasks(150, 150, 150, 150) + [task(nil)], now: size(.m))
    #expect((answer.tasks, answer.measured, answer.verdict) == (5, 4, .unknown))
    #expect(answer.suggested == nil && answer.text == "4 tasks were measured; from 5 on a size is suggested.")
  }

  @Test func `forgets all but the newest tasks`() {
    let old = Array(repeating: task(1_400), count: Limits.learnedTasks)
    let new = Array(repeating: task(50), count: Limits.learnedTasks)
    #expect(answer(old + new, now: size(.m)).memory?.most == Double(50 << 20))
    #expect(answer(old + new.dropLast(), now: size(.m)).memory?.most == Double(1_400 << 20))
  }

  @Test func `takes the nearest rank`() {
    for count in 1...200 {
      let p95 = LearnedSize.peak((1...count).map(Double.init).reversed())?.p95
      // 95 in 100 are no larger, and with the next smaller one it would be fewer.
      #expect(p95.map { $0 * 100 >= Double(count) * 95 && ($0 - 1) * 100 < Double(count) * 95 } == true, "\(count)")
    }
    #expect(LearnedSize.peak([]) == nil)
  }
}
