import FoundationEssentials
package import SluiceModel

/// The last event of another tool that a unit's step listens for: like an input that is told and not published.
///
/// It follows from the log alone: a restart hears the same.
package struct HeardEvent: Sendable, Equatable, Codable {
  package var told: Told
  /// What the step said it listens for, when the event came in.
  package var trigger: EventTrigger
  /// Its place among the events of all sites.
  var clock: HybridTime
  var site: String
  var sequence: Int64

  func isNewer(than other: HeardEvent) -> Bool {
    (clock, site, sequence) > (other.clock, other.site, other.sequence)
  }
}

extension Project {
  /// What a unit was told last; nil where its step listens for no event, or for another one than when that came in.
  package func told(to unit: Unit) -> Told? {
    guard let trigger = unit.step.on, let heard = heard[unit.id], heard.trigger == trigger else { return nil }
    return heard.told
  }
}

extension Registry {
  /// Takes in an event of another tool for the steps that listen for it, on the folder that it names; an event that
  /// names none is about the project's root.
  mutating func hear(_ event: Event, _ place: Place) -> [RowKey] {
    guard let outside = event.outside, let name = event.project, let project = projects[name],
      let folder = project.folders[event.folder ?? event.product?.folder ?? .root], !folder.omitted
    else { return [] }
    var rows: [RowKey] = []
    for step in project.pipeline?.pipeline.steps ?? [] {
      guard let trigger = step.on, trigger.event == event.fact.type, step.folders.matches(folder),
        let parameters = trigger.parameters(from: event)
      else { continue }
      let unit = UnitID(step: step.name, folder: folder.path)
      let heard = HeardEvent(
        told: Told(
          type: event.fact.type, source: outside.source, id: event.id, time: event.time, actor: event.actor,
          parameters: parameters),
        trigger: trigger, clock: place.clock ?? HybridTime(wall: event.time), site: place.site,
        sequence: place.sequence)
      if let known = project.heard[unit], known.isNewer(than: heard) { continue }
      projects[name]?.heard[unit] = heard
      rows.append(.heard(name, unit))
    }
    return rows
  }
}
