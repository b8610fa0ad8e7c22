import SluiceModel
import SluiceTestKit
import Testing

@Suite struct `The log in memory` {
  @Test(arguments: EventLogConformance.facts)
  func `does what every log must`(fact: EventLogFact) async throws {
    let log = MemoryEventLog()
    #expect(try await fact.holds(log) { log.prefix(.max) }, "\(fact)")
  }
}
