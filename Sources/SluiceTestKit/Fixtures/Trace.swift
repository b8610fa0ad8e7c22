package import SluiceGraph
package import SluiceModel

/// What one file was made from, spelled out: no digest of digests, no shortcut.
package struct Trace: Sendable, Hashable {
  package struct Core: Sendable, Hashable {
    package var command: [String]
    package var inputs: [String: FrameRelation]
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
  /// What a unit would be made from now, for one frame or as a whole.
  package func trace(of unit: Unit, frame: Int?) throws -> Trace {
    var inputs: [String: [Trace.Seen]] = [:]
    for input in unit.inputs {
      inputs[input.input.name] = try input.products.flatMap { product in
        try seen(product, input.input, frame: input.input.frames == .oneToOne ? frame : nil)
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
      inputs: Dictionary(uniqueKeysWithValues: unit.step.inputs.map { ($0.name, $0.frames) }),
      outputs: Dictionary(uniqueKeysWithValues: unit.step.outputs.map { ($0.name, "\($0.identity) \($0.files)") }),
      parameters: parameters,
      tools: unit.step.tools.reduce(into: [:]) { found, name in found[name] = tools[name] ?? old?[name] })
  }

  private func seen(_ product: ProductRef, _ input: StepInput, frame: Int?) throws -> [Trace.Seen] {
    guard let version = project.version(of: product, input.tag, now: now) else { return [] }
    let all = try manifests.manifest(version.published.manifest)
    let files = all.representation(named: input.representation)?.files ?? []
    let folder = input.gather == .here ? "" : product.folder.name
    return files.filter { frame == nil || $0.frame == frame }.map { file in
      Trace.Seen(place: "\(folder) \(file.frame ?? 0) \(file.fileExtension)", identity: file.identity)
    }
  }
}
