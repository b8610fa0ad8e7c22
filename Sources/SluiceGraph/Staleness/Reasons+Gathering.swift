import SluiceModel

/// What is gathered changed: who cast an asset, who omitted a shot, who moved one in the cut.
extension Reasons {
  static func by(_ write: Register.Write) -> String { "\(write.actor.name), \(spoken(write.time))" }

  /// A product is gathered that was not when the version was made.
  /// - Parameter folder: whose unit gathers.
  func added(_ source: InputState.Source, _ now: Version, _ input: StepInput, at folder: FolderPath) -> Reason {
    let product = source.product
    if let through = source.through {
      return Reason(
        kind: .reference, input: "\(product)", used: nil, now: "\(now.address.version)", via: through,
        text: "\(product.spoken) \(now.spoken) is a new input (\(Reasons.by(now)))\(Reasons.through)\(through.spoken)")
    }
    var (kind, text) = (Reason.Kind.input, "\(product.spoken) \(now.spoken) is a new input (\(Reasons.by(now)))")
    if input.gather == .cast, let write = project.registers[.cast(folder, product.folder)]?.heads.first {
      kind = .cast
      text =
        "\(product.spoken) \(now.spoken) is a new input: \(product.folder) was cast in \(folder) (\(Reasons.by(write)))"
    } else if input.gather != .here, let write = project.registers[.folderOmitted(product.folder)]?.heads.first {
      text = "\(product.spoken) \(now.spoken) is a new input: \(product.folder) was taken back (\(Reasons.by(write)))"
    }
    return Reason(kind: kind, input: "\(product)", used: nil, now: "\(now.address.version)", text: text)
  }

  /// A product is no longer gathered, or no longer an input at all.
  func removed(_ product: ProductRef, _ input: StepInput, at folder: FolderPath) -> Reason {
    var (kind, text) = (Reason.Kind.input, "\(product.spoken) is no longer an input")
    let cast = project.registers[.cast(folder, product.folder)]
    if input.gather != .here, let omission = project.omission(of: product.folder) {
      (kind, text) = (.omitted, "\(text): \(omission.text)")
    } else if input.gather == .cast, let write = cast?.heads.first, cast?.value != "true" {
      (kind, text) = (.cast, "\(text): \(product.folder) is no longer cast in \(folder) (\(Reasons.by(write)))")
    }
    return Reason(kind: kind, input: "\(product)", used: nil, now: nil, text: text)
  }

  /// What was gathered and still is comes in another order.
  func reordered(_ state: InputState, _ version: Version) -> [Reason] {
    guard state.input.gather == .children else { return [] }
    let (now, present) = (state.sources.map(\.product), Set(state.sources.map(\.product)))
    var seen: Set<ProductRef> = []
    let before = version.published.madeFrom.filter {
      $0.input == state.input.name && $0.through == nil && present.contains($0.product)
        && seen.insert($0.product).inserted
    }.map(\.product)
    let kept = now.filter(seen.contains)
    guard kept != before else { return [] }
    // The newest word on a place is what changed the order.
    let words = kept.compactMap { product in
      project.registers[.folderAttribute(product.folder, "order")]?.heads.first.map {
        (folder: product.folder, write: $0)
      }
    }
    let newest = words.max { ($0.write.time, $0.write.clock) < ($1.write.time, $1.write.clock) }
    let text = newest.map { "\($0.folder) has the place \($0.write.value) in the cut (\(Reasons.by($0.write)))" }
    return [
      Reason(
        kind: .order, input: newest.map { "\(project.name)/\($0.folder)" }, used: nil, now: newest?.write.value,
        text: "the order of the cut changed" + (text.map { ": \($0)" } ?? ""))
    ]
  }
}
