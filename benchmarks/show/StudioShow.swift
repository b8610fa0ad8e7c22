import FoundationEssentials
import SluiceGraph
import SluiceModel

/// A show of a given size in which everything has been made once, as facts.
///
/// Each shot has five plates and a chain of twenty steps that work frame by frame, some with a second input; each
/// sequence of up to a thousand shots has one step that takes the last product of all of them. The first shots are of
/// the type `hero`, and their first step takes `look/hero_lut`: so many units are affected when that changes. Beside
/// them is `lab`, where ten steps follow one another behind one source and nobody takes what comes out.
struct StudioShow {
  static let chain = 20
  static let plates = 5
  static let frames = FrameSet(1001...1100)
  static let labSteps = 10

  let name: ProjectName
  let shots: Int
  let heroes: Int
  private(set) var registry = Registry()
  let manifests = StudioManifests()
  private var cores: [String: Digest] = [:]
  private var published: Int64 = 0
  private var told: Int64 = 0

  var project: Project { registry.projects[name] ?? Project(name: name, home: "main") }

  /// - Parameters:
  ///   - units: how many units there are, beside one for each sequence.
  ///   - tell: hears every fact of the show in its order.
  init(units: Int, affected: Int, tell: ([Event]) async throws -> Void = { _ in }) async throws {
    name = try ProjectName("studio")
    shots = max(1, units / Self.chain)
    heroes = min(shots, max(1, affected / Self.chain))
    var batch = try folderEvents() + [pipelineEvent()]
    try await take(&batch, tell)
    try await makeEverything(tell)
  }

  var head: ViewHead { registry.head }
  /// What the views hold of it, as it lies there.
  var rows: [ViewRow] {
    var keys: [RowKey] = [.project(name), .pipeline(name)]
    keys += project.folders.keys.map { .folder(name, $0) } + project.registers.keys.map { .register(name, $0) }
    keys += project.products.keys.map { .product($0) } + project.versions.keys.map { .version($0) }
    let rows = keys.map { registry.row($0) }.filter { $0.body != nil }
    return rows.sorted { ($0.model, $0.key) < ($1.model, $1.key) }
  }

  // MARK: Facts

  private mutating func event(_ fact: Fact, folder: FolderPath? = nil, product: ProductRef? = nil) -> Event {
    told += 1
    return Event(
      id: EventID("01950000-0000-7000-8000-\(FileName.padded(Int(told), width: 12))"),
      time: Date(timeIntervalSince1970: 1_795_000_000), site: "main",
      actor: Actor(name: "ada", trust: .claimed), project: name, folder: folder ?? product?.folder, product: product,
      fact: fact)
  }

  func shot(_ index: Int) -> String {
    "\(Self.padded("sq", index / 1_000))/\(Self.padded("sh", index % 1_000))"
  }

  private static func padded(_ prefix: String, _ number: Int) -> String {
    prefix + FileName.padded(number, width: 4)
  }

  private mutating func folderEvents() throws -> [Event] {
    var events = [event(.projectCreated(ProjectCreated(home: "main")))]
    for sequence in 0...((shots - 1) / 1_000) {
      events.append(
        event(
          .folderChanged(FolderChanged(type: "sequence")), folder: try FolderPath(Self.padded("sq", sequence))))
    }
    for index in 0..<shots {
      events.append(
        event(
          .folderChanged(FolderChanged(type: index < heroes ? "hero" : "shot", set: ["fps": "24"])),
          folder: try FolderPath(shot(index))))
    }
    events.append(event(.folderChanged(FolderChanged(type: "lab", set: ["fps": "24"])), folder: try FolderPath("lab")))
    return events
  }

  static func steps(for type: String) throws -> [Step] {
    try (0..<chain).map { index in
      var inputs = [
        StepInput(name: "from", product: .here(index == 0 ? "plate0" : product(index - 1)), frames: .oneToOne)
      ]
      if index == 0, type == "hero" {
        inputs.append(StepInput(name: "lut", product: .absolute(try FolderPath("look"), "hero_lut")))
      } else if index % 2 == 1 {
        inputs.append(StepInput(name: "plate", product: .here("plate\(index % plates)"), frames: .oneToOne))
      }
      return Step(
        name: "\(type)_\(FileName.padded(index, width: 2))", folders: .type(type), inputs: inputs,
        outputs: [StepOutput(name: "out", product: product(index), files: "out.####.exr", identity: .bytes)],
        command: ["make", "{from}", "{out}", "--fps", "{folder.fps}"], chunk: 10)
    }
  }

  static func product(_ index: Int) -> String { "made\(FileName.padded(index, width: 2))" }

  private mutating func pipelineEvent() throws -> Event {
    let gather = StepInput(name: "all", product: .here(Self.product(Self.chain - 1)), gather: .children)
    let contact = Step(
      name: "contact", folders: .type("sequence"), inputs: [gather],
      outputs: [StepOutput(name: "sheet", product: "contact", files: "sheet.jpg", identity: .bytes)],
      command: ["sheet", "{all}", "{sheet}"])
    let lab = try Self.steps(for: "lab").prefix(Self.labSteps).map { step in
      var step = step
      step.inputs.removeAll { $0.name == "plate" }
      if step.inputs[0].product == .here("plate0") { step.inputs.append(StepInput(name: "lut", product: .here("lut"))) }
      return step
    }
    let pipeline = Pipeline(
      project: name, folders: [], steps: try Self.steps(for: "hero") + Self.steps(for: "shot") + [contact] + lab)
    return event(
      .pipelineApplied(PipelineApplied(revision: 1, pipeline: pipeline, source: Digest.of("studio"))))
  }

  // MARK: Versions

  private mutating func makeEverything(_ tell: ([Event]) async throws -> Void) async throws {
    guard let graph = project.graph else { return }
    var batch = [
      try source(ProductRef("studio/look/hero_lut"), kind: .file),
      try source(ProductRef("studio/lab/plate0"), kind: .sequence),
      try source(ProductRef("studio/lab/lut"), kind: .file),
    ]
    for index in 0..<shots {
      for plate in 0..<Self.plates {
        batch.append(try source(ProductRef("studio/\(shot(index))/plate\(plate)"), kind: .sequence))
      }
      if batch.count > 5_000 { try await take(&batch, tell) }
    }
    try await take(&batch, tell)
    var level = graph.units.first.map { $0.step.name }
    for unit in graph.units {
      // What a step is made from has to be there.
      if unit.step.name != level || batch.count > 5_000 { try await take(&batch, tell) }
      level = unit.step.name
      batch.append(try made(unit))
    }
    try await take(&batch, tell)
  }

  private mutating func take(_ batch: inout [Event], _ tell: ([Event]) async throws -> Void) async throws {
    try registry.apply(batch)
    try await tell(batch)
    batch = []
  }

  /// A version of a product that nobody makes.
  mutating func source(_ ref: ProductRef, kind: RepresentationKind) throws -> Event {
    event(.versionPublished(version(of: ref, kind: kind)), product: ref)
  }

  private mutating func version(of ref: ProductRef, kind: RepresentationKind) -> VersionPublished {
    published += 1
    let known = project.products[ref]
    let content = Digest(words: (1, UInt64(published), 0, 0))
    return VersionPublished(
      version: VersionID(second: 1_795_000_000 + Int64(known?.versions.count ?? 0), site: "main", counter: 1),
      number: (known?.versions.count ?? 0) + 1, manifest: StudioManifests.digest(UInt64(published), kind),
      representations: [
        RepresentationSummary(
          name: "main", kind: kind, files: kind == .sequence ? 100 : 1, bytes: 1_000_000, sha256: content,
          content: content, frames: kind == .sequence ? Self.frames : nil)
      ], madeFrom: [])
  }

  private mutating func made(_ unit: Unit) throws -> Event {
    let project = project
    var fact = version(of: unit.outputs[0], kind: unit.step.isPerFrame ? .sequence : .file)
    var inputs: [(name: String, content: Digest)] = []
    for input in unit.inputs {
      var parts: [(folder: String, content: Digest)] = []
      for product in input.products {
        guard let version = project.version(of: product, .latest) else { continue }
        let content = version.published.representations[0].content
        fact.madeFrom.append(
          Used(input: input.input.name, product: product, version: version.address.version, content: content))
        parts.append((product.folder.name, content))
      }
      inputs.append((input.input.name, input.input.gather == .here ? parts[0].content : Recipe.gathered(parts)))
    }
    let core = cores[unit.step.name] ?? Recipe.core(of: unit.step, on: unit.folder, tools: [:])
    cores[unit.step.name] = core
    fact.made = Made(
      step: unit.step.name, run: RunID("r-0123456789ab"), plan: PlanID("p-0123456789ab"), core: core, tools: [:],
      recipe: Recipe.whole(core: core, inputs: inputs), uniform: true, reasons: [])
    return event(.versionPublished(fact), product: unit.outputs[0])
  }

  mutating func apply(_ events: [Event]) throws -> [RowKey] { try registry.apply(events) }
}

/// Manifests that are made up when they are asked for: a hundred files each, and one for all that is a single file.
struct StudioManifests: ManifestSource {
  static let file = Manifest(representations: [
    Representation(
      name: "main", kind: .file,
      files: [StoredFile(path: "file", frame: nil, size: 1_000_000, sha256: Digest(words: (4, 0, 0, 0)))])
  ])
  private static let fileDigest = Blob(file).digest

  static func digest(_ version: UInt64, _ kind: RepresentationKind) -> Digest {
    kind == .sequence ? Digest(words: (2, version, 0, 0)) : fileDigest
  }

  func manifest(_ digest: Digest) throws(SluiceError) -> Manifest {
    if digest == Self.fileDigest { return Self.file }
    let files = StudioShow.frames.frames.map { frame in
      let content = Digest(words: (3, digest.words.1, UInt64(frame), 0))
      return StoredFile(path: "out.\(frame).exr", frame: frame, size: 10_000, sha256: content, recipe: content)
    }
    return Manifest(representations: [Representation(name: "main", kind: .sequence, files: files)])
  }
}
