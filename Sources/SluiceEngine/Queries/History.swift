import SluiceGraph
import SluiceModel

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
        let below = below(version)
        links.append(
          link(
            version,
            "\(version.address.product.spoken) \(version.spoken) was published by "
              + version.actor.name + note(version) + (below.map { ", laid over \($0.spoken)" } ?? "")))
        current = below
        continue
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

  /// The version that a person laid frames over, where a step made that or one below it.
  private func below(_ version: Version) -> Version? {
    let product = version.address.product
    guard let project = registry.projects[product.project], project.ground(of: version) != nil else { return nil }
    return version.published.base.flatMap { project.version(of: product, .id($0)) }
  }

  /// The input version that is one step nearer to the cause.
  private func next(_ version: Version, _ reason: Reason?) -> Version? {
    // What its step only names or notes is no reason.
    let product = version.address.product
    let unit = registry.projects[product.project]?.graph?.producer(of: product)
    let used =
      unit.flatMap { $0.step.name == version.published.made?.step ? version.sources(of: $0) : nil }
      ?? version.published.madeFrom
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
