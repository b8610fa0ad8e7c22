package import SluiceModel

/// What a result depends on, as a digest: same recipe, same result, no need to run.
///
/// Command, parameters, tools and the *content* of inputs enter; ids, paths, versions and layout never do.
package enum Recipe {
  /// Of a step on a folder, without its inputs.
  /// - Parameters:
  ///   - bound: what the step took out of an event.
  ///   - namings: what the command calls products that are only named, by input.
  package static func core(
    of step: Step, on folder: Folder, bound: [String: String] = [:], namings: [String: String] = [:],
    tools: [String: ToolVersion]
  ) -> Digest {
    RecipeForm(step).core(on: folder, bound: bound, namings: namings, tools: tools)
  }

  /// Of one frame: the files of that frame, and the whole of every other input.
  package static func frame(_ frame: Int, core: Digest, inputs: [(name: String, content: Digest)]) -> Digest {
    digest("frame \(frame)", core, inputs)
  }

  /// Of a run as a whole.
  package static func whole(core: Digest, inputs: [(name: String, content: Digest)]) -> Digest {
    digest("whole", core, inputs)
  }

  /// Of what a unit would be made from: an input that is itself to be made counts by the work that this is.
  /// - Parameter frames: those that it would be made for, where a range says so and not the inputs.
  package static func work(
    of unit: UnitID, core: Digest, inputs: [(name: String, sources: [(product: ProductRef, content: Digest?)])],
    frames: FrameSet? = nil
  ) -> Digest {
    let sorted = inputs.sorted { $0.name < $1.name }
    return Digest.of(
      "work\n\(unit)\n\(core)\n"
        + sorted.map { input in
          "\(input.name)\n"
            + input.sources.map { "\($0.product) \($0.content?.description ?? "nothing")\n" }.joined()
        }.joined() + (frames.map { "frames \($0)\n" } ?? ""))
  }

  /// Of a product with what it names by references; programs find these by their places.
  static func effective(_ own: Digest, naming named: [(product: ProductRef, content: Digest)]) -> Digest {
    guard !named.isEmpty else { return own }
    return Digest.of("\(own)\n" + named.map { "\($0.product.spoken) \($0.content)\n" }.joined())
  }

  /// Of an input gathered over folders: programs see the folders' names.
  package static func gathered(_ parts: [(folder: String, content: Digest)]) -> Digest {
    Digest.of(parts.map { "\($0.folder)\n\($0.content)\n" }.joined())
  }

  private static func digest(_ kind: String, _ core: Digest, _ inputs: [(name: String, content: Digest)]) -> Digest {
    var text = Array(kind.utf8)
    text.reserveCapacity(96 + inputs.count * 96)
    let end = UInt8(ascii: "\n")
    text.append(end)
    core.write(to: &text)
    text.append(end)
    // By name: the order in which a file names its inputs is layout.
    for input in inputs.count > 1 ? inputs.sorted(by: { $0.name < $1.name }) : inputs {
      text += input.name.utf8
      text.append(end)
      input.content.write(to: &text)
      text.append(end)
    }
    return Digest.of(text)
  }
}

extension Folder {
  /// What `{folder}` (nil) and `{folder.range}`, `{folder.fps}` … stand for; empty where the folder does not say.
  package func parameter(_ field: String?) -> String {
    guard let field else { return path.description }
    return attributes[field] ?? ""
  }
}
