package import SluiceModel
import Synchronization

/// Views that are gone with their process.
package final class MemoryViews: ViewStore {
  private struct State {
    var head: ViewHead?
    var rows: [ViewRow] = []
    var content: [(sha256: Digest, recipe: Digest?, place: ContentPlace)] = []
    var commands: [CommandID: Int64] = [:]
  }
  private let state = Mutex(State())
  private let manifests: any ManifestSource

  package init(manifests: any ManifestSource) { self.manifests = manifests }

  package func head() async throws(SluiceError) -> ViewHead? { state.withLock { $0.head } }

  package func page(after last: ViewPage.End?) async throws(SluiceError) -> ViewPage? {
    let pages = ViewPage.pages(of: state.withLock { $0.rows }, bytes: MemoryViews.pageBytes)
    guard let last else { return pages.first }
    return pages.first { page in page.end.map { (last.model, last.key) < ($0.model, $0.key) } ?? false }
  }
  /// So few that some shows have several pages.
  private static let pageBytes = 4_096

  package func save(_ changes: [ViewRow], index: ContentIndex, head: ViewHead) async throws(SluiceError) {
    var content: [(sha256: Digest, recipe: Digest?, place: ContentPlace)] = []
    for (address, digest) in index.published {
      for representation in try manifests.manifest(digest).representations {
        for file in representation.files {
          content.append(
            (
              file.sha256, file.recipe,
              ContentPlace(address: address, representation: representation.name, path: file.path)
            ))
        }
      }
    }
    let (found, commands) = (content, index.commands)
    state.withLock { state in
      for change in changes {
        state.rows.removeAll { $0.model == change.model && $0.key == change.key }
        if change.body != nil { state.rows.append(change) }
      }
      for entry in found {
        state.content.removeAll { $0.place == entry.place }
        state.content.append(entry)
      }
      for (command, last) in commands where state.commands[command] == nil { state.commands[command] = last }
      state.head = head
    }
  }

  package func clear() async throws(SluiceError) { state.withLock { $0 = State() } }

  package func versions(holding digest: Digest, limit: Int) async throws(SluiceError) -> [ContentPlace] {
    state.withLock { $0.content.reversed().filter { $0.sha256 == digest }.prefix(limit).map(\.place) }
  }

  package func outputs(ofRecipe recipe: Digest) async throws(SluiceError) -> [ContentPlace] {
    state.withLock { $0.content.reversed().filter { $0.recipe == recipe }.map(\.place) }
  }

  package func records(ofCommands commands: [CommandID]) async throws(SluiceError) -> [CommandID: Int64] {
    state.withLock { state in
      commands.reduce(into: [:]) { found, command in found[command] = state.commands[command] }
    }
  }
}
