import Synchronization

/// Files by their path, for the in-memory store and workshop.
package final class MemoryDisk: Sendable {
  private struct State {
    var files: [String: [UInt8]] = [:]
    var links: [String: String] = [:]
  }
  private let state: Mutex<State>

  package init() { state = Mutex(State()) }
  private init(_ copied: State) { state = Mutex(copied) }

  /// The same files, from now on apart: what a crash at this moment would leave.
  package func copy() -> MemoryDisk { MemoryDisk(state.withLock { $0 }) }

  /// What a path holds, links followed; nil for what is not there.
  package func read(_ path: String) -> [UInt8]? {
    state.withLock { $0.files[$0.links[path] ?? path] }
  }

  package func text(_ path: String) -> String? { read(path).map { String(decoding: $0, as: UTF8.self) } }
  package func write(_ bytes: [UInt8], to path: String) { state.withLock { $0.files[path] = bytes } }
  package func write(_ text: String, to path: String) { write(Array(text.utf8), to: path) }
  package func link(_ path: String, to target: String) { state.withLock { $0.links[path] = target } }

  /// - Returns: whether there was a file to move.
  package func move(_ from: String, to path: String) -> Bool {
    state.withLock { state in
      guard let bytes = state.files.removeValue(forKey: from) else { return false }
      state.files[path] = bytes
      return true
    }
  }

  /// Takes away a file, or everything below a folder.
  package func remove(_ path: String) {
    state.withLock { state in
      state.files = state.files.filter { $0.key != path && !$0.key.hasPrefix(path + "/") }
      state.links = state.links.filter { $0.key != path && !$0.key.hasPrefix(path + "/") }
    }
  }

  /// Files and links below a folder, sorted.
  package func paths(below folder: String) -> [String] {
    state.withLock { state in
      (Array(state.files.keys) + Array(state.links.keys)).filter { $0.hasPrefix(folder + "/") }.sorted()
    }
  }
}
