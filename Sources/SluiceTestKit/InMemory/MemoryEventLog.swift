package import SluiceModel
import Synchronization

/// A log that is gone with its process; it can be told to refuse, or to make writers wait.
package final class MemoryEventLog: EventLog {
  private struct State {
    var records: [(last: Int64, bytes: [UInt8])] = []
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
        state.records.append((last, record.bytes))
        places.append(last)
      }
      state.commits += 1
      return .success((places, state.witness, state.records.count))
    }
    let (places, witness, count) = try result.get()
    witness?(count)
    return places
  }

  package func read(after sequence: Int64, limit: Int) async throws(SluiceError) -> [StoredRecord] {
    let found = state.withLock { Array($0.records.lazy.filter { $0.last > sequence }.prefix(limit)) }
    var decoded: [StoredRecord] = []
    for (last, bytes) in found {
      do {
        decoded.append(StoredRecord(last: last, record: try StableJSON.decode(Record.self, from: bytes)))
      } catch {
        throw SluiceError(.logDamaged, what: "a record cannot be read: \(error)", at: "record \(last)", fix: "none")
      }
    }
    return decoded
  }

  package func head() async throws(SluiceError) -> Int64 { state.withLock { $0.records.last?.last ?? 0 } }
  package func blob(_ digest: Digest) throws(SluiceError) -> [UInt8]? { state.withLock { $0.blobs[digest] } }
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
