package import FoundationEssentials
package import SluiceModel
import Synchronization

/// A log that is gone with its process; it can be told to refuse, or to make writers wait.
package final class MemoryEventLog: EventLog {
  private struct State {
    var records: [LoggedRecord] = []
    var blobs: [Digest: [UInt8]] = [:]
    var refusal: SluiceError?
    var commits = 0
    var witness: (@Sendable (Int) -> Void)?
  }
  private let state: Mutex<State>
  /// Appends pass here before they are durable.
  package let door = Latch(isOpen: true)

  package init() { state = Mutex(State()) }
  private init(_ copied: State) { state = Mutex(copied) }

  /// A log with the first `count` records, as a crash would leave it; all blobs stay, they are durable earlier.
  package func prefix(_ count: Int) -> MemoryEventLog {
    var copied = state.withLock { $0 }
    copied.records = Array(copied.records.prefix(count))
    copied.witness = nil
    return MemoryEventLog(copied)
  }

  /// The next append fails with this, and nothing of it is there.
  package func refuse(_ error: SluiceError) { state.withLock { $0.refusal = error } }

  /// Hears of every record that became durable, with the number of records then.
  package func witness(_ tell: @escaping @Sendable (Int) -> Void) { state.withLock { $0.witness = tell } }

  package var commits: Int { state.withLock { $0.commits } }
  package var recordCount: Int { state.withLock { $0.records.count } }

  package func append(_ records: [EncodedRecord], blobs: [Blob]) async throws(SluiceError) -> [Int64] {
    await door.pass()
    let result = state.withLock { state -> Result<([Int64], (@Sendable (Int) -> Void)?, Int), SluiceError> in
      if let error = state.refusal {
        state.refusal = nil
        return .failure(error)
      }
      for blob in blobs { state.blobs[blob.digest] = blob.bytes }
      var last = state.records.last?.last ?? 0
      var places: [Int64] = []
      for record in records {
        last += Int64(record.record.events.count)
        state.records.append(LoggedRecord(last: last, count: record.record.events.count, bytes: record.bytes))
        places.append(last)
      }
      state.commits += 1
      return .success((places, state.witness, state.records.count))
    }
    let (places, witness, count) = try result.get()
    witness?(count)
    return places
  }

  package func scan(after sequence: Int64, limit: Int) async throws(SluiceError) -> [LoggedRecord] {
    state.withLock { state in
      let first = state.records.partitioningIndex { $0.last > sequence }
      var page: [LoggedRecord] = []
      var bytes = 0
      for record in state.records[first...].prefix(limit) {
        bytes += record.bytes.count
        if !page.isEmpty, bytes > Limits.scanBytes { break }
        page.append(record)
      }
      return page
    }
  }

  /// Nobody looks long for a place in what is in memory.
  package func sequence(before moment: Date) async throws(SluiceError) -> Int64 { 0 }

  package func head() async throws(SluiceError) -> Int64 { state.withLock { $0.records.last?.last ?? 0 } }
  package func blob(_ digest: Digest) throws(SluiceError) -> [UInt8]? { state.withLock { $0.blobs[digest] } }
}

extension Array {
  /// The first index whose element belongs to the second half, where all of the first half come before.
  fileprivate func partitioningIndex(where belongsToSecond: (Element) -> Bool) -> Int {
    var (low, high) = (startIndex, endIndex)
    while low < high {
      let middle = (low + high) / 2
      if belongsToSecond(self[middle]) { high = middle } else { low = middle + 1 }
    }
    return low
  }
}

/// Manifests read out of a log's blobs.
package struct LogManifests: ManifestSource {
  private let log: any EventLog
  package init(log: any EventLog) { self.log = log }

  package func manifest(_ digest: Digest) throws(SluiceError) -> Manifest {
    guard let bytes = try log.blob(digest), let manifest = try? StableJSON.decode(Manifest.self, from: bytes) else {
      throw SluiceError(.storeDamaged, what: "no manifest", at: "manifest \(digest)", fix: "none")
    }
    return manifest
  }
}
