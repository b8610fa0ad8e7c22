import SluiceGraph
package import SluiceModel

extension Representation {
  /// The folder that files in place lie in, as their paths in the version begin there; nil for files in the store.
  package var placedDirectory: String? {
    guard let first = files.first, let place = first.place else { return nil }
    guard place.path.hasSuffix("/" + first.path) else { return Disk.parent(of: place.path) }
    return String(place.path.dropLast(first.path.count + 1))
  }

  private enum Disk {
    static func parent(of path: String) -> String {
      path.lastIndex(of: "/").map { String(path[..<$0]) } ?? path
    }
  }
}

extension Queries {
  /// Where the files of a version in place lie.
  func inPlaceDirectory(of version: Version) throws(SluiceError) -> String {
    let manifest = try manifests.manifest(version.published.manifest)
    return manifest.representations.first?.placedDirectory ?? store.directoryPath(of: version.address)
  }
}

extension Runner {
  /// - Throws: `task.input` where a file in place is not what was recorded.
  func refuseDamagedInputs(of order: RunOrder) async throws(SluiceError) {
    guard let inPlace = parts.inPlace else { return }
    for version in order.assessment.inputs.lazy.flatMap(\.sources).compactMap(\.version) where version.isInPlace {
      guard let error = await inPlace.check(version) else { continue }
      throw SluiceError(
        .taskInput, what: "\(order.unit.id) cannot use its input: \(error.what)", at: error.at, fix: error.fix)
    }
  }
}
