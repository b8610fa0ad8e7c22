package import SluiceModel

/// Which assets are in which shot: one register for each pair, so that sites cast without asking one another.
extension Registry {
  mutating func apply(_ fact: CastingChanged, _ event: Event, _ place: Place) -> [RowKey] {
    guard let shot = event.folder else { return [] }
    let add = Set(fact.add ?? [])
    return withProject(of: event) { project in
      var rows: [RowKey] = []
      for asset in add.union(fact.remove ?? []).sorted() {
        rows += project.write(.cast(shot, asset), "\(add.contains(asset))", event, place)
        project.showCast(shot, asset)
      }
      return rows
    }
  }
}

extension Project {
  /// The assets in a shot that are there and not omitted, by path: what `from: cast` gathers.
  package func cast(of shot: FolderPath) -> [FolderPath] {
    (casting[shot] ?? []).filter { folders[$0] != nil && omission(of: $0) == nil }.sorted()
  }

  /// Takes over what a register shows.
  mutating func showCast(_ shot: FolderPath, _ asset: FolderPath) {
    var assets = casting[shot] ?? []
    if registers[.cast(shot, asset)]?.value == "true" { assets.insert(asset) } else { assets.remove(asset) }
    casting[shot] = assets.isEmpty ? nil : assets
  }
}

/// That a folder is left out of the show: it or a folder above it was omitted.
package struct Omission: Sendable, Equatable {
  package let folder: FolderPath
  /// Who left it out and when; nil where nobody said it.
  package let write: Register.Write?

  /// `sq010/sh0030 was omitted (anna, Mon 23 Nov 14:23 UTC)`.
  package var text: String { "\(folder) was omitted" + (write.map { " (\(Reasons.by($0)))" } ?? "") }
}

extension Project {
  /// - Complexity: O(depth of the folder).
  package func omission(of path: FolderPath) -> Omission? {
    let folder = ([path] + path.ancestors).first { folders[$0]?.omitted == true }
    return folder.map { Omission(folder: $0, write: registers[.folderOmitted($0)]?.heads.first) }
  }
}
