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
    return ShowAnswer(
      ref: reference.product, selected: try answer(selected, in: registry),
      versions: product.versions.reversed().compactMap { id in
        survey.project.versions[VersionAddress(product: reference.product, version: id)].map(Queries.line)
      },
      tags: product.tags, status: status, madeBy: status.step, usedBy: users.sorted())
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
    let made = version.published.madeFrom.map { used in
      let project = registry.projects[used.product.project]
      let old = project?.version(of: used.product, .id(used.version))
      let now = project?.version(of: used.product, .latest)
      let moved = now.map { $0.address.version != used.version } ?? false
      return VersionAnswer.MadeFrom(
        used: used, number: old?.number, now: moved ? now?.address.version : nil,
        nowNumber: moved ? now?.number : nil)
    }
    return VersionAnswer(
      ref: version.address.product, line: Queries.line(version), path: try directory(of: version),
      base: version.published.base, representations: version.published.representations,
      manifest: try manifests.manifest(version.published.manifest), madeFrom: made, made: version.published.made)
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

/// Walks causes backwards. Pure.
struct History {
  let registry: Registry
  private(set) var links: [WhyAnswer.Link] = []

  init(registry: Registry) { self.registry = registry }

  /// What has happened since and makes the thing out of date.
  mutating func addChange(_ reason: Reason) {
    guard let version = version(reason.input, reason.now) else { return }
    links.append(link(version, "out of date: \(reason.text)"))
  }

  /// A version and everything before it that led to it.
  mutating func add(_ start: Version) {
    var current: Version? = start
    var seen: Set<EventID> = []
    while let version = current, seen.insert(version.event).inserted {
      guard let made = version.published.made else {
        links.append(
          link(
            version,
            "\(version.address.product.spoken) \(version.spoken) was published by \(version.actor.name)\(note(version))"
          ))
        return
      }
      // That it had not been made yet is no cause where an event asked for it.
      let event = made.reasons.first { $0.kind == .event }
      let reason = made.reasons.first?.kind == .missing ? event ?? made.reasons.first : made.reasons.first
      let because = reason.map { ", because \($0.text)" } ?? ""
      links.append(
        link(
          version, "\(version.address.product.spoken) \(version.spoken) was made by the step '\(made.step)'\(because)"))
      addPlan(made.plan, seen: &seen)
      if reason?.kind == .event, let told = made.told { return add(told) }
      current = next(version, reason)
    }
  }

  private mutating func add(_ told: Told) {
    links.append(
      WhyAnswer.Link(
        event: told.id, type: told.type, time: told.time, actor: told.actor.name, ref: nil, version: nil,
        text: "\(told.actor.name) sent the event '\(NameRule.printable("\(told.id)"))' of "
          + NameRule.printable(told.source)))
  }

  private mutating func addPlan(_ id: PlanID, seen: inout Set<EventID>) {
    guard let plan = registry.plans[id], plan.applications > 0, seen.insert(plan.event).inserted else { return }
    let words =
      plan.actor.trust == .system
      ? "Sluice set the plan \(id) with \(plan.runs) runs going by itself"
      : "\(plan.actor.name) applied the plan \(id) with \(plan.runs) runs"
    links.append(
      WhyAnswer.Link(
        event: plan.event, type: Fact.planAppliedType, time: plan.applied, actor: plan.actor.name, ref: nil,
        version: nil, text: words))
  }

  /// The input version that is one step nearer to the cause.
  private func next(_ version: Version, _ reason: Reason?) -> Version? {
    let used = version.published.madeFrom
    let versions = used.compactMap {
      registry.projects[$0.product.project]?.versions[VersionAddress(product: $0.product, version: $0.version)]
    }
    guard let cause = reason?.input else { return versions.max { $0.time < $1.time } }
    if let direct = versions.first(where: { $0.address.product.description == cause }) { return direct }
    // The cause lies further up: go on through an input that was made because of it.
    return versions.first { $0.published.made?.reasons.contains { $0.input == cause } ?? false }
      ?? versions.filter { $0.published.made != nil }.max { $0.time < $1.time } ?? versions.first
  }

  private func version(_ product: String?, _ version: String?) -> Version? {
    guard let product, let version, let ref = try? ProductRef(product), let id = VersionID(version) else { return nil }
    return registry.projects[ref.project]?.versions[VersionAddress(product: ref, version: id)]
  }

  private func link(_ version: Version, _ text: String) -> WhyAnswer.Link {
    WhyAnswer.Link(
      event: version.event, type: Fact.versionPublishedType, time: version.time, actor: version.actor.name,
      ref: version.address.product, version: version.address.version, text: text)
  }

  private func note(_ version: Version) -> String {
    version.published.note.map { " (“\($0)”)" } ?? ""
  }
}
