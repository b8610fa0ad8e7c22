package import SluiceGraph
package import SluiceModel

/// What one file was made from, spelled out: no digest of digests, no shortcut.
package struct Trace: Sendable, Hashable {
  package struct Core: Sendable, Hashable {
    package var command: [String]
    package var inputs: [String: FrameRelations]
    package var outputs: [String: String]
    package var parameters: [String: String]
    package var tools: [String: ToolVersion]
  }
  /// A file that was seen: where, and what was in it.
  package struct Seen: Sendable, Hashable {
    package var place: String
    package var identity: Digest
  }
  package var core: Core
  package var inputs: [String: [Seen]]
}

extension Show {
  /// What an output of a unit would be made from now, for one frame or as a whole.
  /// - Parameter output: which of the unit's outputs.
  package func trace(of unit: Unit, frame: Int?, output: Int = 0) throws -> Trace {
    var inputs: [String: [Trace.Seen]] = [:]
    let name = unit.step.outputs[output].name
    for input in unit.inputs where input.input.link == .dependency {
      let relation = input.input.frames.of(name)
      inputs[input.input.name] = try input.products.flatMap { product in
        try seen(product, input.input, relation, frames: frame.map { [$0] }, place: "")
      }
    }
    return Trace(core: core(of: unit), inputs: inputs)
  }

  private func core(of unit: Unit) -> Trace.Core {
    var parameters: [String: String] = [:]
    for placeholder in unit.step.placeholders where placeholder.name == "folder" {
      parameters["\(placeholder)"] =
        placeholder.field.map { unit.folder.attributes[$0] ?? "" } ?? "\(unit.folder.path)"
    }
    let old = unit.outputs.first.flatMap { project.newest(of: $0) }?.published.made?.tools
    return Trace.Core(
      command: unit.step.command,
      inputs: Dictionary(
        uniqueKeysWithValues: unit.step.inputs.filter { $0.link == .dependency }.map { ($0.name, $0.frames) }),
      outputs: Dictionary(uniqueKeysWithValues: unit.step.outputs.map { ($0.name, "\($0.identity) \($0.files)") }),
      parameters: parameters,
      tools: unit.step.tools.reduce(into: [:]) { found, name in found[name] = tools[name] ?? old?[name] })
  }

  /// The files of a product that a relation gives for frames (nil: for all), and of everything that it names.
  /// - Parameter place: through which products it is seen.
  private func seen(
    _ product: ProductRef, _ input: StepInput, _ relation: FrameRelation, frames: Set<Int>?, place: String
  ) throws -> [Trace.Seen] {
    guard let version = project.version(of: product, input.tag, now: now) else { return [] }
    let all = try manifests.manifest(version.published.manifest).representation(named: input.representation)
    var wanted: Set<Int>?
    if let frames, let offsets = relation.offsets {
      wanted = Set(frames.flatMap { frame in offsets.map { frame + $0 } })
    }
    let range = project.folders[product.folder]?.frames
    let files = (all?.files ?? []).filter { file in
      guard all?.kind == .sequence, let frame = file.frame else { return true }
      return wanted?.contains(frame) ?? (range?.contains(frame) ?? true)
    }
    let folder = input.gather == .here ? "" : product.place(in: input.gather)
    var found = files.map { file in
      let offset = wanted == nil || relation == .oneToOne ? file.frame ?? 0 : (file.frame ?? 0) - (frames?.min() ?? 0)
      return Trace.Seen(place: "\(place)\(folder) \(offset) \(file.fileExtension)", identity: file.identity)
    }
    if let unit = graph.producer(of: product), let index = unit.outputs.firstIndex(of: product) {
      for named in unit.inputs.sorted(by: { $0.input.name < $1.input.name }) where named.input.link == .reference {
        let relation = named.input.frames.of(unit.step.outputs[index].name)
        for target in named.products {
          found += try seen(
            target, named.input, wanted == nil ? .all : relation, frames: wanted, place: "\(place)\(target.spoken) ")
        }
      }
    }
    return found
  }
}
