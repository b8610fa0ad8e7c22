import SluiceModel

/// The steps of a random show: each takes what the shots have and what steps before it make.
extension RandomShow {
  static func steps(_ chance: Seeded) throws -> [Step] {
    var shotProducts = [(name: "plate", isSequence: true), (name: "cam", isSequence: false)]
    var steps: [Step] = []
    for index in 0..<(2 + chance.below(5)) {
      var inputs: [StepInput] = []
      if chance.below(8) == 0 {
        let product = shotProducts[chance.below(shotProducts.count)]
        steps.append(
          Step(
            name: "h\(index)", folders: .type("shot"),
            inputs: [
              StepInput(
                name: "by", product: .here(product.name),
                frames: product.isSequence && chance.below(3) == 0 ? .oneToOne : .all),
              StepInput(name: "lut", product: .absolute(try FolderPath("look"), "lut"), tag: tag(chance)),
            ],
            outputs: [StepOutput(name: "hand", product: "hand\(index)", files: "", identity: .bytes)], command: []))
        shotProducts.append(("hand\(index)", false))
        continue
      }
      if chance.below(5) == 0 {
        let product = shotProducts[chance.below(shotProducts.count)].name
        steps.append(
          Step(
            "g\(index)", for: "sequence", [StepInput(name: "all", product: .here(product), gather: .children)],
            makes: [StepOutput(name: "sheet", product: "sheet\(index)", files: "sheet.jpg", identity: .pixels)],
            ["sheet", "{all}", "{sheet}"]))
        continue
      }
      let frames: StepFrames? = chance.below(8) == 0 ? .range : nil
      let outputs = chance.below(4) == 0 ? 2 : 1
      for number in 0..<(1 + chance.below(2)) {
        let product = shotProducts[chance.below(shotProducts.count)]
        let isElsewhere = chance.below(6) == 0
        inputs.append(
          StepInput(
            name: "i\(number)",
            product: isElsewhere ? .absolute(try FolderPath("q0/s0"), product.name) : .here(product.name),
            frames: product.isSequence ? relations(chance) : .all, tag: chance.below(8) == 0 ? tag(chance) : .latest))
      }
      if chance.below(2) == 0 {
        inputs.append(
          StepInput(
            name: "lut", product: .absolute(try FolderPath("look"), "lut"),
            tag: tag(chance)))
      }
      if chance.below(4) == 0 {
        inputs.append(StepInput(name: "cast", product: .here("model"), gather: .cast))
        // An asset that is left out of the cast is there all the same for who names it.
        if chance.below(2) == 0 {
          inputs.append(StepInput(name: "prop", product: .absolute(try FolderPath("a0"), "model")))
        }
      }
      var step = Step(
        name: "s\(index)", folders: .type("shot"), inputs: inputs, outputs: [],
        tools: chance.below(2) == 0 ? ["t\(chance.below(2))"] : [],
        command: ["run\(index)", chance.below(2) == 0 ? "{folder.fps}" : "{folder}"], frames: frames,
        chunk: 1 + chance.below(3))
      for number in 0..<outputs {
        let identity: Identity = chance.below(3) == 0 ? .bytes : .pixels
        step.outputs.append(
          StepOutput(name: "o\(number)", product: "p\(index)\(number)", files: "o.####.exr", identity: identity))
      }
      if chance.below(2) == 0 {
        let product = shotProducts[chance.below(shotProducts.count)]
        step.inputs.append(
          StepInput(
            name: "r", product: .here(product.name), link: chance.below(4) == 0 ? .association : .reference,
            frames: product.isSequence && step.isPerFrame ? relations(chance) : .all))
      }
      if chance.below(3) == 0, step.inputs.contains(where: { $0.name == "r" && $0.link == .reference }) {
        step.command.append("{r}")
      }
      for number in step.outputs.indices {
        let isSequence = step.isPerFrame || chance.below(4) == 0
        if !isSequence { step.outputs[number].files = "o.exr" }
        shotProducts.append((step.outputs[number].product, isSequence))
      }
      steps.append(step)
    }
    return steps
  }

  private static func relations(_ chance: Seeded) -> FrameRelations {
    switch chance.below(9) {
    case 0, 1: .all
    case 2: .offset(-1...1)
    case 3: .offset(0...2)
    case 4: .byOutput(["o0": .oneToOne])
    case 5: .byOutput(["o0": .oneToOne, "o1": .offset(-1...0)])
    default: .oneToOne
    }
  }

  private static func tag(_ chance: Seeded) -> VersionSelector {
    switch chance.below(8) {
    case 0: .tag("ok")
    case 1: .tag("approved")
    case 2: .number(1 + chance.below(2))
    default: .latest
    }
  }
}
