package import SluiceModel
import Synchronization

/// Cursors that are gone with their process.
package final class MemoryCursors: CursorStore {
  private struct State {
    var cursors: [SubscriptionName: SavedDelivery] = [:]
    var dead: [SubscriptionName: [Int64: DeadLetter]] = [:]
    var secrets: [SubscriptionName: [UInt8]] = [:]
    var refusal: SluiceError?
  }
  private let state = Mutex(State())

  package init() {}

  /// Saving fails with this from now on; nil to mend it.
  package func refuse(_ error: SluiceError?) { state.withLock { $0.refusal = error } }

  package func cursor(of name: SubscriptionName) async throws(SluiceError) -> SavedDelivery? {
    state.withLock { $0.cursors[name] }
  }

  package func save(_ changes: [CursorChange]) async throws(SluiceError) {
    let refusal = state.withLock { state in
      guard state.refusal == nil else { return state.refusal }
      for change in changes {
        switch change {
        case .cursor(let name, let saved): state.cursors[name] = saved
        case .dead(let name, let letter): state.dead[name, default: [:]][letter.sequence] = letter
        case .delivered(let name, let sequence): state.dead[name]?[sequence] = nil
        case .secret(let name, let bytes): state.secrets[name] = bytes
        case .forget(let name): (state.cursors[name], state.dead[name], state.secrets[name]) = (nil, nil, nil)
        }
      }
      return nil
    }
    if let refusal { throw refusal }
  }

  package func deadLetters(
    of name: SubscriptionName, after sequence: Int64, limit: Int
  ) async throws(SluiceError) -> [DeadLetter] {
    state.withLock { state in
      Array(
        (state.dead[name] ?? [:]).values.filter { $0.sequence > sequence }.sorted { $0.sequence < $1.sequence }
          .prefix(limit))
    }
  }

  package func deadLetterCount(of name: SubscriptionName) async throws(SluiceError) -> Int {
    state.withLock { $0.dead[name]?.count ?? 0 }
  }

  package func secret(of name: SubscriptionName) async throws(SluiceError) -> [UInt8]? {
    state.withLock { $0.secrets[name] }
  }
}
