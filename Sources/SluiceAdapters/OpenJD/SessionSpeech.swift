import SluiceModel
import Synchronization

/// What an action says: its lines, what of them is written, and what they change. Heard on the thread that waits for
/// its process.
final class SessionSpeech: Sendable {
  /// What was heard, for whoever goes on when the action has ended.
  struct Heard: Sendable {
    var changes: [(name: String, value: String?)] = []
    var redactions: OpenJD.Redactions
    /// What the action says of its failure, the last of it.
    var failure: String?
    /// Why the action must end.
    var refusal: String?
    fileprivate var line: [UInt8] = []
  }

  private let state: Mutex<Heard>
  private let log: TaskLog
  private let speaks: Bool
  private let redacts: Bool

  /// - Parameters:
  ///   - speaks: whether what it says of variables counts.
  ///   - redacts: whether variables that are not to be shown are set.
  init(into log: TaskLog, speaks: Bool, redacts: Bool, _ redactions: OpenJD.Redactions) {
    (self.log, self.speaks, self.redacts) = (log, speaks, redacts)
    state = Mutex(Heard(redactions: redactions))
  }

  var heard: Heard { state.withLock { $0 } }

  func take(_ bytes: UnsafeRawBufferPointer) {
    state.withLock { state in
      state.line += bytes
      var start = 0
      while let newline = state.line[start...].firstIndex(of: 0x0A) {
        hear(state.line[start..<newline], &state)
        start = newline + 1
      }
      state.line.removeFirst(start)
      // A line without end is written in pieces; nobody says anything in so long a line.
      if state.line.count > Limits.sessionLineBytes {
        let line = state.line
        state.line = []
        hear(line[...], &state)
      }
    }
  }

  /// Nothing more comes.
  func finish() {
    state.withLock { state in
      let line = state.line
      state.line = []
      if !line.isEmpty { hear(line[...], &state) }
    }
  }

  private func hear(_ bytes: ArraySlice<UInt8>, _ state: inout Heard) {
    let line = String(decoding: bytes.last == 0x0D ? bytes.dropLast() : bytes, as: UTF8.self)
    var written = line
    switch OpenJD.SessionMessage(line: line) {
    case .failure(let words): state.failure = words
    case .set(let name, let value): if speaks { state.changes.append((name, value)) }
    case .unset(let name): if speaks { state.changes.append((name, nil)) }
    case .setRedacted(let name, let value):
      state.redactions.add(value)
      // A value that was written as JSON stands there in another spelling.
      if let equals = line.firstIndex(of: "=") { state.redactions.add(String(line[line.index(after: equals)...])) }
      if redacts, speaks { state.changes.append((name, value)) }
    case .malformed(let words, let endsAction):
      written += " -- ERROR: \(words)"
      // What tasks say of variables is not heard, and so cannot be wrong, unless it is misspelt.
      if endsAction, speaks || !words.hasPrefix("Failed") { state.refusal = state.refusal ?? words }
    case .progress, .status, nil: break
    }
    log.write(Array(state.redactions.applied(to: written).utf8) + [0x0A])
  }
}
