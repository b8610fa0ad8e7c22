import SluiceGraph
package import SluiceModel

/// What a set of files is: one file, a sequence, or a tree. Pure.
package enum Shape {
  /// Files that differ only in the last number before the extension are one sequence: two or more, or a patch.
  package static func kind(_ paths: [String], isTree: Bool, isPatch: Bool) -> RepresentationKind {
    if isTree { return .tree }
    let names = paths.map { FileName($0) }
    let isSequence =
      names.allSatisfy { $0.frame != nil } && Set(names.map(\.sequenceKey)).count == 1
      && Set(names.compactMap(\.frame)).count == names.count
    if isSequence, paths.count > 1 || isPatch { return .sequence }
    return paths.count == 1 ? .file : .tree
  }

  /// - Throws: `publish.hole` for a sequence that lacks frames.
  static func requireWhole(
    _ representation: Representation, at place: String,
    fix: String = "add the missing frames, or publish with --allow-missing if they are meant to be missing"
  ) throws(SluiceError) {
    guard let holes = representation.frames?.holes, !holes.isEmpty else { return }
    throw SluiceError(.publishHole, what: "the sequence lacks \(Reasons.spoken(holes))", at: place, fix: fix)
  }

  /// `exr` for `plate.1001.exr`; `files` for a tree of many kinds.
  package static func defaultName(_ paths: [String], kind: RepresentationKind) -> String {
    let extensions = Set(paths.map { FileName($0).fileExtension.lowercased() })
    guard kind != .tree, extensions.count == 1, let only = extensions.first, NameRule.problem(in: only) == nil else {
      return "files"
    }
    return only
  }

  /// A patch laid over its base: patched frames keep the base's file names, new ones follow its pattern.
  package static func patchedPath(_ file: String, base: Representation) -> String {
    let name = FileName(file)
    guard let frame = name.frame else { return file }
    if let known = base.file(atFrame: frame) { return known.path }
    guard let model = base.files.first.map({ FileName($0.path) }) else { return file }
    let suffix = model.fileExtension.isEmpty ? "" : ".\(model.fileExtension)"
    return model.directory + model.base + FileName.padded(frame, width: model.digits.count) + model.tail + suffix
  }

  /// Frames whose content differs between two sequences, or that only one of them has.
  package static func changedFrames(_ new: Representation, since old: Representation) -> FrameSet? {
    guard new.kind == .sequence, old.kind == .sequence else { return nil }
    let before = Dictionary(old.files.map { ($0.frame, $0.identity) }, uniquingKeysWith: { first, _ in first })
    let after = Dictionary(new.files.map { ($0.frame, $0.identity) }, uniquingKeysWith: { first, _ in first })
    return FrameSet(Set(before.keys).union(after.keys).filter { before[$0] != after[$0] }.compactMap { $0 })
  }
}
