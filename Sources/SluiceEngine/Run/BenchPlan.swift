import SluiceGraph
package import SluiceModel

/// What a bench looks like for a run, and what each task's command becomes there. Pure.
///
/// Inputs stand under the name of their product: `in/plate/plate.1012.exr`, gathered ones below their folder's name:
/// `in/reviews/sh0010/review_frames.1012.png`, cast ones below its whole path. What an input names by references stands
/// below it as in the project: `in/scene.through/assets/chair/texture.png`. Outputs are written to
/// `out/<output>/<files>`.
package struct BenchPlan: Sendable {
  package let links: [WorkLink]
  private let unit: Unit
  private let directory: String
  private struct Place {
    var folder: String
    /// The whole input as one file name: `plate.####.exr` or `show_lut.cube`; nil for a tree, which is its folder.
    var name: String?
    var frames: FrameSet?
    /// Which of its frames a task takes, around its own; nil for all.
    var offsets: ClosedRange<Int>?
  }
  private let inputs: [String: [Place]]
  private let parameters: [String: String]

  /// - Parameters:
  ///   - directory: the bench's absolute path.
  ///   - frames: the frames that tasks will work on; of inputs that are taken frame by frame, only these and neighbours
  ///     that are asked for are linked.
  package init(
    _ order: RunOrder, frames: FrameSet, directory: String, manifests: any ManifestSource, store: any VersionStore
  ) throws(SluiceError) {
    (unit, self.directory) = (order.unit, directory)
    parameters = order.assessment.told?.parameters ?? [:]
    var links: [WorkLink] = []
    var inputs: [String: [Place]] = [:]
    var linked: Set<String> = []
    func lay(_ source: InputState.Source, below folder: String) throws(SluiceError) -> Representation? {
      guard let version = source.version, let summary = source.representation,
        let files = try manifests.manifest(version.published.manifest).representation(named: summary.name)
      else { return nil }
      let wanted = BenchPlan.frames(of: source, for: frames)
      for file in files.files where wanted.map({ $0.contains(file.frame ?? 0) }) ?? true {
        let name = folder + "/" + BenchPlan.name(of: file, kind: files.kind, product: source.product.name)
        guard linked.insert(name).inserted else { continue }
        links.append(
          WorkLink(
            name: name,
            target: file.place?.path
              ?? store.path(of: file.path, representation: files.name, at: version.address),
            file: file))
      }
      return files
    }
    for state in order.assessment.inputs {
      for source in state.sources {
        var folder = "in/\(state.input.name)"
        if state.input.gather != .here { folder += "/" + source.product.place(in: state.input.gather) }
        if let files = try lay(source, below: folder) {
          let all = files.frames
          inputs[state.input.name, default: []].append(
            Place(
              folder: folder, name: BenchPlan.wholeName(files, product: source.product.name),
              frames: source.limit.flatMap { limit in all.map(limit.intersection) } ?? all,
              offsets: BenchPlan.offsets(source.relations)))
        }
        for named in source.named {
          let above = named.product.folder.isRoot ? "" : "/\(named.product.folder)"
          _ = try lay(named, below: BenchPlan.through(state.input.name) + above)
        }
      }
    }
    (self.links, self.inputs) = (links, inputs)
  }

  private static func through(_ input: String) -> String { "in/\(input).through" }

  /// The frames of a sequence that tasks need; nil for every file.
  private static func frames(of source: InputState.Source, for frames: FrameSet) -> FrameSet? {
    guard source.representation?.kind == .sequence else { return nil }
    var wanted = FrameSet.empty
    for relation in source.relations {
      if let offsets = relation.offsets {
        wanted = wanted.union(frames.widened(by: offsets))
      } else if let limit = source.limit {
        wanted = wanted.union(limit)
      } else {
        return nil
      }
    }
    return wanted
  }

  /// What spans the relations to all outputs.
  private static func offsets(_ relations: [FrameRelation]) -> ClosedRange<Int>? {
    let found = relations.compactMap(\.offsets)
    guard found.count == relations.count, let first = found.map(\.lowerBound).min(),
      let last = found.map(\.upperBound).max()
    else { return nil }
    return first...last
  }

  private static func name(of file: StoredFile, kind: RepresentationKind, product: String) -> String {
    let suffix = file.fileExtension.isEmpty ? "" : ".\(file.fileExtension)"
    switch kind {
    case .file: return product + suffix
    case .sequence: return "\(product).\(FileName.padded(file.frame ?? 0, width: 4))\(suffix)"
    case .tree: return file.path
    }
  }

  private static func wholeName(_ files: Representation, product: String) -> String? {
    let suffix = files.files.first.map { $0.fileExtension.isEmpty ? "" : ".\($0.fileExtension)" } ?? ""
    switch files.kind {
    case .file: return product + suffix
    case .sequence: return "\(product).####\(suffix)"
    case .tree: return nil
    }
  }

  // MARK: Outputs

  package var outputFolders: [String] { unit.step.outputs.map { "out/\($0.name)" } }

  /// The files that a piece must make.
  package func outputs(of piece: RunOrder.Piece) -> [WorkOutput] {
    zip(unit.step.outputs, piece.recipes).map { output, recipe in
      let name = piece.frame.map { FileName.fill(output.files, frame: $0) } ?? output.files
      return WorkOutput(
        path: "out/\(output.name)/\(name)", name: name, frame: piece.frame, identity: output.identity,
        recipe: recipe)
    }
  }

  /// Whether a file name is one that a pattern with `####` stands for, and of which frame.
  package static func frame(of name: String, pattern: String) -> Int? {
    guard let first = pattern.firstIndex(of: "#"), let last = pattern.lastIndex(of: "#") else { return nil }
    let (before, after) = (pattern[..<first], pattern[pattern.index(after: last)...])
    guard name.hasPrefix(before), name.hasSuffix(after), name.count > before.count + after.count else { return nil }
    return Int(name.dropFirst(before.count).dropLast(after.count))
  }

  // MARK: Commands

  /// The arguments of a task; every path is absolute.
  package func arguments(for pieces: [RunOrder.Piece]) throws(SluiceError) -> [String] {
    var filled: [String] = []
    for argument in unit.step.command {
      filled += try CommandTemplate(argument).arguments { values(of: $0, pieces) }
    }
    return filled
  }

  /// What a text with placeholders becomes for all pieces of a run; several values are one a line.
  func text(_ text: String, for pieces: [RunOrder.Piece]) throws(SluiceError) -> String {
    try CommandTemplate(text).arguments { values(of: $0, pieces) }.joined(separator: "\n")
  }

  private func values(of placeholder: CommandTemplate.Placeholder, _ pieces: [RunOrder.Piece]) -> [String] {
    let frames = FrameSet(pieces.compactMap(\.frame))
    switch placeholder.name {
    case "folder": return [unit.folder.parameter(placeholder.field)]
    case "frame":
      switch placeholder.field {
      case "first": return [frames.first.map(String.init) ?? ""]
      case "last": return [frames.last.map(String.init) ?? ""]
      default: return [frames.description]
      }
    default: break
    }
    if let value = parameters[placeholder.name] { return [value] }
    if let output = unit.step.outputs.first(where: { $0.name == placeholder.name }) {
      let place = Place(folder: "out/\(output.name)", name: output.files, frames: frames)
      return [value(place, field: placeholder.field, isOwn: true)]
    }
    let input = unit.inputs.first { $0.input.name == placeholder.name }
    if let input, input.input.link == .reference { return input.products.map(\.spoken) }
    if placeholder.field == "through" { return [directory + "/" + BenchPlan.through(placeholder.name)] }
    return (inputs[placeholder.name] ?? []).map { place in
      var place = place
      if let offsets = place.offsets {
        place.frames = place.frames.map(frames.widened(by: offsets).intersection)
      }
      return value(place, field: placeholder.field, isOwn: place.offsets == 0...0)
    }
  }

  /// - Parameter isOwn: whether the frames are the task's own: then one frame is one file.
  private func value(_ place: Place, field: String?, isOwn: Bool) -> String {
    let folder = directory + "/" + place.folder
    let frames = place.frames ?? .empty
    switch field {
    case "dir": return folder
    case "printf": return place.name.map { FileName.printf(folder + "/", name: $0) } ?? folder
    case "range": return frames.first.flatMap { first in frames.last.map { "\(first)-\($0)" } } ?? ""
    case "first": return frames.first.map(String.init) ?? ""
    case "last": return frames.last.map(String.init) ?? ""
    default:
      guard let name = place.name else { return folder }
      guard isOwn, unit.step.isPerFrame, unit.step.chunk == 1, unit.step.body == nil, let frame = frames.first else {
        return folder + "/" + name
      }
      return folder + "/" + FileName.fill(name, frame: frame)
    }
  }
}
