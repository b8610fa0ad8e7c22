package import SluiceModel

/// What a site takes in of other sites: put in order, made durable on its own disk, and only then applied. Pure.
///
/// Whoever applied, or told of, what is not on disk could forget it in a crash, while its own facts already rest on it.
package struct MirrorIntake: Sendable {
  /// What is on this site's disk, of all streams: as far as it may be told to others.
  package private(set) var durable: Frontier
  private var order: CausalOrder
  private var ready: [CausalOrder.Placed] = []
  private var storing: [CausalOrder.Placed] = []
  private let room: Int

  package init(from durable: Frontier, room: Int = Limits.heldRecords) {
    (self.durable, self.room) = (durable, room)
    order = CausalOrder(from: durable, room: room)
  }

  /// Stretches to ask other sites for.
  package var wanted: [CausalOrder.Wanted] { order.wanted }
  /// What has arrived in order, on disk or not: what comes next is behind it.
  package var arrived: Frontier { order.frontier }

  /// While too much waits for the disk, what arrives is passed over: it has to be brought again.
  /// - Throws: `log.damaged` where a stream has forked.
  package mutating func arrive(_ records: [StoredRecord], of site: String) throws(SluiceError) {
    guard ready.count < room else { return }
    ready += try order.add(records, of: site)
  }

  /// Our own records, which the log has made durable: others may wait for them.
  package mutating func wrote(_ records: [StoredRecord], at site: String) throws(SluiceError) {
    ready += try order.add(records, of: site).filter { $0.site != site }
    for record in records { durable.advance(site, to: record.last) }
  }

  /// The records that go to the mirrors next, in this order; empty while none waits.
  package mutating func nextBatch() -> [CausalOrder.Placed] {
    precondition(storing.isEmpty, "one batch at a time")
    let count = min(ready.count, Limits.recordsPerCommit)
    storing = Array(ready.prefix(count))
    ready.removeFirst(count)
    return storing
  }

  /// The batch is durable.
  /// - Returns: what is to be applied, in this order.
  package mutating func stored() -> [CausalOrder.Placed] {
    let batch = storing
    storing = []
    for placed in batch { durable.advance(placed.site, to: placed.stored.last) }
    return batch
  }

  /// The batch could not be written, or only a part of it: it comes again, and what the mirrors have of it already must
  /// not be written twice.
  package mutating func refuse() {
    ready = storing + ready
    storing = []
  }
}
