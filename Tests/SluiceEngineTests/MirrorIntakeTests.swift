import FoundationEssentials
import SluiceEngine
import SluiceModel
import Testing

private func record(_ last: Int64, seen: [String: Int64] = [:]) -> StoredRecord {
  let event = Event(
    id: EventID("e\(last)"), time: Date(timeIntervalSince1970: 0), site: "nyc", actor: .system,
    fact: .unknown(type: "sluice.note.v1", critical: false, content: .none))
  return StoredRecord(last: last, record: Record(seen: Frontier(seen), events: [event]))
}

extension [CausalOrder.Placed] {
  fileprivate var names: [String] { map { "\($0.site):\($0.stored.last)" } }
}

@Suite struct `What a site takes in of others` {
  @Test func `is not told of before it is durable`() throws {
    var intake = MirrorIntake(from: Frontier())
    try intake.arrive([record(1), record(2)], of: "nyc")
    #expect(intake.arrived == Frontier(["nyc": 2]) && intake.durable.isEmpty)
    #expect(intake.nextBatch().names == ["nyc:1", "nyc:2"])
    #expect(intake.durable.isEmpty)
    #expect(intake.stored().names == ["nyc:1", "nyc:2"])
    #expect(intake.durable == Frontier(["nyc": 2]))
  }

  @Test func `comes again when the disk refused it`() throws {
    var intake = MirrorIntake(from: Frontier())
    try intake.arrive([record(1)], of: "nyc")
    _ = intake.nextBatch()
    try intake.arrive([record(2)], of: "nyc")
    intake.refuse()
    #expect(intake.durable.isEmpty)
    #expect(intake.nextBatch().names == ["nyc:1", "nyc:2"])
  }

  @Test func `waits for its causes, and says what it wants`() throws {
    var intake = MirrorIntake(from: Frontier())
    try intake.arrive([record(1, seen: ["lon": 1])], of: "nyc")
    #expect(intake.nextBatch().isEmpty)
    #expect(intake.wanted == [CausalOrder.Wanted(site: "lon", after: 0, through: 1)])
  }

  @Test func `goes on once our own record, its cause, is durable; and ours is not stored twice`() throws {
    var intake = MirrorIntake(from: Frontier())
    try intake.arrive([record(1, seen: ["lon": 1])], of: "nyc")
    try intake.wrote([record(1)], at: "lon")
    #expect(intake.durable == Frontier(["lon": 1]))
    #expect(intake.nextBatch().names == ["nyc:1"])
  }

  @Test func `is passed over while too much waits for the disk, and can be brought again`() throws {
    var intake = MirrorIntake(from: Frontier(), room: 2)
    try intake.arrive([record(1), record(2)], of: "nyc")
    try intake.arrive([record(3)], of: "nyc")
    #expect(intake.arrived == Frontier(["nyc": 2]))
    _ = intake.nextBatch()
    _ = intake.stored()
    try intake.arrive([record(3)], of: "nyc")
    #expect(intake.arrived == Frontier(["nyc": 3]))
  }

  @Test func `is refused where the stream has forked`() throws {
    var intake = MirrorIntake(from: Frontier())
    try intake.arrive([record(3)], of: "nyc")
    let other = StoredRecord(last: 3, record: Record(seen: Frontier(["lon": 9]), events: record(3).record.events))
    #expect(throws: SluiceError.self) { try intake.arrive([other], of: "nyc") }
  }
}
