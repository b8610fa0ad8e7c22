package import SluiceModel
import Synchronization

/// The names of people in a file beside the log that only the server's user may read: one JSON object a line.
///
/// A new name is added at the end and synced; the line that a crash cut off is nobody's yet and is dropped. An erasure
/// writes the file anew beside the old one and puts it in its place.
package final class NamesFile: PersonNames {
  private struct State {
    var known: KnownNames
    /// Known and not in the file yet, oldest first.
    var new: [Person] = []
  }

  private let path: String
  private let ambient: Ambient
  private let syncs: SyncSwitch
  private let state: Mutex<State>
  /// Whatever touches the file goes through it, one thing after another.
  private let queue = BlockingQueue("names", width: 1)

  /// - Throws: `names.damaged`, `store.denied`, `store.full`.
  package init(path: String, ambient: Ambient, syncs: SyncSwitch = .all) throws(SluiceError) {
    (self.path, self.ambient, self.syncs) = (path, ambient, syncs)
    Disk.remove(path + ".new")
    let people = try NamesLines.read(path)
    state = Mutex(State(known: KnownNames(people)))
  }

  package var known: KnownNames { state.withLock { $0.known } }

  package func alias(of name: String) throws(SluiceError) -> PersonAlias {
    if let alias = PersonAlias(name) { return alias }
    let alias = state.withLock { state -> PersonAlias? in
      if let alias = state.known.alias(of: name) { return alias }
      guard state.known.count < Limits.people else { return nil }
      var alias = PersonAlias(chance: ambient.random())
      while state.known[alias] != nil { alias = PersonAlias(chance: ambient.random()) }
      let person = Person(alias: alias, name: name, since: Timestamp.rounded(ambient.now()))
      state.known.add(person)
      state.new.append(person)
      return alias
    }
    guard let alias else { throw SluiceError.tooManyPeople(name) }
    return alias
  }

  package func settle() async throws(SluiceError) {
    guard state.withLock({ !$0.new.isEmpty }) else { return }
    try await write { () throws(SluiceError) in
      let new = self.state.withLock { $0.new }
      try NamesLines.append(new, to: self.path, syncs: self.syncs)
      // Others may have come behind them meanwhile; only this queue takes any away.
      self.state.withLock { $0.new.removeFirst(new.count) }
    }
  }

  package func erase(
    _ aliases: Set<PersonAlias>, recording record: () async throws(SluiceError) -> Void
  ) async throws(SluiceError) {
    let hidden = state.withLock { $0.known.remove(aliases) }
    do throws(SluiceError) {
      try await record()
      try await write { () throws(SluiceError) in
        let (known, new) = self.state.withLock { ($0.known, $0.new.count) }
        try NamesLines.write(known.all, to: self.path, syncs: self.syncs)
        self.state.withLock { $0.new.removeFirst(new) }
      }
    } catch {
      state.withLock { state in
        for person in hidden { state.known.add(person) }
        // Another erasure may have written the file without them.
        state.new += hidden
      }
      throw error
    }
  }

  /// All names as they are now, in another file.
  package func copy(to target: String) throws(SluiceError) { try NamesLines.write(known.all, to: target, syncs: syncs) }

  private func write(_ work: @escaping @Sendable () throws(SluiceError) -> Void) async throws(SluiceError) {
    do throws(SluiceError) {
      try await queue.run(work)
    } catch {
      throw error.ofNames
    }
  }
}

extension SluiceError {
  /// Without the names nothing can be recorded, and what waits for the log waits for them alike.
  fileprivate var ofNames: SluiceError {
    code == .storeFull
      ? SluiceError(
        .logFull, what: "the disk is full, and nothing was recorded", at: at,
        fix: "free some space; nothing else is needed, the next command goes through")
      : SluiceError(.logFailed, what: what, at: at, fix: fix)
  }
}
