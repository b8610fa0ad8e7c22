import SluiceModel
import SluicePolicy
import Testing

@Suite struct `A run that is put in line again` {
  private static let small = Amounts(cores: 1, memory: 1)
  private let agent = AgentID("a0")

  private func farm() -> Scheduler {
    var scheduler = Scheduler(.init(sizes: [Self.small, Amounts(cores: 1, memory: 4)]))
    _ = scheduler.join(agent, host: "h", has: Amounts(cores: 8, memory: 8), labels: [:], now: .zero)
    return scheduler
  }

  @Test func `has the tries left that it had`() throws {
    var scheduler = farm()
    scheduler.add(
      RunID("r"), tasks: 1, need: Need(Self.small), tier: .normal, attempts: 3, tried: [0: EarlierTries(failures: 1)])
    let second = try #require(scheduler.poll(agent, now: .zero).first)
    #expect(scheduler.finish(second.token, by: agent, .failed).receipt == .retried)
    let third = try #require(scheduler.poll(agent, now: .zero).first)
    #expect(scheduler.finish(third.token, by: agent, .failed).receipt == .taken)
  }

  @Test func `has the size that it was moved up to, and is moved up once`() throws {
    var scheduler = farm()
    let larger = Amounts(cores: 1, memory: 4)
    scheduler.add(
      RunID("r"), tasks: 2, need: Need(Self.small), tier: .normal, tried: [1: EarlierTries(enlarged: larger)])
    let given = scheduler.poll(agent, now: .zero)
    #expect(Set(given.map { [$0.task, $0.need.amounts.memory] }) == [[0, 1], [1, 4]])
    let large = try #require(given.first { $0.task == 1 })
    #expect(scheduler.finish(large.token, by: agent, .overMemory).receipt == .taken)
  }

  @Test func `is not made smaller than its step says now`() {
    var scheduler = farm()
    scheduler.add(
      RunID("r"), tasks: 1, need: Need(Amounts(cores: 1, memory: 6)), tier: .normal,
      tried: [0: EarlierTries(enlarged: Amounts(cores: 1, memory: 4))])
    #expect(scheduler.poll(agent, now: .zero).map(\.need.amounts.memory) == [6])
  }

  @Test func `waits for a person where it waited for one`() {
    var scheduler = farm()
    scheduler.add(
      RunID("r"), tasks: 4, need: Need(Self.small), tier: .normal, hold: .look,
      tried: [2: EarlierTries(enlarged: Amounts(cores: 1, memory: 4))])
    #expect(scheduler.poll(agent, now: .zero) == [])
    #expect(scheduler.why(RunID("r"), task: 1, now: .zero)?.reason == .look)
    let isPassed = scheduler.pass(RunID("r"))
    let given = scheduler.poll(agent, now: .zero)
    #expect(isPassed && Set(given.map(\.task)) == [0, 1, 2, 3])
  }

  @Test func `starts nothing where it was paused`() {
    var scheduler = farm()
    scheduler.add(RunID("r"), tasks: 2, need: Need(Self.small), tier: .normal, isPaused: true)
    #expect(scheduler.poll(agent, now: .zero) == [])
    #expect(scheduler.why(RunID("r"), task: 0, now: .zero)?.reason == .paused)
    scheduler.setPaused(false, RunID("r"))
    #expect(scheduler.poll(agent, now: .zero).count == 2)
  }

  @Test func `tells what its tries were from what was recorded of them`() {
    let failure = { (code: ErrorCode) in Failure(SluiceError(code, what: "x", at: "y", fix: "z")) }
    func tried(_ agent: String, _ code: ErrorCode, next: TaskShare? = nil) -> TaskRetried {
      let share = TaskShare(cores: 1, memory: 1, gpus: 0)
      let tried = TaskTry(agent: agent, given: share, seconds: 1, used: nil, failure: failure(code))
      return TaskRetried(TaskID("r.1"), attempt: 1, tried, next: next)
    }
    let tries = EarlierTries([
      tried("a", .taskFailed), tried("b", .taskOverMemory, next: TaskShare(cores: 2, memory: 4, gpus: 0)),
      tried("c", .taskTimedOut),
    ])
    #expect(
      tries == EarlierTries(failures: 2, enlarged: Amounts(cores: 2, memory: 4), failedOn: AgentID("c")))
    #expect(EarlierTries([TaskRetried]()).isEmpty)
  }
}

@Suite struct `An agent that joins` {
  @Test func `is what was said of it`() {
    var scheduler = Scheduler(.init())
    for (name, standing) in [("a", FarmAgent.Standing.draining), ("b", .paused), ("c", .quarantined)] {
      let id = AgentID(name)
      _ = scheduler.join(
        id, host: "h", has: Amounts(cores: 1, memory: 1), labels: [:], now: .zero, said: FarmAgent.Said(standing))
      #expect(scheduler.agents[id]?.said == FarmAgent.Said(standing))
      scheduler.add(RunID(name), tasks: 1, need: Need(Amounts(cores: 1, memory: 1)), tier: .normal)
      #expect(scheduler.poll(id, now: .zero) == [])
      scheduler.setStanding(.active, of: id)
      let given = scheduler.poll(id, now: .zero)
      #expect(scheduler.agents[id]?.said == nil && given.count == 1)
    }
  }

  @Test func `comes out of quarantine when the steps for which it is there are broken themselves`() throws {
    var scheduler = Scheduler(.init())
    let step = StepOfProject(project: try ProjectName("demo"), step: "work")
    let (bad, one, two) = (AgentID("bad"), AgentID("one"), AgentID("two"))
    let has = Amounts(cores: 1, memory: 1)
    _ = scheduler.join(
      bad, host: "h", has: has, labels: [:], now: .zero, said: FarmAgent.Said(.quarantined, suspects: [step]))
    for (number, id) in [one, two].enumerated() {
      _ = scheduler.join(id, host: "h", has: has, labels: [:], now: .zero)
      scheduler.add(RunID("r\(number)"), tasks: 1, need: Need(has), tier: .normal, of: step)
      let lease = try #require(scheduler.poll(id, now: .zero).first)
      let notices = scheduler.finish(lease.token, by: id, .failed).notices
      #expect(notices == (id == two ? [.acquitted(bad)] : []))
    }
  }
}
