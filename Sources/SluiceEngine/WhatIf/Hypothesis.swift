package import FoundationEssentials
package import SluiceGraph
package import SluiceModel

/// A version of a product as it would be if a change were published that has not been. Pure.
package struct Hypothesis: Sendable {
  package let ref: ProductRef
  package let before: Version?
  package let manifest: Manifest
  package let version: VersionID
  /// Whether its content is another than what is there.
  package let differs: Bool
  /// Nil for what is no sequence, and where every frame differs.
  package let frames: FrameSet?
  /// What would be there, in a few words: `lut.cube`.
  private let what: String

  /// - Parameters:
  ///   - old: the manifest of `before`.
  ///   - now: when it would happen.
  /// - Throws: `product.unknown` where nothing is there that could differ wholly, and what a publish of these files
  ///   would throw.
  package init(
    _ change: ChangedProduct, ref: ProductRef, before: Version?, old: Manifest?, now: Date
  ) throws(SluiceError) {
    (self.ref, self.before) = (ref, before)
    version = VersionID.next(after: before?.address.version, now: now, site: Hypothesis.site)
    guard let files = change.files else {
      guard let old else {
        throw SluiceError(
          .productUnknown, what: "'\(ref)' has no version yet, so nobody knows what a change of it would be",
          at: "changed '\(ref)'", fix: "name the file: --changed \(ref)=FILE")
      }
      manifest = Hypothesis.otherwise(old)
      (differs, frames, what) = (true, nil, "another content")
      return
    }
    let representation = try Hypothesis.representation(files, change, ref: ref, over: old)
    let known = old?.representations.first { $0.name == representation.name }
    // A sequence of one file is a patch.
    let isPatch = representation.kind == .sequence && files.count == 1
    let others = isPatch ? old?.representations.filter { $0.name != representation.name } ?? [] : []
    let new = Manifest(representations: [representation] + others)
    manifest = new
    differs = old.map { Hypothesis.contents($0) != Hypothesis.contents(new) } ?? true
    frames = known.flatMap { Shape.changedFrames(representation, since: $0) }
    what = files.count == 1 ? FileName(files[0].path).lastPart : "\(files.count) files"
  }

  private static let site = "whatif"

  /// The same files with other bytes, made by the same work.
  private static func otherwise(_ old: Manifest) -> Manifest {
    Manifest(
      representations: old.representations.map { representation in
        Representation(
          name: representation.name, kind: representation.kind,
          files: representation.files.map { file in
            var other = file
            other.sha256 = Digest.of("what if not \(file.sha256)")
            other.pixels = file.pixels.map { Digest.of("what if not \($0)") }
            return other
          })
      })
  }

  private static func representation(
    _ files: [ChangedProduct.File], _ change: ChangedProduct, ref: ProductRef, over old: Manifest?
  ) throws(SluiceError) -> Representation {
    let paths = files.map(\.path)
    for path in paths { try PathRule.require(path) }
    guard !paths.isEmpty, paths.count <= Limits.filesPerVersion, Set(paths).count == paths.count else {
      throw SluiceError(
        .publishManifest, what: "\(paths.count) files, or one of them twice, cannot be a version",
        at: "changed '\(ref)'",
        fix: "name each file once, at most \(Limits.filesPerVersion) of them")
    }
    // One numbered file of a sequence is what a patch brings.
    let isFrame = paths.count == 1 && change.tree != true && FileName(paths[0]).frame != nil
    let over = old.flatMap { Arrangement.sequences(of: $0, named: change.representation, for: paths[0]).first }
    let arrangement = try Arrangement(
      paths, name: change.representation, isTree: change.tree == true, over: isFrame ? over : nil)
    let known =
      arrangement.base
      ?? old?.representations.first { $0.name == arrangement.name && $0.kind == arrangement.kind }
    let stored = files.map { (file) -> StoredFile in
      let (path, frame) = arrangement.place(of: file.path)
      return likeKnown(file, at: path, frame: frame, known?.file(at: path, frame: frame, kind: arrangement.kind))
    }
    let found = arrangement.representation(stored + arrangement.carried(besides: stored))
    if arrangement.base == nil, change.allowMissing != true {
      try Shape.requireWhole(
        found, at: "changed '\(ref)'",
        fix: "name the missing frames too, or say --allow-missing, as the publish would have to")
    }
    return found
  }

  /// The same bytes are the same picture; other bytes count as another.
  private static func likeKnown(
    _ file: ChangedProduct.File, at path: String, frame: Int?, _ known: StoredFile?
  ) -> StoredFile {
    let isSame = known?.sha256 == file.sha256
    return StoredFile(
      path: path, frame: frame, size: file.size, sha256: file.sha256, pixels: isSame ? known?.pixels : nil,
      recipe: known?.recipe)
  }

  private static func contents(_ manifest: Manifest) -> [String: Digest] {
    Dictionary(
      manifest.representations.map { ($0.name, $0.summary.content) }, uniquingKeysWith: { first, _ in first })
  }
}

extension Representation {
  fileprivate func file(at path: String, frame: Int?, kind: RepresentationKind) -> StoredFile? {
    switch kind {
    case .sequence: frame.flatMap { file(atFrame: $0) }
    case .file: files.first
    case .tree: files.first { $0.path == path }
    }
  }
}

extension FileName {
  fileprivate var lastPart: String {
    base + digits + tail + (fileExtension.isEmpty ? "" : ".\(fileExtension)")
  }
}

// MARK: What follows from it

extension Hypothesis {
  /// As if it had been published.
  package var fact: VersionPublished {
    VersionPublished(
      version: version, number: nil, manifest: Blob(manifest).digest,
      representations: manifest.representations.map(\.summary), madeFrom: before?.published.madeFrom ?? [],
      made: before?.published.made)
  }

  package var change: WhatIf.Change {
    let there = before.map(\.spoken) ?? "nothing"
    var text = "\(ref.spoken): \(what) instead of \(there)"
    if !differs { text = "\(ref.spoken): \(what) is what \(there) has already" }
    if differs, let frames, !frames.isEmpty { text += ", \(Reasons.spoken(frames))" }
    return WhatIf.Change(
      ref: ref, version: before?.address.version, number: before?.number, differs: differs,
      frames: differs ? frames : nil, text: text)
  }

  /// A reason in words that say what would be; nil for one that is about something else.
  package func reason(_ reason: Reason, by actor: Actor, at time: Date) -> Reason? {
    guard reason.input == ref.description, reason.now == version.description else { return nil }
    var result = reason
    result.now = nil
    result.text = reason.text.replacing(" moved from ", with: " would move from ")
      .replacing(" is a new input", with: " would be a new input")
      .replacing("\(version) (\(actor.name), \(Reasons.spoken(time)))", with: what)
      .replacing(version.description, with: what)
    return result
  }
}

/// Manifests with those of hypotheses beside them.
package struct HypotheticalManifests: ManifestSource {
  private let known: any ManifestSource
  private let others: [Digest: Manifest]

  package init(_ known: any ManifestSource, _ hypotheses: [Hypothesis]) {
    self.known = known
    others = Dictionary(
      hypotheses.map { (Blob($0.manifest).digest, $0.manifest) }, uniquingKeysWith: { first, _ in first })
  }

  package func manifest(_ digest: Digest) throws(SluiceError) -> Manifest {
    if let manifest = others[digest] { return manifest }
    return try known.manifest(digest)
  }
}

extension Plan {
  /// What a plan has because of changes that have not happened.
  /// - Parameters:
  ///   - now: the plan of today; this one is the plan of then.
  ///   - selected: the products that were asked about.
  package func whatIf(
    _ hypotheses: [Hypothesis], since now: Plan, selected: Set<ProductRef>, by actor: Actor, at time: Date
  ) -> Plan {
    let today = Dictionary(
      now.runs.map { (UnitID(step: $0.step, folder: $0.folder), $0) }, uniquingKeysWith: { first, _ in first })
    var plan = self
    plan.runs = []
    var alreadyDue = 0
    for run in runs {
      let known = today[UnitID(step: run.step, folder: run.folder)]
      guard known?.reasons != run.reasons || known?.frames != run.frames else { continue }
      if known != nil { alreadyDue += 1 }
      var reached = run
      let new = run.reasons.filter { known?.reasons.contains($0) != true }
      reached.reasons = (new.isEmpty ? run.reasons : new).map { reason in
        hypotheses.lazy.compactMap { $0.reason(reason, by: actor, at: time) }.first ?? reason
      }
      reached.work = nil
      plan.runs.append(reached)
    }
    plan.blocked = blocked.filter { !now.blocked.contains($0) }
    plan.missing = []
    plan.untouched = selected.subtracting(plan.runs.flatMap(\.outputs)).count
    plan.whatIf = WhatIf(changes: hypotheses.map(\.change), alreadyDue: alreadyDue)
    plan.id = PlanID("")
    for index in plan.runs.indices { plan.runs[index].id = RunID("") }
    plan.id = PlanID(digest: Digest.of(StableJSON.encode(plan)))
    for index in plan.runs.indices {
      plan.runs[index].id = RunID(plan: plan.id, step: plan.runs[index].step, folder: plan.runs[index].folder)
    }
    return plan
  }
}
