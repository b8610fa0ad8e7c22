package import SluiceModel

/// Puts the streams of several sites into an order in which no effect comes before its cause. Pure.
///
/// Records may arrive in any order, twice, and with gaps. Each is given out once: behind the one before it in its
/// stream, and behind everything that its writer had seen. Of each stream a bounded number is held back meanwhile; what
/// found no room has to be brought again, and `wanted` says so.
package struct CausalOrder: Sendable {
  /// A record with the stream that it comes from.
  package struct Placed: Sendable, Equatable {
    package let site: String
    package let stored: StoredRecord
    package init(site: String, stored: StoredRecord) { (self.site, self.stored) = (site, stored) }
  }

  /// A stretch of a stream that is known to exist and is not here.
  package struct Wanted: Sendable, Equatable {
    package let site: String
    /// The last event before the stretch, and the last event of it.
    package let after: Int64
    package let through: Int64
    package init(site: String, after: Int64, through: Int64) {
      (self.site, self.after, self.through) = (site, after, through)
    }
  }

  /// What has been given out, or was known when this began.
  package private(set) var frontier: Frontier
  private let room: Int
  private let following: Set<String>?
  private var held: [String: [StoredRecord]] = [:]
  /// The last event of each stream that somebody spoke of.
  private var known: Frontier

  /// - Parameters:
  ///   - frontier: what is known already.
  ///   - following: streams that are brought here; causes in any other are not waited for. Nil for all.
  ///   - room: records of each stream that are held back at most.
  package init(from frontier: Frontier, following: Set<String>? = nil, room: Int = Limits.heldRecords) {
    precondition(room > 0, "the next record of a stream always has room")
    (self.frontier, self.following, self.room, known) = (frontier, following, room, frontier)
  }

  /// Takes records of one stream in.
  /// - Returns: what can be given out now, in its order.
  /// - Throws: `log.damaged` where a record claims the place of another: the stream has forked.
  /// - Complexity: O(held records of the stream) for one that does not follow the last.
  package mutating func add(_ records: [StoredRecord], of site: String) throws(SluiceError) -> [Placed] {
    guard following?.contains(site) ?? true else { return [] }
    for record in records { try hold(record, of: site) }
    return release()
  }

  /// Stretches to bring, the next ones of each stream first.
  package var wanted: [Wanted] {
    var wanted: [Wanted] = []
    for site in known.sites where follows(site) {
      var last = frontier[site]
      for record in held[site] ?? [] {
        if record.first > last + 1 { wanted.append(Wanted(site: site, after: last, through: record.first - 1)) }
        last = record.last
      }
      if known[site] > last { wanted.append(Wanted(site: site, after: last, through: known[site])) }
    }
    return wanted
  }

  /// Records that wait for others.
  package var heldCount: Int { held.values.reduce(0) { $0 + $1.count } }

  private func follows(_ site: String) -> Bool { following?.contains(site) ?? true }

  // MARK: Holding

  private mutating func hold(_ record: StoredRecord, of site: String) throws(SluiceError) {
    known.advance(site, to: record.last)
    for (other, sequence) in record.record.seen.sequences { known.advance(other, to: sequence) }
    guard record.last > frontier[site] else { return }
    guard record.first > frontier[site] else { throw forked(site, record) }
    var stream = held[site] ?? []
    // Most records follow the last one.
    let place = (stream.last?.last ?? 0) < record.first ? stream.count : stream.firstIndex { $0.last >= record.first }
    if let place, place < stream.count {
      if stream[place] == record { return }
      guard record.last < stream[place].first else { throw forked(site, record) }
    }
    stream.insert(record, at: place ?? stream.count)
    // The furthest ahead is needed last.
    if stream.count > room { stream.removeLast() }
    held[site] = stream
  }

  private func forked(_ site: String, _ record: StoredRecord) -> SluiceError {
    SluiceError(
      .logDamaged, what: "two records of site '\(site)' claim the same place", at: "\(site):\(record.last)",
      fix: "one of the two logs is not the one it was: compare both sites' with `sluice log verify`")
  }

  // MARK: Giving out

  private mutating func release() -> [Placed] {
    var released: [Placed] = []
    var sites = held.keys.sorted()
    while !sites.isEmpty {
      let before = released.count
      for site in sites { releaseRun(of: site, into: &released) }
      if released.count == before { break }
      sites = held.keys.sorted()
    }
    return released
  }

  /// Everything of one stream that waits for no other stream.
  private mutating func releaseRun(of site: String, into released: inout [Placed]) {
    guard let stream = held[site] else { return }
    var count = 0
    while count < stream.count, stream[count].first == frontier[site] + 1, hasCauses(stream[count].record, of: site) {
      frontier.advance(site, to: stream[count].last)
      released.append(Placed(site: site, stored: stream[count]))
      count += 1
    }
    guard count > 0 else { return }
    held[site] = count == stream.count ? nil : Array(stream[count...])
  }

  private func hasCauses(_ record: Record, of site: String) -> Bool {
    record.seen.sequences.allSatisfy { other, sequence in
      other == site || !follows(other) || frontier.covers(other, sequence)
    }
  }
}
