import SluiceGraph
import SluiceModel

/// How files that are published become a representation: as a whole, or as frames laid over those of a version.
struct Arrangement: Sendable {
  let name: String
  let kind: RepresentationKind
  /// What frames are laid over, of a patch.
  let base: Representation?

  /// - Parameter base: a sequence that the files are laid over.
  /// - Throws: for a name that no representation can have.
  init(_ paths: [String], name: String?, isTree: Bool, over base: Representation?) throws(SluiceError) {
    self.base = base
    kind = Shape.kind(paths, isTree: isTree, isPatch: base != nil)
    self.name = base?.name ?? name ?? Shape.defaultName(paths, kind: kind)
    try NameRule.require(self.name, as: "representation", in: self.name)
  }

  /// - Parameter base: the version that a patch is laid over.
  /// - Throws: `publish.patch` where the files are no frames of one sequence of it.
  init(
    _ paths: [String], name: String?, isTree: Bool, over base: Manifest?, of ref: ProductRef
  ) throws(SluiceError) {
    let over = try base.map { (base) throws(SluiceError) in
      try Arrangement.sequence(of: base, named: name, for: paths, isTree: isTree, of: ref)
    }
    try self.init(paths, name: name, isTree: isTree, over: over)
  }

  /// Where a file stands in the representation.
  func place(of path: String) -> (path: String, frame: Int?) {
    let path = base.map { Shape.patchedPath(path, base: $0) } ?? path
    return (path, kind == .sequence ? FileName(path).frame : nil)
  }

  /// The frames of the base that the files leave as they are.
  func carried(besides files: [StoredFile]) -> [StoredFile] {
    guard let base else { return [] }
    let new = Set(files.map(\.frame))
    return base.files.filter { !new.contains($0.frame) }
  }

  /// - Parameter files: all of them, carried ones too.
  func representation(_ files: [StoredFile]) -> Representation {
    Representation(name: name, kind: kind, files: files)
  }

  /// The sequences of a version that a file may be a frame of: by name where one is said, else by extension.
  static func sequences(of manifest: Manifest, named name: String?, for path: String) -> [Representation] {
    let wanted = FileName(path).fileExtension.lowercased()
    return manifest.representations.filter { representation in
      guard representation.kind == .sequence else { return false }
      if let name { return representation.name == name }
      return representation.files.first.map { FileName($0.path).fileExtension.lowercased() } == wanted
    }
  }

  private static func sequence(
    of base: Manifest, named name: String?, for paths: [String], isTree: Bool, of ref: ProductRef
  ) throws(SluiceError) -> Representation {
    let found = sequences(of: base, named: name, for: paths[0])
    let areFrames = Shape.kind(paths, isTree: isTree, isPatch: true) == .sequence
    if areFrames, found.count == 1 { return found[0] }
    let wanted = FileName(paths[0]).fileExtension.lowercased()
    throw SluiceError(
      .publishPatch,
      what: areFrames
        ? "'\(ref)' has no sequence of .\(wanted) files to lay these frames over"
        : "a patch is made of numbered frames",
      at: "product '\(ref)'", fix: "patch with files such as plate.1012.\(wanted), or publish the whole version")
  }
}
