import FoundationEssentials
import SluiceGraph
import SluiceModel
import SluiceTestKit

/// People who make things by hand, say what they think of them, and say some things twice.
extension RandomShow {
  /// The same show with some of its steps done by hand.
  static func withPeople(seed: UInt64) throws -> RandomShow {
    var random = try RandomShow(seed: seed)
    var steps = random.show.steps
    for index in steps.indices where random.chance.below(4) == 0 {
      (steps[index].command, steps[index].tools, steps[index].chunk) = ([], [], 1)
    }
    try random.show.apply(steps: steps)
    return random
  }

  /// Something happens, or somebody says something; what, in words.
  mutating func happenAmongPeople() throws -> String {
    switch chance.below(16) {
    case 0, 1:
      guard let product = try any({ $0.step.isHuman }) else { return "nothing by hand" }
      let isSequence = chance.below(2) == 0
      if isSequence {
        try show.publish(product, frames: FrameSet(1...(2 + chance.below(4)))) { "hand \($0)" }
      } else {
        try show.publishByHand(product, "hand \(chance.below(3))", from: chance.below(2) == 0 ? ["inputs"] : [])
      }
      return "by hand \(product)"
    case 2, 3:
      guard let (product, number) = try anyVersion() else { return "nothing to judge" }
      let verdict = [Verdict.approved, .rejected, .withdrawn][chance.below(3)]
      try show.judge(product, number: number, verdict)
      return "\(verdict) \(product) \(number)"
    case 4:
      guard let product = try any({ _ in true }) else { return "nothing to vouch for" }
      guard (try? show.vouch(product)) != nil else { return "no vouch for \(product)" }
      return "vouch \(product)"
    case 5, 6:
      guard let (product, number) = try anyVersion() else { return "nothing to freeze" }
      let until = chance.below(3) == 0 ? nil : show.now.addingTimeInterval(Double(5 + chance.below(300)))
      try show.freeze(product, at: number, until: until)
      return "freeze \(product) \(number) \(until.map { "until \($0)" } ?? "")"
    case 7:
      guard let (product, _) = try anyVersion() else { return "nothing to thaw" }
      try show.thaw(product)
      return "thaw \(product)"
    case 8:
      guard let product = try any({ !$0.step.isHuman }) else { return "nothing to hold" }
      try show.record(.productHeld(ProductHeld(held: true, because: "wires")), product: try show.ref(product))
      return "hold \(product)"
    case 9:
      guard let product = try any({ _ in true }), show.project.products[try show.ref(product)] != nil else {
        return "nothing to release"
      }
      try show.release(product)
      return "release \(product)"
    case 10, 11:
      let seconds = Double(1 + chance.below(200))
      show.wait(seconds: seconds)
      return "wait \(seconds)"
    case 12: return try sayAgain()
    default: return try happen()
    }
  }

  /// What is so already: only who said it last, and when, is another.
  private mutating func sayAgain() throws -> String {
    let shot = show.project.folders.keys.sorted().filter { !$0.isRoot }[chance.below(5)]
    let folder = show.project.folders[shot]
    switch chance.below(3) {
    case 0:
      guard let assets = show.project.casting[shot] else { return "nothing cast" }
      try show.cast("\(shot)", add: assets.sorted().map(\.description), by: "eve")
    case 1:
      try show.record(.folderChanged(FolderChanged(omitted: folder?.omitted ?? false)), folder: shot, by: "eve")
    default:
      let known = (folder?.attributes ?? [:]).filter { $0.key != "fps" }
      try show.record(.folderChanged(FolderChanged(set: known)), folder: shot, by: "eve")
    }
    return "\(shot) again"
  }

  private func any(_ belongs: (Unit) -> Bool) throws -> String? {
    let products = show.graph.units.filter(belongs).flatMap(\.outputs)
    return products.isEmpty ? nil : products[chance.below(products.count)].spoken
  }

  /// Of a product that is there, with the number of one of its versions.
  private func anyVersion() throws -> (product: String, number: Int)? {
    let products = show.project.products.values.filter { !$0.numbers.isEmpty }.sorted { $0.ref < $1.ref }
    guard !products.isEmpty else { return nil }
    let product = products[chance.below(products.count)]
    let numbers = product.numbers.keys.sorted()
    return (product.ref.spoken, numbers[chance.below(numbers.count)])
  }
}
