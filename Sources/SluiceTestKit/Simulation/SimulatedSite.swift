import FoundationEssentials
import SluiceEngine
import SluiceGraph
import SluiceModel
import SluiceStorage

/// A site: its disk and clock, and while it runs the engine's state machines with a thin shell around them.
///
/// The shell does what the server's actors do, one step at a time: it writes before it answers, stores before it
/// applies, and saves a cursor after the delivery. What it shall do next it says in `Surroundings`.
package struct SimulatedSite: Sendable {
  let index: Int
  let name: String
  let sites: [String]
  var disk = SimulatedLogDisk()
  var clock = WanderingClock()
  var views = StoredViews()
  var cursor = StoredValue<SavedDelivery?>(nil)
  var followed = StoredValue(Frontier())
  /// Counts starts and stops: what was planned in another life does not happen.
  var life = 0
  var running: Running?
  /// Folders of the logs by stream; a log that was thrown away or restored is in a new one.
  var folders: [Int]
  /// Restores of the own log that were begun and not finished.
  var restores = 0
  /// The next sync of a mirror lands somewhere else.
  var misdirectsMirror = false
  /// The next crash takes the views along.
  var losesViews = false
  let chance: Seeded
  /// One person, with the same alias at every site; that names are synced before the log has an alias is not simulated.
  static let names = MemoryPersonNames()

  /// What a crash takes away.
  struct Running: Sendable {
    var phase: Phase
    var log: SegmentEngine
    var mirrors: [SegmentEngine]
    /// Durable records of each stream.
    var streams: [[Carried]]
    var intake: MirrorIntake
    /// Bytes of records that are on their way to the mirrors.
    var arriving: [String: [Int64: [UInt8]]] = [:]
    var callers: [WriterState.Ticket: [(command: CommandID, caller: Party)]] = [:]
    var appending: [WriterState.Pending] = []
    var storing: [CausalOrder.Placed] = []
    var isFlushPlanned = false
    var isStorePlanned = false
    var delivery: Delivery?
    var sending: Sending?
    var sends = 0
    var follower: CausalOrder
    var deliveredSinceSave = 0
  }

  enum Phase: Sendable {
    /// Not everything on disk can be applied: what it rests on was lost and has to come from other sites again.
    case recovering(Registry, CausalOrder, Unsaved)
    case open(WriterState)
  }

  /// Rows that were changed while the log was read, for the views.
  struct Unsaved: Sendable {
    var rows: Set<RowKey> = []
    var index = ContentIndex()
  }

  /// Events that a subscriber has not answered for.
  struct Sending: Sendable {
    var lane: Delivery.Lane
    var sequences: [Int64]
    var through: Int64
    var number: Int
  }

  enum Timer: Sendable {
    case flush, commit, store, stored, poll, saveViews, deliver, deliveryTimeout(Int), followerSave, number
  }

  init(index: Int, sites: [String], seed: UInt64) {
    (self.index, self.sites, name) = (index, sites, sites[index])
    folders = Array(repeating: 0, count: sites.count)
    chance = Seeded(seed: seed)
  }

  var isUp: Bool { running != nil }

  var writer: WriterState? {
    guard case .open(let writer)? = running?.phase else { return nil }
    return writer
  }

  /// Everything that this site shows.
  var registry: Registry? {
    switch running?.phase {
    case .open(let writer): writer.confirmed
    case .recovering(let registry, _, _): registry
    case nil: nil
    }
  }

  func ambient(at now: Int) -> Ambient {
    let date = clock.date(at: now)
    return Ambient(
      now: { date }, uptime: { .microseconds(now) }, random: { [chance] in chance.next() }, sleep: { _ in })
  }

  func milliseconds(at now: Int) -> Int64 { Int64(clock.microseconds(at: now) / 1_000) }

  func spoken(_ frontier: Frontier) -> String {
    frontier.isEmpty ? "nothing" : frontier.sites.map { "\($0):\(frontier[$0])" }.joined(separator: " ")
  }

  // MARK: What comes in

  mutating func hear(_ letter: Letter, _ world: inout Surroundings) {
    guard isUp else { return }
    switch letter.body {
    case .command(let id, let order): command(id, order, from: letter.from, &world)
    case .ask(let stream, let after, _): answer(letter.from, stream, after, &world)
    case .records(let stream, let records, _): receive(records, stream, from: letter.from, &world)
    case .received(let number): delivered(number, &world)
    case .refused(let count, let number): notDelivered(number, count, "the subscriber refused", &world)
    case .answer, .events: return
    }
  }

  mutating func ring(_ timer: Timer, _ world: inout Surroundings) {
    guard isUp else { return }
    switch timer {
    case .flush: flush(&world)
    case .commit: commit(&world)
    case .store: store(&world)
    case .stored: stored(&world)
    case .poll: poll(&world)
    case .saveViews: saveViews(&world)
    case .deliver: deliver(&world)
    case .deliveryTimeout(let number): notDelivered(number, 0, "no answer", &world)
    case .followerSave: saveFollower()
    case .number: giveNumbers(&world)
    }
  }

  /// The power goes, or the process ends: memory is lost, and of the disk what was not synced.
  mutating func crash(_ dice: inout Dice) {
    running = nil
    life += 1
    disk = disk.crash(seed: dice.next())
    disk.heal()
    views.crash(&dice)
    if losesViews { (views, losesViews) = (StoredViews(), false) }
    cursor.crash(&dice)
    followed.crash(&dice)
  }
}

/// Everything that a site can do to the world around it, gathered while it acts.
package struct Surroundings: Sendable {
  /// Microseconds of virtual time.
  var now: Int
  var dice: Dice
  var letters: [Letter] = []
  var timers: [(after: Int, timer: SimulatedSite.Timer)] = []
  var witness: Witness
  var pool: RecordPool
  /// What happened, in words; nil where nobody wants to know.
  var trace: [String]?
  /// The site's disk has no power.
  var hasCrashed = false
  /// The site cannot start: its log is damaged.
  var needsRestore = false

  mutating func say(_ text: @autoclosure () -> String) {
    if trace != nil { trace?.append("\(Scenario.spoken(now)) \(text())") }
  }

  mutating func after(_ microseconds: ClosedRange<Int>, _ timer: SimulatedSite.Timer) {
    timers.append((dice.within(microseconds), timer))
  }

  mutating func send(_ body: Letter.Body, from: Int, to: Party) {
    letters.append(Letter(from: .site(from), to: to, body: body))
  }
}

/// Records that were read once need not be decoded again, as long as their bytes are the same.
package struct RecordPool: Sendable {
  private var known: [String: [Int64: Carried]] = [:]
  /// Nothing is taken from the pool: every restart decodes what it reads.
  let isOff: Bool

  init(isOff: Bool) { self.isOff = isOff }

  mutating func add(_ carried: Carried, of site: String) { known[site, default: [:]][carried.stored.last] = carried }

  mutating func carried(_ logged: LoggedRecord, of site: String) throws(SluiceError) -> Carried {
    if !isOff, let known = known[site]?[logged.last], known.bytes == logged.bytes { return known }
    return Carried(stored: try logged.decoded(), bytes: logged.bytes)
  }
}
