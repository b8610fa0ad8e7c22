package import FoundationEssentials
package import SluiceModel

/// What was said last of an agent of this site, as long as that is not that it is an agent like any other.
package struct AgentWord: Sendable, Equatable, Codable {
  package var said: AgentChanged
  package var actor: Actor
  package var time: Date
}

extension Registry {
  /// Each site has agents of its own, so that two may use one name.
  mutating func apply(_ fact: AgentChanged, _ event: Event, _ place: Place) -> [RowKey] {
    guard place.site == site else { return [] }
    let word = AgentWord(said: fact, actor: event.actor, time: event.time)
    agents[fact.agent] = fact.standing == .active ? nil : word
    return [.agent(fact.agent)]
  }
}
