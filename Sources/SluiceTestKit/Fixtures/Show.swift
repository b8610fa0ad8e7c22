package import FoundationEssentials
import SluiceEngine
package import SluiceGraph
package import SluiceModel

/// A show in memory: facts applied to a registry, manifests beside them, and a naive hand that carries plans out.
///
/// Files are words. A line that begins with `#` is a comment: it changes the bytes and nothing that programs see.
package struct Show: Sendable {
  package let name: ProjectName
  package private(set) var registry = Registry()
  package private(set) var events: [Event] = []
  /// What has become different since it was forgotten.
  package private(set) var rows: Set<RowKey> = []
  package var tools: [String: ToolVersion] = [:]
  package private(set) var manifests = FixedManifests()
  /// The facts as a naive reader has them, and what was really done beside them.
  package private(set) var chronicle = Chronicle()
  package var diary = Diary()
  /// Which site gives ids to versions; only `main` gives numbers.
  package var site = "main"
  private var meanings: [Digest: String] = [:]
  private let chance: Seeded

  package init(_ name: String = "demo", folders: [FolderDeclaration], steps: [Step], seed: UInt64 = 0) throws {
    self.name = try ProjectName(name)
    chance = Seeded(seed: seed)
    try record(.projectCreated(ProjectCreated(home: "main")))
    for folder in FolderDeclaration.folders(folders) where !folder.path.isRoot {
      try record(.folderChanged(FolderChanged(type: folder.type, set: folder.attributes)), folder: folder.path)
    }
    try apply(steps: steps)
  }

  package var project: Project {
    registry.projects[name] ?? Project(name: name, home: "main")
  }
  package var graph: StepGraph {
    project.graph ?? StepGraph(pipeline: Pipeline(project: name, folders: [], steps: []), folders: [Folder]())
  }
  package var steps: [Step] { project.pipeline?.pipeline.steps ?? [] }
  package var now: Date { chance.ambient.now() }
  package var assessor: Assessor {
    Assessor(project: project, graph: graph, manifests: manifests, tools: tools, now: now)
  }

  /// `sq010/sh0010/plate` as a product of this show.
  package func ref(_ spoken: String) throws -> ProductRef { try ProductRef("\(name)/\(spoken)") }
  package func latest(_ spoken: String) throws -> Version? { project.version(of: try ref(spoken), .latest) }
}

// MARK: Facts

extension Show {
  /// Time passes, and nothing happens.
  package func wait(seconds: Double) { chance.advance(by: seconds) }

  @discardableResult
  package mutating func record(
    _ fact: Fact, folder: FolderPath? = nil, product: ProductRef? = nil, by actor: String = "ada"
  ) throws -> [RowKey] {
    chance.advance(by: 1)
    let event = Event(
      id: chance.ambient.makeEventID(), time: Timestamp.rounded(chance.ambient.now()), site: "main",
      actor: Actor(name: actor, trust: .claimed), cause: events.last?.id, project: name,
      folder: folder ?? product?.folder, product: product, fact: fact)
    events.append(event)
    chronicle.take(event)
    let changed = try registry.apply([event])
    rows.formUnion(changed)
    return changed
  }

  package mutating func forgetRows() { rows = [] }

  package mutating func apply(steps: [Step]) throws {
    let pipeline = Pipeline(project: name, folders: [], steps: steps)
    try record(
      .pipelineApplied(
        PipelineApplied(
          revision: (project.pipeline?.revision ?? 0) + 1, pipeline: pipeline, source: Digest.of("\(steps)"))))
  }

  /// Edits one step of the pipeline.
  package mutating func edit(_ step: String, _ change: (inout Step) -> Void) throws {
    var steps = steps
    for index in steps.indices where steps[index].name == step { change(&steps[index]) }
    try apply(steps: steps)
  }

  package mutating func change(_ folder: String, _ fact: FolderChanged) throws {
    try record(.folderChanged(fact), folder: try FolderPath(folder))
  }

  package mutating func tag(_ spoken: String, _ tag: String, number: Int) throws {
    let product = try ref(spoken)
    guard let version = project.products[product]?.numbers[number] else { return }
    try record(.tagMoved(TagMoved(tag: tag, version: version)), product: product)
  }

  /// Publishes one file.
  @discardableResult
  package mutating func publish(_ spoken: String, file text: String, as name: String = "lut.cube") throws -> VersionID {
    try publish(spoken, [(FileName(name).fileExtension, .file, [(name, nil, text)])])
  }

  /// Publishes a whole sequence.
  @discardableResult
  package mutating func publish(
    _ spoken: String, frames: FrameSet, _ text: (Int) -> String = { "frame \($0)" }
  ) throws -> VersionID {
    try publish(
      spoken, [("exr", .sequence, frames.frames.map { ("plate.\(FileName.padded($0, width: 4)).exr", $0, text($0)) })])
  }

  /// Lays some frames over the latest version.
  @discardableResult
  package mutating func patch(_ spoken: String, frames: FrameSet, _ text: (Int) -> String) throws -> VersionID {
    let old = try latest(spoken).map { try manifests.manifest($0.published.manifest).representations[0].files } ?? []
    let kept = old.filter { !frames.contains($0.frame ?? 0) }
    return try publish(spoken, frames: frames, kept: kept, over: try latest(spoken)?.address.version, text)
  }

  private mutating func publish(
    _ spoken: String, frames: FrameSet, kept: [StoredFile], over base: VersionID?, _ text: (Int) -> String
  ) throws -> VersionID {
    let new = frames.frames.map { frame in
      stored("plate.\(FileName.padded(frame, width: 4)).exr", frame, text(frame))
    }
    return try publish(
      spoken, Manifest(representations: [Representation(name: "exr", kind: .sequence, files: kept + new)]), base: base)
  }

  /// Publishes representations: a name, a kind, and files as name, frame and text.
  @discardableResult
  package mutating func publish(
    _ spoken: String, _ representations: [(String, RepresentationKind, [(String, Int?, String)])]
  ) throws -> VersionID {
    var manifest = Manifest(representations: [])
    for (name, kind, files) in representations {
      manifest.representations.append(
        Representation(name: name, kind: kind, files: files.map { stored($0.0, $0.1, $0.2) }))
    }
    return try publish(spoken, manifest)
  }

  mutating func stored(_ name: String, _ frame: Int?, _ text: String) -> StoredFile {
    let digest = Digest.of(text)
    meanings[digest] = Text.withoutHeader(text)
    return StoredFile(path: name, frame: frame, size: Int64(text.utf8.count), sha256: digest)
  }

  mutating func publish(
    _ spoken: String, _ manifest: Manifest, madeFrom: [Used] = [], base: VersionID? = nil, made: Made? = nil,
    inPlace: InPlaceState? = nil
  ) throws -> VersionID {
    let product = try ref(spoken)
    let known = project.products[product]
    let version = VersionID.next(after: known?.versions.last, now: chance.ambient.now(), site: site)
    var fact = VersionPublished(
      version: version, number: site == "main" ? known?.nextNumber ?? 1 : nil, manifest: keep(manifest),
      representations: manifest.representations.map(\.summary), madeFrom: madeFrom, base: base, made: made)
    fact.inPlace = inPlace
    try record(.versionPublished(fact), product: product)
    return version
  }

  mutating func keep(_ manifest: Manifest) -> Digest { manifests.add(manifest) }
}

// MARK: Plans

extension Show {
  package func assess() throws -> [UnitID: Assessment] { try assessor.assess() }

  /// Units that need work, as `sq010/sh0010 review`, sorted; `sq010/sh0010 review 1012` where only frames do.
  package func stale() throws -> [String] {
    try assess().values.filter(\.needsWork).map { assessment in
      guard let stale = assessment.stale, stale != assessment.expected else { return "\(assessment.unit.id)" }
      return "\(assessment.unit.id) \(stale)"
    }.sorted()
  }

  package func plan(_ select: String = "", frames: String? = nil, forced: Forced? = nil) throws -> Plan {
    try plan(try Selection(select), frames: frames, forced: forced)
  }

  package func plan(_ selection: Selection, frames: String? = nil, forced: Forced? = nil) throws -> Plan {
    let products = try products(selection)
    return try Planner(assessor: assessor).plan(
      selection, products: products, frames: frames.flatMap { FrameSet($0) }, forced: forced)
  }

  package func products(_ selection: Selection) throws -> Set<ProductRef> {
    try selection.products(
      in: project, graph: graph, states: try states(), history: SelectionHistory(now: chance.ambient.now()))
  }

  private func states() throws -> [ProductRef: ProductState] {
    var states: [ProductRef: ProductState] = [:]
    for assessment in try assess().values {
      for output in assessment.unit.outputs {
        states[output] = ProductState(freshness: assessment.freshness, activity: .idle)
      }
    }
    return states
  }

  /// Carries a plan out by hand.
  /// - Parameter failing: runs that fail: they publish nothing, and what follows is not run.
  /// - Returns: what was really made, as `sq010/sh0010 review 1012`; units whose inputs came out the same are not.
  @discardableResult
  package mutating func carryOut(_ plan: Plan, failing: (UnitID) -> Bool = { _ in false }) throws -> [String] {
    var done: [String] = []
    var failed: Set<ProductRef> = []
    for run in plan.runs {
      guard let unit = graph.unit(UnitID(step: run.step, folder: run.folder)) else { continue }
      guard failed.isDisjoint(with: graph.needs(ofUnit: unit.id) ?? []), !failing(unit.id) else {
        failed.formUnion(unit.outputs)
        continue
      }
      let order: RunOrder
      do throws(SluiceError) {
        order = try RunOrder(
          unit, project: project, assessor: assessor, manifests: manifests, limit: plan.frames,
          forced: plan.force == true)
      } catch {
        // Which frames a step makes that is not frame by frame, a plan cannot know: what follows may have none.
        guard error.code == .taskInput else { throw error }
        continue
      }
      if order.isUnchanged {
        diary.features.insert("a run finds its inputs unchanged")
        continue
      }
      try make(order, run: run, plan: plan.id)
      let frames = FrameSet(order.pieces.compactMap(\.frame))
      done.append(frames.isEmpty ? "\(unit.id)" : "\(unit.id) \(frames)")
    }
    return done
  }

  /// Plans everything and carries it out.
  @discardableResult
  package mutating func makeAll() throws -> [String] { try carryOut(try plan()) }

  private mutating func make(_ order: RunOrder, run: PlannedRun, plan: PlanID) throws {
    let naive = NaiveShow(self)
    guard let unit = naive.unit(order.unit.id) else { return }
    var products: [(product: ProductRef, manifest: Manifest, base: VersionID?, making: Diary.Making)] = []
    let accepted = order.carried.isEmpty ? [] : naive.accepted(unit)
    for (index, output) in order.unit.step.outputs.enumerated() {
      let base = order.base[index]
      let old = try base.map { try manifests.manifest($0.published.manifest).representations[0].files } ?? []
      var files = old.filter { $0.frame.map(order.carried.contains) == true }
      var traces = base.map { diary.traces(of: $0.address) } ?? [:]
      traces = traces.filter { key, _ in key.map(order.carried.contains) == true }
      for piece in order.pieces {
        let trace = try naive.trace(of: unit, frame: piece.frame, output: index)
        let result = result(of: piece, index, order, trace)
        traces[piece.frame] = result.trace
        files += result.files
      }
      let kind: RepresentationKind = output.isSequence ? .sequence : .file
      let manifest = Manifest(
        representations: [
          Representation(name: FileName(output.files).fileExtension, kind: kind, files: files)
        ])
      let making = Diary.Making(core: naive.core(of: unit), accepted: accepted, traces: traces)
      products.append((order.unit.outputs[index], manifest, base?.address.version, making))
    }
    let made = Made(
      step: order.unit.id.step, run: run.id, plan: plan, core: order.assessment.core, tools: order.assessment.tools,
      recipe: order.assessment.recipe ?? order.assessment.core, uniform: order.leftOut.isEmpty,
      accepted: order.accepted,
      reasons: run.reasons)
    for (product, manifest, base, making) in products {
      let version = try publish(product.spoken, manifest, madeFrom: order.used, base: base, made: made)
      diary.makings[VersionAddress(product: product, version: version)] = making
    }
  }

  /// Taken from before, where the recipe is known, and made anew, where not.
  private mutating func result(
    of piece: RunOrder.Piece, _ index: Int, _ order: RunOrder, _ trace: Trace
  ) -> Diary.Result {
    let output = order.unit.step.outputs[index]
    let isOpen = piece.frame == nil && output.isSequence
    let key = "\(piece.recipes[index]) \(output.product) \(FileName(output.files).fileExtension)"
    if !isOpen, !order.isForced, let earlier = diary.results[key] {
      diary.features.insert("an earlier result is taken")
      if earlier.trace != trace { diary.contradictions.append("\(order.unit.id) \(output.name) \(piece.frame ?? 0)") }
      return earlier
    }
    let frames: [Int?] = piece.frame.map { [$0] } ?? (output.isSequence ? [1, 2, 3] : [nil])
    let files = frames.map { frame in
      let meaning = "\(output.name) \(frame ?? 0) of \(meaning(of: trace))"
      let identity = Digest.of(meaning)
      meanings[identity] = meaning
      let name = frame.map { FileName.fill(output.files, frame: $0) } ?? output.files
      let bytes = output.identity == .pixels ? Digest.of("\(meaning) \(piece.recipes[index])") : identity
      return StoredFile(
        path: name, frame: frame, size: 1, sha256: bytes, pixels: output.identity == .pixels ? identity : nil,
        recipe: piece.recipes[index])
    }
    let result = Diary.Result(files: files, trace: trace)
    diary.results[key] = result
    return result
  }

  private func meaning(of trace: Trace) -> String {
    func words(_ seen: Trace.Seen) -> String {
      "\(seen.folder) \(seen.named?.spoken ?? "") \(seen.frame ?? 0):\(meanings[seen.identity] ?? "\(seen.identity)")"
    }
    let inputs = trace.inputs.sorted { $0.key < $1.key }.map { name, seen in
      "\(name)=" + (seen.map(words) + (trace.named[name] ?? []).map(words).sorted()).joined(separator: "+")
    }
    // Programs may change without drawing anything else: their versions are not in here.
    return Digest.of("\(trace.core.command) \(trace.core.parameters.sorted { $0.key < $1.key }) \(inputs)").hex
  }
}

/// Manifests in a dictionary.
package struct FixedManifests: ManifestSource {
  private var values: [Digest: Manifest] = [:]
  package init() {}

  package mutating func add(_ manifest: Manifest) -> Digest {
    let digest = Blob(manifest).digest
    values[digest] = manifest
    return digest
  }

  package mutating func add(_ others: FixedManifests) { values.merge(others.values) { known, _ in known } }

  package func manifest(_ digest: Digest) throws(SluiceError) -> Manifest {
    if let manifest = values[digest] { return manifest }
    throw SluiceError(.storeDamaged, what: "no manifest", at: "manifest \(digest)", fix: "add it")
  }
}
