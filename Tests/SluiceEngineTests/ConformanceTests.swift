import SluiceModel
import SluiceTestKit
import Testing

@Suite struct `The log in memory` {
  @Test(arguments: EventLogConformance.facts)
  func `does what every log must`(fact: EventLogFact) async throws {
    let log = MemoryEventLog()
    #expect(try await fact.holds(log) { log.prefix(.max) }, "\(fact)")
  }

  @Test(arguments: EventLogConformance.failures)
  func `fails as every log must`(fact: EventLogFailure) async throws {
    let log = MemoryEventLog()
    let full = SluiceError(.logFull, what: "the disk is full", at: "the log", fix: "free some space")
    let holds = try await fact.holds(log, { log.refuse(full) }, { log.prefix(.max) })
    #expect(holds, "\(fact)")
  }
}
