package import SluiceGraph
package import SluiceModel

extension Queries {
  /// Versions, numbers, tags, files, made from, used by.
  package func show(_ reference: Reference) async throws(SluiceError) -> ShowAnswer {
    let registry = writer.current
    let product = try registry.product(reference.product)
    let survey = try await survey(reference.product.project)
    let selected = try shown(reference, in: registry)
    let status = try await statuses(survey, of: Asked(product: reference.product)).first
    let graph = survey.graph
    let takers = (graph.consumers[reference.product] ?? []) + (graph.referrers[reference.product] ?? [])
    let users = Set(takers.flatMap { graph.products(madeByUnit: $0) })
      .union(survey.project.users(of: reference.product) ?? [])
    guard let status else { throw notThere(reference) }
    let isShown = status.version == selected.address.version || status.version == nil && reference.selector == .latest
    var answer = ShowAnswer(
      ref: reference.product, selected: try answer(selected, in: registry),
      versions: product.versions.reversed().compactMap { id in
        survey.project.versions[VersionAddress(product: reference.product, version: id)].map(Queries.line)
      },
      tags: survey.project.tags(of: product), status: isShown ? status : nil, madeBy: status.step,
      usedBy: users.sorted())
    (answer.frozen, answer.held) = (status.frozen, status.held)
    return answer
  }

  /// How one product stands.
  package func status(of ref: ProductRef) async throws(SluiceError) -> ProductStatus? {
    try await statuses(try await survey(ref.project), of: Asked(product: ref)).first
  }

  /// Where every version was rejected, the newest is shown with what was said of it.
  private func shown(_ reference: Reference, in registry: Registry) throws(SluiceError) -> Version {
    if reference.selector == .latest, try registry.product(reference.product).latest == nil,
      let newest = try registry.project(reference.product.project).newest(of: reference.product)
    {
      return newest
    }
    return try registry.version(reference)
  }

  private func notThere(_ reference: Reference) -> SluiceError {
    SluiceError(
      .productUnknown, what: "nobody has published '\(reference.product)'", at: "product '\(reference.product)'",
      fix: "publish it first")
  }

  package static func line(_ version: Version) -> VersionLine {
    let published = version.published
    var line = VersionLine(
      version: version.address.version, number: version.number, time: version.time, actor: version.actor,
      note: published.note, label: published.label, frames: published.representations.first?.frames,
      changed: published.changed, files: published.representations.reduce(0) { $0 + $1.files },
      bytes: published.representations.reduce(0) { $0 + $1.bytes })
    line.judged = version.judgement.map(Approval.init)
    (line.purged, line.inPlace, line.damaged) = (version.purgeNote, version.published.inPlace, version.damage?.spoken)
    return line
  }

  package func answer(_ version: Version, in registry: Registry) throws(SluiceError) -> VersionAnswer {
    let own = registry.projects[version.address.product.project]
    let lineage = try own?.lineage(of: version, manifests) ?? version.published.madeFrom
    let made = lineage.map { used in
      let project = registry.projects[used.product.project]
      let old = project?.version(of: used.product, .id(used.version))
      let now = project?.version(of: used.product, .latest)
      let moved = now.map { $0.address.version != used.version } ?? false
      return VersionAnswer.MadeFrom(
        used: used, number: old?.number, now: moved ? now?.address.version : nil,
        nowNumber: moved ? now?.number : nil)
    }
    let manifest = try manifests.manifest(version.published.manifest)
    var answer = VersionAnswer(
      ref: version.address.product, line: Queries.line(version), path: try directory(of: version),
      base: version.published.base, representations: version.published.representations,
      manifest: manifest, madeFrom: made, made: version.published.made)
    answer.carried = try carried(version, manifest, own)
    if version.judgement?.verdict != .rejected, let latest = own?.version(of: version.address.product, .latest),
      latest.address != version.address
    {
      answer.supersededBy = NewerVersion(version: latest.address.version, number: latest.number)
    }
    return answer
  }

  /// Frames that a version has as the one below it had them.
  private func carried(
    _ version: Version, _ manifest: Manifest, _ project: Project?
  ) throws(SluiceError) -> CarriedFrames? {
    guard let base = version.published.base, let below = project?.version(of: version.address.product, .id(base)),
      let new = manifest.representations.first(where: { $0.kind == .sequence }),
      let old = try manifests.manifest(below.published.manifest).representation(named: new.name)
    else { return nil }
    let before = Dictionary(old.files.map { ($0.frame, $0) }, uniquingKeysWith: { first, _ in first })
    let carried = FrameSet(new.files.filter { before[$0.frame] == $0 }.compactMap(\.frame))
    guard !carried.isEmpty else { return nil }
    return CarriedFrames(
      version: base, number: below.number, frames: carried,
      but: FrameSet(new.files.compactMap(\.frame)).subtracting(carried))
  }

  /// One file of a version: the named one, or the only one, or one by frame.
  package func file(
    _ reference: Reference, representation: String?, path: String?, frame: Int?
  ) throws(SluiceError) -> (path: String, file: StoredFile) {
    let version = try writer.current.version(reference)
    if version.isPurged { throw version.purgedError }
    if let error = version.damageError { throw error }
    let manifest = try manifests.manifest(version.published.manifest)
    for candidate in manifest.representations where representation == nil || candidate.name == representation {
      let found: StoredFile?
      if let path {
        found = candidate.files.first { $0.path == path }
      } else if let frame {
        found = candidate.file(atFrame: frame)
      } else {
        found = candidate.kind == .sequence ? candidate.files[candidate.files.count / 2] : candidate.files.first
      }
      if let found {
        let stored = store.path(of: found.path, representation: candidate.name, at: version.address)
        return (found.place?.path ?? stored, found)
      }
    }
    let wanted = path ?? frame.map { "frame \($0)" } ?? representation ?? "file"
    throw SluiceError(
      .fileUnknown, what: "'\(reference.product)' \(version.spoken) has no file '\(NameRule.printable(wanted))'",
      at: "reference '\(reference.product)@\(version.address.version)'",
      fix: "`sluice show \(reference.product)` lists its files")
  }

  /// Which version a file is: by its place in the store, else by its content.
  /// - Parameter digest: of the file's bytes, where the asker has hashed them.
  package func identify(
    path: String, digest: Digest?, views: any ViewStore
  ) async throws(SluiceError) -> IdentifyAnswer {
    var answer = IdentifyAnswer(path: path)
    answer.sha256 = digest
    let registry = writer.current
    if let place = store.address(ofPath: path),
      let version = registry.projects[place.address.product.project]?.versions[place.address]
    {
      answer.by = "place"
      fill(&answer, version, representation: place.file.split(separator: "/").first.map(String.init))
      answer.file = place.file.split(separator: "/").dropFirst().joined(separator: "/")
    }
    guard let digest else { return answer }
    await writer.settleViews()
    let found = try await views.versions(holding: digest, limit: 20)
    for place in found {
      guard let version = registry.projects[place.address.product.project]?.versions[place.address] else { continue }
      if answer.ref == nil {
        answer.by = "content"
        fill(&answer, version, representation: place.representation)
        answer.file = place.path
      } else if version.address
        != VersionAddress(
          product: answer.ref ?? place.address.product, version: answer.version ?? place.address.version)
      {
        answer.also.append("\(place.address.product)@\(place.address.version)")
      }
    }
    return answer
  }

  /// Which version in place a file is whose bytes nobody has read yet.
  /// - Parameter standIn: of the file's place, size and time.
  package func identify(
    path: String, inPlace standIn: Digest, digest: Digest?, views: any ViewStore
  ) async throws(SluiceError) -> IdentifyAnswer {
    var answer = try await identify(path: path, digest: standIn, views: views)
    answer.sha256 = digest
    if answer.ref != nil { answer.by = "place" }
    return answer
  }

  /// How a version's files in place are not what was recorded, in words.
  package func damage(of ref: ProductRef, _ version: VersionID) throws(SluiceError) -> String? {
    try writer.current.version(Reference(product: ref, selector: .id(version))).damage?.spoken
  }

  private func fill(_ answer: inout IdentifyAnswer, _ version: Version, representation: String?) {
    answer.ref = version.address.product
    answer.version = version.address.version
    answer.number = version.number
    (answer.inPlace, answer.damaged) = (version.published.inPlace, version.damage?.spoken)
    answer.representation = representation
  }

  // MARK: Why

  /// From the thing back to the first cause, link by link.
  package func why(_ reference: Reference) async throws(SluiceError) -> WhyAnswer {
    let registry = writer.current
    let survey = try await survey(reference.product.project)
    let status = try await statuses(survey, of: Asked(product: reference.product)).first
    guard registry.projects[reference.product.project]?.products[reference.product] != nil else {
      guard let status else {
        _ = try registry.product(reference.product)
        throw notThere(reference)
      }
      return WhyAnswer(
        ref: reference.product, version: nil, reasons: status.reasons, reaction: status.reaction, chain: [])
    }
    let version = try shown(reference, in: registry)
    let isShown = version.address.version == status?.version || status?.version == nil && reference.selector == .latest
    var history = History(registry: registry)
    if isShown, let reason = status?.reasons.first(where: { !$0.isNote }) {
      history.addChange(reason)
    }
    history.add(version)
    return WhyAnswer(
      ref: reference.product, version: version.address.version,
      reasons: isShown ? status?.reasons ?? [] : [], reaction: isShown ? status?.reaction : nil, chain: history.links)
  }
}
