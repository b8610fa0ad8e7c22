import SluiceGraph
import SluiceModel

/// Turns what a run made into versions: new files, earlier results, and frames that it carries.
struct Harvest: Sendable {
  let parts: Runner.Parts
  let run: Runner.Going
  let id: RunID
  let plan: Plan

  struct Product: Sendable {
    var address: VersionAddress
    var placed: [PlacedFile]
    var manifest: Manifest
    var changed: FrameSet?
  }

  /// All outputs or none, in one record with the end of the run.
  func publish(origin: Origin) async throws(SluiceError) {
    guard run.order.restores.isEmpty else { return try await restore(origin: origin) }
    var products: [Product] = []
    for index in run.order.unit.step.outputs.indices { products.append(try await product(index)) }
    let addresses = products.map(\.address)
    do {
      for product in products { try await parts.store.place(product.placed, at: product.address) }
      let all = products
      try await parts.writer.submitWhenPossible(origin, blobs: products.map { Blob($0.manifest) }) {
        registry throws(SluiceError) in
        try facts(all, in: registry)
      }
      // Another end of this run may have come first; its files are the ones to keep.
      let versions = parts.writer.current.projects[plan.project]?.versions
      for address in addresses { await parts.store.settle([address], keep: versions?[address] != nil) }
    } catch {
      await parts.store.settle(addresses, keep: false)
      throw error
    }
  }

  var made: Made {
    let order = run.order
    return Made(
      step: order.unit.id.step, run: id, plan: plan.id, core: order.assessment.core, tools: order.assessment.tools,
      recipe: order.assessment.recipe ?? order.assessment.core, told: order.assessment.told,
      uniform: order.leftOut.isEmpty, accepted: order.accepted,
      reasons: plan.runs.first { $0.id == id }?.reasons ?? [])
  }

  func end(_ products: [Product], in registry: Registry) -> RunFinished {
    let order = run.order
    let timing = registry.projects[plan.project]?.timings[order.unit.id.step]
    return RunFinished(
      plan: plan.id, run: id, step: order.unit.id.step, attempt: run.attempt, outcome: .succeeded,
      executed: run.counted, reused: order.tasks(for: Array(run.reused.keys), run: id).count,
      seconds: (run.seconds * 1_000).rounded() / 1_000, recipe: order.assessment.recipe,
      spared: SparedWork(
        order, run: id, reused: Set(run.reused.keys), manifests: products.map(\.manifest),
        secondsPerTask: run.counted > 0 ? run.seconds / Double(run.counted) : timing?.secondsPerTask))
  }

  private func facts(_ products: [Product], in registry: Registry) throws(SluiceError) -> [Draft] {
    let order = run.order
    let versions = products.enumerated().map { index, product in
      (
        ref: product.address.product,
        fact: VersionPublished(
          version: product.address.version, number: nil, manifest: Blob(product.manifest).digest,
          representations: product.manifest.representations.map(\.summary), madeFrom: order.used,
          base: order.carried.isEmpty ? nil : order.base[index]?.address.version, changed: product.changed,
          made: made)
      )
    }
    return try RunDecisions.end(
      end(products, in: registry), publishing: versions, plan.project, order.unit.id.folder, in: registry)
  }

  func product(_ index: Int) async throws(SluiceError) -> Product {
    let output = run.order.unit.step.outputs[index]
    let ref = run.order.unit.outputs[index]
    let base = run.order.base[index]
    let before = try base.flatMap { (version) throws(SluiceError) in
      try parts.manifests.manifest(version.published.manifest).representations.first
    }
    var files: [StoredFile] = []
    var origins: [String: PlacedFile.Origin] = [:]
    for (file, origin) in try await made(index, output) + (try reused(index, output)) {
      files.append(file)
      // The same picture as before: the old file stays, and no byte is stored twice.
      if let base, !base.isPurged, !base.isInPlace, let before,
        let old = before.files.first(where: { $0.frame == file.frame && $0.path == file.path }),
        old.identity == file.identity
      {
        files[files.count - 1].size = old.size
        files[files.count - 1].sha256 = old.sha256
        origins[file.path] = .version(base.address, representation: before.name, path: old.path)
      } else {
        origins[file.path] = origin
      }
    }
    if let base, let before {
      for file in before.files where file.frame.map(run.order.carried.contains) == true {
        files.append(file)
        origins[file.path] = .version(base.address, representation: before.name, path: file.path)
      }
    }
    guard !files.isEmpty else {
      throw SluiceError(
        .taskOutputMissing, what: "the command succeeded but made no file '\(output.files)'", at: "run \(id)",
        fix: "let the command write to the path that its output placeholder gives")
    }
    let kind: RepresentationKind = output.isSequence ? .sequence : .file
    let name = Shape.defaultName(files.map(\.path), kind: kind)
    let representation = Representation(name: name, kind: kind, files: files)
    let address = VersionAddress(product: ref, version: await parts.writer.reserveVersion(of: ref))
    return Product(
      address: address,
      placed: files.compactMap { file in
        origins[file.path].map { PlacedFile(representation: name, path: file.path, origin: $0) }
      },
      manifest: Manifest(representations: [representation]),
      changed: before.flatMap { Shape.changedFrames(representation, since: $0) })
  }

  /// Files that the run's tasks wrote.
  private func made(
    _ index: Int, _ output: StepOutput
  ) async throws(SluiceError) -> [(StoredFile, PlacedFile.Origin)] {
    let pieces = run.pieces
    var outputs = pieces.map { run.plan.outputs(of: $0)[index] }
    if run.order.unit.step.hasOpenOutputs, output.isSequence, let recipe = pieces.first?.recipes[index] {
      outputs = await parts.workshop.names(in: "out/\(output.name)", of: run.bench).compactMap { name in
        BenchPlan.frame(of: name, pattern: output.files).map { frame in
          WorkOutput(
            path: "out/\(output.name)/\(name)", name: name, frame: frame, identity: output.identity, recipe: recipe)
        }
      }
    }
    let files = try await parts.workshop.measure(outputs, of: run.bench)
    var found: [(StoredFile, PlacedFile.Origin)] = []
    for (output, file) in zip(outputs, files) {
      guard let file else {
        throw SluiceError(
          .taskOutputMissing, what: "the command succeeded but did not make '\(output.path)'", at: "run \(id)",
          fix: "let the command write to the path that its output placeholder gives")
      }
      found.append((file, .work(parts.workshop.directory(of: run.bench) + "/" + output.path)))
    }
    return found
  }

  /// Files that the same recipe made before.
  private func reused(_ index: Int, _ output: StepOutput) throws(SluiceError) -> [(StoredFile, PlacedFile.Origin)] {
    var found: [(StoredFile, PlacedFile.Origin)] = []
    for (piece, places) in run.reused {
      let place = places[index]
      let registry = parts.writer.current
      let version = try registry.version(
        Reference(product: place.address.product, selector: .id(place.address.version)))
      let manifest = try parts.manifests.manifest(version.published.manifest)
      guard
        var file = manifest.representation(named: place.representation)?.files.first(where: { $0.path == place.path })
      else { continue }
      let name = piece.frame.map { FileName.fill(output.files, frame: $0) } ?? output.files
      file.path = name
      file.frame = piece.frame
      file.recipe = piece.recipes[index]
      found.append((file, .version(place.address, representation: place.representation, path: place.path)))
    }
    return found
  }
}
