import SluiceGraph
import SluiceModel

/// What is recorded of files that stay where they lie. Nothing is copied.
struct InPlacePublishing: Sendable {
  let outside: any OutsideFiles

  /// The files of one product, hashed where that is asked for, or where they are small.
  /// - Parameter base: what frames are laid over, of a patch; its other frames stay where they were recorded.
  func manifest(
    of request: ProductPublish, _ paths: [String], _ ref: ProductRef, over base: Manifest?
  ) async throws(SluiceError) -> (manifest: Manifest, isHashed: Bool) {
    guard request.representations.count <= 1, request.representations.allSatisfy({ $0.files.isEmpty }) else {
      throw SluiceError(
        .publishManifest, what: "files in place are one representation and bring no bytes",
        at: "product '\(ref)'", fix: "leave out the files, or publish without --in-place")
    }
    let (found, isFolder) = try await outside.find(paths)
    let names = found.map(\.path)
    guard Set(names).count == names.count else {
      throw SluiceError(
        .publishManifest, what: "two files have one name", at: "product '\(ref)'", fix: "record the folder instead")
    }
    let asked = request.representations.first
    let arrangement = try Arrangement(
      names, name: asked?.name, isTree: isFolder || asked?.tree == true, over: base, of: ref)
    var files = found.map { file in
      let place = arrangement.place(of: file.path)
      var stored = StoredFile(
        path: place.path, frame: place.frame, size: file.size, sha256: file.place.standIn(size: file.size))
      stored.place = file.place
      return stored
    }
    files += try await unchanged(arrangement.carried(besides: files), ref)
    let unread = files.reduce(0) { $0 + ($1.isHashed ? 0 : $1.size) }
    let isHashed = request.hash.map { $0 == .now } ?? (unread <= Limits.hashedAtOnceBytes)
    for index in files.indices where isHashed && !files[index].isHashed {
      files[index].sha256 = try await outside.digest(files[index])
    }
    let representation = arrangement.representation(files)
    if request.allowMissing != true, base == nil { try Shape.requireWhole(representation, at: "product '\(ref)'") }
    return (Manifest(representations: [representation]), files.allSatisfy(\.isHashed))
  }

  /// Files that a patch leaves as they are.
  /// - Throws: `place.changed` where one of them is not what was recorded.
  private func unchanged(_ files: [StoredFile], _ ref: ProductRef) async throws(SluiceError) -> [StoredFile] {
    guard let first = try await outside.differences(files).first else { return files }
    throw SluiceError(
      .placeChanged, what: "'\(first.place)', which the patch leaves as it was, is not what was recorded",
      at: "product '\(ref)'", fix: "publish the whole sequence")
  }
}
