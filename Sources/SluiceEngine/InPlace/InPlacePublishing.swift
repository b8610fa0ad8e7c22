import SluiceGraph
import SluiceModel

/// What is recorded of files that stay where they lie. Nothing is copied.
struct InPlacePublishing: Sendable {
  let outside: any OutsideFiles

  /// The files of one product, hashed where that is asked for, or where they are small.
  func manifest(
    of request: ProductPublish, _ paths: [String], _ ref: ProductRef
  ) async throws(SluiceError) -> (manifest: Manifest, isHashed: Bool) {
    guard request.representations.count <= 1, request.representations.allSatisfy({ $0.files.isEmpty }),
      request.patch != true
    else {
      throw SluiceError(
        .publishManifest, what: "files in place are one representation, whole, and bring no bytes",
        at: "product '\(ref)'", fix: "leave out the files and --patch, or publish without --in-place")
    }
    let (found, isFolder) = try await outside.find(paths)
    let names = found.map(\.path)
    guard Set(names).count == names.count else {
      throw SluiceError(
        .publishManifest, what: "two files have one name", at: "product '\(ref)'", fix: "record the folder instead")
    }
    let asked = request.representations.first
    let kind = Shape.kind(names, isTree: isFolder || asked?.tree == true, isPatch: false)
    let name = asked?.name ?? Shape.defaultName(names, kind: kind)
    try NameRule.require(name, as: "representation", in: name)
    let isHashed = request.hash.map { $0 == .now } ?? (found.reduce(0) { $0 + $1.size } <= Limits.hashedAtOnceBytes)
    var files: [StoredFile] = []
    for file in found {
      var stored = StoredFile(
        path: file.path, frame: kind == .sequence ? FileName(file.path).frame : nil, size: file.size,
        sha256: file.place.standIn(size: file.size))
      stored.place = file.place
      if isHashed { stored.sha256 = try await outside.digest(stored) }
      files.append(stored)
    }
    let representation = Representation(name: name, kind: kind, files: files)
    if request.allowMissing != true, let holes = representation.frames?.holes, !holes.isEmpty {
      throw SluiceError(
        .publishHole, what: "the sequence lacks \(Reasons.spoken(holes))", at: "product '\(ref)'",
        fix: "add the missing frames, or publish with --allow-missing if they are meant to be missing")
    }
    return (Manifest(representations: [representation]), isHashed)
  }
}
