import FoundationEssentials
package import SluiceModel
import Synchronization

/// Names that are gone with their process; aliases are counted, so that the same calls give the same ones.
package final class MemoryPersonNames: PersonNames {
  private struct State {
    var known = KnownNames()
    var made: UInt64 = 0
    var unsettled: Set<PersonAlias> = []
    var refusal: SluiceError?
  }
  private let state = Mutex(State())

  package init() {}

  /// Settling and erasing fail with this from now on; nil to mend it.
  package func refuse(_ error: SluiceError?) { state.withLock { $0.refusal = error } }
  /// Aliases that a crash now would take away.
  package var unsettled: Set<PersonAlias> { state.withLock { $0.unsettled } }

  package var known: KnownNames { state.withLock { $0.known } }

  package func alias(of name: String) throws(SluiceError) -> PersonAlias {
    if let alias = PersonAlias(name) { return alias }
    return state.withLock { state in
      if let alias = state.known.alias(of: name) { return alias }
      state.made += 1
      let alias = PersonAlias(chance: state.made)
      state.known.add(Person(alias: alias, name: name, since: Date(timeIntervalSince1970: 1_795_000_000)))
      state.unsettled.insert(alias)
      return alias
    }
  }

  package func settle() async throws(SluiceError) {
    let refusal = state.withLock { state in
      if state.refusal == nil || state.unsettled.isEmpty {
        state.unsettled = []
        return SluiceError?.none
      }
      return state.refusal
    }
    if let refusal { throw refusal }
  }

  package func erase(
    _ aliases: Set<PersonAlias>, recording record: () async throws(SluiceError) -> Void
  ) async throws(SluiceError) {
    let hidden = state.withLock { $0.known.remove(aliases) }
    do throws(SluiceError) {
      try await record()
      if let refusal = state.withLock({ $0.refusal }) { throw refusal }
    } catch {
      state.withLock { state in hidden.forEach { state.known.add($0) } }
      throw error
    }
  }
}
