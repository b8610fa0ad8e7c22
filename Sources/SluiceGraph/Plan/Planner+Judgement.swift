import SluiceModel

/// What a plan says of freezes, holds and human steps.
extension Planner {
  /// Freezes that keep changes out of these units, by product.
  func frozen(_ units: [Assessment]) -> [FrozenInput] {
    var found: [ProductRef: FrozenInput] = [:]
    for assessment in units {
      for note in assessment.notes where note.kind == .frozen {
        guard let product = note.input.flatMap({ try? ProductRef($0) }),
          let freeze = assessor.project.freeze(of: product, now: assessor.now)
        else { continue }
        if found[product] != nil {
          found[product]?.units += 1
          continue
        }
        found[product] = FrozenInput(
          product: product, at: freeze.at, number: assessor.project.version(of: product, .id(freeze.at))?.number,
          by: freeze.actor.name, time: freeze.time, until: freeze.until, because: freeze.because,
          keptOut: note.now.flatMap { VersionID($0) }, units: 1, text: note.text)
      }
    }
    return found.values.sorted { $0.product < $1.product }
  }

  /// Products that people have in hand.
  func held(_ units: [Assessment]) -> [HeldProduct] {
    units.filter { $0.hold != nil }.flatMap { assessment in
      let unit = assessment.unit
      return unit.outputs.compactMap { product -> HeldProduct? in
        guard let hold = assessor.project.products[product]?.hold else { return nil }
        return HeldProduct(
          product: product, step: unit.id.step, folder: unit.id.folder, by: hold.actor.name, time: hold.time,
          because: hold.because,
          text: assessment.notes.first { $0.kind == .held && $0.input == "\(product)" }?.text
            ?? Reasons.held(product, hold))
      }
    }.sorted { $0.product < $1.product }
  }

  /// What only people can do.
  func byHand(_ units: [Assessment]) -> [HandWork] {
    units.flatMap { assessment in
      assessment.byHand.compactMap { product, judged -> HandWork? in
        guard judged.freshness != .current else { return nil }
        return HandWork(
          product: product, step: assessment.unit.id.step, folder: assessment.unit.id.folder,
          freshness: judged.freshness,
          text: judged.reasons.first?.text ?? judged.freshness.rawValue)
      }
    }.sorted { $0.product < $1.product }
  }
}
