import SluiceModel
import SluicePolicy
import Testing

/// Whose fault it is that tasks fail.
@Suite struct `Blame` {
  private let agents = [AgentID("one"), AgentID("two")]
  private let broken: StepOfProject
  private let sound: StepOfProject

  init() throws {
    let project = try ProjectName("demo")
    (broken, sound) = (
      StepOfProject(project: project, step: "broken"), StepOfProject(project: project, step: "sound")
    )
  }

  private func farm(of steps: [StepOfProject]) -> Scheduler {
    var scheduler = Scheduler(Scheduler.Rules(failuresInARow: 3))
    for id in agents {
      _ = scheduler.join(id, host: "\(id)", has: Amounts(cores: 1, memory: 0), labels: [:], now: .zero)
    }
    for (index, step) in steps.enumerated() {
      scheduler.add(
        RunID("r\(index)"), tasks: 1, need: Need(Amounts(cores: 1, memory: 0)), tier: .normal, of: step)
    }
    return scheduler
  }

  /// The next task ends on an agent; what is told of it.
  private func end(
    _ outcome: Scheduler.Outcome, on agent: Int, _ scheduler: inout Scheduler
  ) throws -> [Scheduler.Notice] {
    let lease = try #require(scheduler.poll(agents[agent], now: .zero).first)
    return scheduler.finish(lease.token, by: agents[agent], outcome).notices
  }

  @Test func `a step that fails on two agents is broken itself, and no agent is in quarantine for it`() throws {
    var scheduler = farm(of: Array(repeating: broken, count: 12))
    for turn in 0..<12 { #expect(try end(.failed, on: turn % 2, &scheduler) == []) }
    #expect(agents.allSatisfy { scheduler.agents[$0]?.standing == .active })
  }

  @Test func `an agent that is in quarantine for a step comes out when it fails elsewhere`() throws {
    var scheduler = farm(of: Array(repeating: broken, count: 5))
    let notices = try (0..<3).map { _ in try end(.failed, on: 0, &scheduler) }
    #expect(notices == [[], [], [.quarantined(agents[0])]])
    #expect(try end(.failed, on: 1, &scheduler) == [.acquitted(agents[0])])
    #expect(scheduler.agents[agents[0]]?.standing == .active)
  }

  @Test func `one on which other steps fail too stays there`() throws {
    var scheduler = farm(of: [broken, sound, broken, broken])
    for _ in 0..<3 { _ = try end(.failed, on: 0, &scheduler) }
    #expect(try end(.failed, on: 1, &scheduler) == [])
    #expect(scheduler.agents[agents[0]]?.standing == .quarantined)
  }

  @Test func `a step that succeeds somewhere is sound again`() throws {
    var scheduler = farm(of: Array(repeating: broken, count: 6))
    _ = try end(.failed, on: 0, &scheduler)
    _ = try end(.failed, on: 1, &scheduler)
    _ = try end(.succeeded, on: 1, &scheduler)
    #expect(try end(.failed, on: 0, &scheduler) == [])
    #expect(try end(.failed, on: 0, &scheduler) == [.quarantined(agents[0])])
  }

  @Test func `an agent that is lost in quarantine comes back without it`() throws {
    var scheduler = farm(of: Array(repeating: broken, count: 5))
    for _ in 0..<3 { _ = try end(.failed, on: 0, &scheduler) }
    _ = scheduler.hear(agents[1], working: [], now: .seconds(31))
    _ = scheduler.tick(now: .seconds(31))
    #expect(scheduler.agents[agents[0]]?.standing == .lost)
    let lease = try #require(scheduler.poll(agents[1], now: .seconds(31)).first)
    #expect(scheduler.finish(lease.token, by: agents[1], .failed).notices == [.acquitted(agents[0])])
    _ = scheduler.hear(agents[0], working: [], now: .seconds(32))
    #expect(scheduler.agents[agents[0]]?.standing == .active)
  }

  @Test func `one that somebody took out of quarantine is not let out of the next by what was before`() throws {
    var scheduler = farm(of: [broken, broken, broken, sound, sound, sound, broken])
    for _ in 0..<3 { _ = try end(.failed, on: 0, &scheduler) }
    scheduler.setStanding(.active, of: agents[0])
    for _ in 0..<3 { _ = try end(.failed, on: 0, &scheduler) }
    #expect(scheduler.agents[agents[0]]?.standing == .quarantined)
    #expect(try end(.failed, on: 1, &scheduler) == [])
    #expect(scheduler.agents[agents[0]]?.standing == .quarantined)
  }
}
