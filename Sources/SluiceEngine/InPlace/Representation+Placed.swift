import SluiceGraph
package import SluiceModel

extension Representation {
  /// The folder that files in place lie in, as their paths in the version begin there; nil for files in the store.
  package var placedDirectory: String? {
    guard let first = files.first, let place = first.place else { return nil }
    if place.path.hasSuffix("/" + first.path) { return String(place.path.dropLast(first.path.count + 1)) }
    return place.path.lastIndex(of: "/").map { String(place.path[..<$0]) } ?? place.path
  }

  /// Whether one name cannot stand for all files of a sequence in place, since they lie in several folders, or under
  /// other names than in the version.
  package var isScattered: Bool {
    guard kind == .sequence, let directory = placedDirectory else { return false }
    return files.contains { $0.place?.path != "\(directory)/\($0.path)" }
  }
}

extension Queries {
  /// Where the files of a version lie.
  func directory(of version: Version) throws(SluiceError) -> String {
    guard version.isInPlace else { return store.directoryPath(of: version.address) }
    let manifest = try manifests.manifest(version.published.manifest)
    return manifest.representations.first?.placedDirectory ?? store.directoryPath(of: version.address)
  }
}

extension Runner {
  /// - Throws: `task.input` where a file in place is not what was recorded, or nobody can say.
  func refuseDamagedInputs(of order: RunOrder) async throws(SluiceError) {
    for source in order.assessment.inputs.flatMap(\.sources).flatMap(\.all) {
      guard let version = source.version, version.isInPlace else { continue }
      var found = version.damageError ?? NoOutsideFiles.refusal
      if let inPlace = parts.inPlace {
        do throws(SluiceError) {
          guard let error = try await inPlace.check(version) else { continue }
          found = error
        } catch { found = error }
      }
      throw SluiceError(
        .taskInput, what: "\(order.unit.id) cannot use its input: \(found.what)", at: found.at, fix: found.fix)
    }
  }
}
