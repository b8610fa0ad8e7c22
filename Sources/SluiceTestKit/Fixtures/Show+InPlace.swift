import SluiceGraph
package import SluiceModel

/// Files that stay where they lie.
extension Show {
  /// Publishes one file in place.
  @discardableResult
  package mutating func publish(
    _ spoken: String, inPlace state: InPlaceState, file text: String, as name: String = "lut.cube"
  ) throws -> VersionID {
    try publish(
      spoken, inPlace: state,
      Representation(
        name: FileName(name).fileExtension, kind: .file,
        files: [
          stored(name, nil, text)
        ]))
  }

  /// Publishes a sequence in place.
  @discardableResult
  package mutating func publish(
    _ spoken: String, inPlace state: InPlaceState, frames: FrameSet, _ text: (Int) -> String = { "frame \($0)" }
  ) throws -> VersionID {
    let files = frames.frames.map { stored("plate.\(FileName.padded($0, width: 4)).exr", $0, text($0)) }
    return try publish(spoken, inPlace: state, Representation(name: "exr", kind: .sequence, files: files))
  }

  private mutating func publish(
    _ spoken: String, inPlace state: InPlaceState, _ read: Representation
  ) throws -> VersionID {
    var representation = read
    for index in representation.files.indices {
      let file = representation.files[index]
      // Another time of the last change for each publish.
      let place = FilePlace(path: "/mnt/\(file.path)", modified: Int64(events.count), inode: 7)
      representation.files[index].place = place
      if state == .unhashed { representation.files[index].sha256 = place.standIn(size: file.size) }
    }
    return try publish(spoken, Manifest(representations: [representation]), inPlace: state)
  }

  /// The bytes of the latest version in place have been read.
  package mutating func hash(_ spoken: String, _ text: (Int?) -> String) throws {
    guard let version = try latest(spoken) else { return }
    var manifest = try manifests.manifest(version.published.manifest)
    for index in manifest.representations[0].files.indices {
      let file = manifest.representations[0].files[index]
      manifest.representations[0].files[index].sha256 = stored(file.path, file.frame, text(file.frame)).sha256
    }
    try record(
      .versionHashed(
        VersionHashed(
          version: version.address.version, manifest: keep(manifest),
          representations: manifest.representations.map(\.summary))),
      product: version.address.product)
  }

  /// A file of the latest version is not what was recorded.
  package mutating func damage(_ spoken: String) throws {
    guard let version = try latest(spoken),
      let file = try manifests.manifest(version.published.manifest).representations[0].files.first,
      let place = file.place
    else { return }
    let first = FileDifference(
      file, at: place, now: FileDifference.State(size: file.size + 1, modified: place.modified))
    try record(
      .versionDamaged(VersionDamaged(version: version.address.version, files: 1, first: first)),
      product: version.address.product)
  }
}
