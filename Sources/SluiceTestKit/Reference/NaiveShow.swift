package import FoundationEssentials
package import SluiceGraph
package import SluiceModel

/// A show as it is now, in plain words: who makes what from what, and what every file would be made from.
package struct NaiveShow {
  package struct Unit {
    let id: UnitID
    let step: Step
    let place: Chronicle.Place
    let inputs: [(input: StepInput, products: [ProductRef])]
    let outputs: [ProductRef]

    func inputs(_ link: Link) -> [(input: StepInput, products: [ProductRef])] {
      inputs.filter { $0.input.link == link }
    }
  }
  package let known: Chronicle
  package let diary: Diary
  package let units: [Unit]
  private let makers: [ProductRef: Int]
  private let manifests: FixedManifests
  private let tools: [String: ToolVersion]
  package let now: Date

  package init(_ show: Show) {
    (known, diary, manifests, tools, now) = (show.chronicle, show.diary, show.manifests, show.tools, show.now)
    let (known, name) = (show.chronicle, show.name)
    units = known.steps.flatMap { step in
      known.present.filter { NaiveShow.isMeant($0, by: step.folders) }.map { place in
        Unit(
          id: UnitID(step: step.name, folder: place.path), step: step, place: place,
          inputs: step.inputs.map { input in
            let folders = known.gathered(input.gather, at: place.path)
            return (input, folders.compactMap { input.product.ref(in: name, folder: $0) })
          },
          outputs: step.outputs.compactMap { try? ProductRef(project: name, folder: place.path, name: $0.product) })
      }
    }
    makers = Dictionary(
      units.enumerated().flatMap { index, unit in unit.outputs.map { ($0, index) } },
      uniquingKeysWith: { first, _ in first })
  }

  private static func isMeant(_ place: Chronicle.Place, by pattern: FolderPattern) -> Bool {
    switch pattern {
    case .type(let type): place.type == type
    case .glob(let glob): Glob(glob).matches("\(place.path)")
    }
  }

  package func unit(_ id: UnitID) -> Unit? { units.first { $0.id == id } }
  package func maker(of product: ProductRef) -> Unit? { makers[product].map { units[$0] } }

  // MARK: What a product names

  /// The references of whatever makes a product, with their targets, and the relation to this product.
  func references(of product: ProductRef) -> [(input: StepInput, target: ProductRef, relation: FrameRelation)] {
    guard let unit = maker(of: product), let index = unit.outputs.firstIndex(of: product) else { return [] }
    return unit.inputs(.reference).flatMap { input in
      input.products.map { (input.input, $0, input.input.frames.of(unit.step.outputs[index].name)) }
    }
  }

  /// Frames seen through a relation; nil for all.
  func seen(_ frames: Set<Int>?, _ relation: FrameRelation) -> Set<Int>? {
    guard let frames, let offsets = relation.offsets else { return nil }
    return Set(frames.flatMap { frame in offsets.map { frame + $0 } })
  }

  // MARK: What would be made from what

  /// What an output of a unit would be made from now, for one frame or as a whole.
  package func trace(of unit: Unit, frame: Int?, output: Int) throws -> Trace {
    var trace = Trace(core: core(of: unit), frame: frame, inputs: [:], named: [:])
    for (input, products) in unit.inputs(.dependency) {
      let relation = input.frames.of(unit.step.outputs[output].name)
      var (own, named): ([Trace.Seen], Set<Trace.Seen>) = ([], [])
      for product in products {
        let folder = NaiveShow.folder(of: product, input)
        let wanted = seen(frame.map { [$0] }, relation)
        own += try files(of: product, input, wanted, folder, nil)
        named.formUnion(try names(of: product, wanted, folder))
      }
      (trace.inputs[input.name], trace.named[input.name]) = (own, named)
    }
    return trace
  }

  /// What a program sees of the folder of a gathered product.
  private static func folder(of product: ProductRef, _ input: StepInput) -> String {
    switch input.gather {
    case .here: ""
    case .children: product.folder.name
    case .cast: "\(product.folder)"
    }
  }

  private func names(of product: ProductRef, _ wanted: Set<Int>?, _ folder: String) throws -> Set<Trace.Seen> {
    var found: Set<Trace.Seen> = []
    for (input, target, relation) in references(of: product) {
      let further = seen(wanted, relation)
      found.formUnion(try files(of: target, input, further, folder, target))
      found.formUnion(try names(of: target, further, folder))
    }
    return found
  }

  /// The files of a product that an input takes: those of some frames, or (nil) all within the range of its folder.
  private func files(
    of product: ProductRef, _ input: StepInput, _ wanted: Set<Int>?, _ folder: String, _ named: ProductRef?
  ) throws -> [Trace.Seen] {
    guard let version = known.taken(product, input.tag, at: now) else { return [] }
    let range = known.places[product.folder]?.frames
    return try files(of: version, input.representation, folder, named).filter { file in
      guard let frame = file.frame else { return true }
      return wanted?.contains(frame) ?? range?.contains(frame) ?? true
    }
  }

  func files(
    of version: Chronicle.Version, _ representation: String?, _ folder: String = "", _ named: ProductRef? = nil
  ) throws -> [Trace.Seen] {
    let form = try manifests.manifest(version.published.manifest).representation(named: representation)
    return (form?.files ?? []).map { file in
      Trace.Seen(
        folder: folder, named: named, frame: form?.kind == .sequence ? file.frame : nil,
        fileExtension: file.fileExtension, identity: file.identity)
    }
  }

  package func core(of unit: Unit) -> Trace.Core {
    var parameters: [String: String] = [:]
    for placeholder in unit.step.placeholders where placeholder.name == "folder" {
      parameters["\(placeholder)"] =
        placeholder.field.map { unit.place.attributes[$0] ?? "" } ?? "\(unit.place.path)"
    }
    let said = Set(unit.step.placeholders.map(\.name))
    for (input, products) in unit.inputs(.reference) where said.contains(input.name) {
      parameters[input.name] = products.map(\.spoken).joined(separator: " ")
    }
    // A program that is not here counts as the one that made the version.
    let before = unit.outputs.first.flatMap { known.newest($0) }.flatMap(ground)?.published.made?.tools
    return Trace.Core(
      command: unit.step.command,
      inputs: Dictionary(uniqueKeysWithValues: unit.inputs(.dependency).map { ($0.input.name, $0.input.frames) }),
      outputs: Dictionary(uniqueKeysWithValues: unit.step.outputs.map { ($0.name, "\($0.identity) \($0.files)") }),
      parameters: parameters,
      tools: unit.step.tools.reduce(into: [:]) { found, name in found[name] = tools[name] ?? before?[name] })
  }

  // MARK: What people laid frames over

  /// The version that people laid frames over; the version itself where a step made it.
  private func ground(of version: Chronicle.Version) -> Chronicle.Version? {
    guard version.published.made == nil else { return version }
    let below = known.versions[version.address.product]?.first { $0.address.version == version.published.base }
    return below.flatMap(ground)
  }

  /// How that came about.
  package func making(under version: Chronicle.Version) -> Diary.Making? {
    ground(of: version).flatMap { diary.makings[$0.address] }
  }

  // MARK: What people accepted

  /// Other cores that somebody accepted as the one of today, for all outputs of a unit.
  package func accepted(_ unit: Unit) -> Set<Trace.Core> {
    let core = core(of: unit)
    var common: Set<Trace.Core>?
    for product in unit.outputs {
      guard let version = known.newest(product), let making = making(under: version) else { return [] }
      let isAccepted = making.core == core || diary.vouchings[version.address]?.contains { $0.core == core } == true
      let cores: Set<Trace.Core> = isAccepted ? making.accepted.union([making.core]) : []
      common = common?.intersection(cores) ?? cores
    }
    return (common ?? []).subtracting([core])
  }

  /// What a vouch says, spelled out while it is given.
  package func vouching(_ vouch: VersionVouched, for unit: Unit) throws -> Vouching {
    var vouching = Vouching(core(of: unit))
    for used in vouch.inputs {
      let version = known.versions[used.product]?.first { $0.address.version == used.version }
      let taking = takings(of: unit).first {
        $0.input.name == used.input && $0.product == used.product && $0.isNamed == (used.through != nil)
      }
      guard let version, let taking else { continue }
      vouching.take(try spelled(version, taking), by: taking.input.name, isNamed: taking.isNamed)
    }
    return vouching
  }

  /// What somebody would say who vouched now.
  package func vouchingNow(for unit: Unit) throws -> Vouching {
    var vouching = Vouching(core(of: unit))
    for taking in takings(of: unit) {
      guard let version = known.taken(taking.product, taking.tag, at: now) else { continue }
      vouching.take(try spelled(version, taking), by: taking.input.name, isNamed: taking.isNamed)
    }
    return vouching
  }

  typealias Taking = (
    input: StepInput, product: ProductRef, tag: VersionSelector, form: String?, relations: Set<FrameRelation>,
    isNamed: Bool
  )

  private func takings(of unit: Unit) -> [Taking] {
    unit.inputs(.dependency).flatMap { input, products in
      products.flatMap { product -> [Taking] in
        let relations = Set(unit.step.outputs.map { input.frames.of($0.name) })
        return [(input, product, input.tag, input.representation, relations, false)] + named(input, product, relations)
      }
    }
  }

  private func named(_ input: StepInput, _ product: ProductRef, _ relations: Set<FrameRelation>) -> [Taking] {
    references(of: product).flatMap { reference, target, relation -> [Taking] in
      let together = Set(relations.map { $0.then(relation) })
      return [(input, target, reference.tag, reference.representation, together, true)] + named(input, target, together)
    }
  }

  private func spelled(_ version: Chronicle.Version, _ taken: Taking) throws -> Vouching.Taken {
    let files = try files(of: version, taken.form)
    let range = known.places[taken.product.folder]?.frames
    let within = files.filter { file in file.frame.map { range?.contains($0) ?? true } ?? true }
    return Vouching.Taken(
      product: taken.product,
      all: taken.relations.contains(where: \.isPerFrame) ? files : nil,
      within: taken.relations.contains(.all) ? within : nil)
  }
}
