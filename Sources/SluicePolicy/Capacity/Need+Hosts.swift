package import SluiceModel

/// What templates ask of machines, in what a task needs.
extension Need {
  /// Takes up what a template asks for: whole cores, MiB and GPUs, counted limits that are known, and the rest.
  ///
  /// A task may have more memory than the template asks for, unless its step says how much it takes.
  /// - Parameter isLimit: whether there is a counted limit of this name.
  package mutating func take(_ asked: HostNeeds, isLimit: (String) -> Bool) {
    if amounts.memory == 0 { isKeptToMemory = false }
    var rest = hosts ?? HostNeeds()
    rest.attributes += asked.attributes
    for var amount in asked.amounts {
      let least = Int(clamping: amount.min ?? 0)
      switch amount.name {
      case "amount.worker.vcpu": amounts.cores = max(amounts.cores, least)
      case "amount.worker.memory": amounts.memory = max(amounts.memory, least)
      case "amount.worker.gpu": amounts.gpus = max(amounts.gpus, least)
      default:
        let name = String(amount.name.trimmingPrefix("amount."))
        if let limit = [name, amount.name].first(where: isLimit) {
          if least > 0 { limits[limit] = max(limits[limit] ?? 0, least) }
        } else {
          rest.amounts.append(amount)
        }
        continue
      }
      amount.min = nil
      if amount.max != nil { rest.amounts.append(amount) }
    }
    hosts = rest.isEmpty ? nil : rest
  }
}

extension Int {
  /// The whole number at or above an amount.
  fileprivate init(clamping amount: Double) {
    self = Int(Swift.min(amount, Limits.agentAmount).rounded(.up))
  }
}

extension FarmAgent {
  /// How much it has of something; nil for what it says nothing of.
  func amount(of name: String) -> Double? {
    switch name {
    case "amount.worker.vcpu": Double(has.cores)
    case "amount.worker.memory": Double(has.memory)
    case "amount.worker.gpu": Double(has.gpus)
    default: traits.amounts[name]
    }
  }

  func has(_ wanted: HostNeeds.Amount) -> Bool {
    let own = amount(of: wanted.name)
    return (wanted.min.map { $0 <= own ?? 0 } ?? true) && (wanted.max.map { own ?? 0 <= $0 } ?? true)
  }

  /// Whether it is a machine as templates ask for it, whatever runs on it.
  func suits(_ need: Need) -> Bool {
    if need.sharesBench, !seesBenches { return false }
    guard let hosts = need.hosts else { return true }
    return hosts.attributes.allSatisfy(traits.has) && hosts.amounts.allSatisfy(has)
  }

  /// What a task asks for of which others have too much.
  func lacks(_ need: Need) -> [HostNeeds.Amount] {
    guard let hosts = need.hosts else { return [] }
    return hosts.amounts.filter { amount in
      guard let least = amount.min else { return false }
      // Sums of decimals are not exact.
      return least > (traits.amounts[amount.name] ?? 0) - (taken[amount.name] ?? 0) + 1e-9
    }
  }

  mutating func take(_ need: Need) {
    for amount in need.hosts?.amounts ?? [] { taken[amount.name, default: 0] += amount.min ?? 0 }
  }

  mutating func give(_ need: Need) {
    guard let hosts = need.hosts else { return }
    for amount in hosts.amounts { taken[amount.name, default: 0] -= amount.min ?? 0 }
    if leases.isEmpty { taken = [:] }
  }
}

extension Scheduler {
  /// An agent says whether it sees the benches of runs.
  package mutating func setSeesBenches(_ sees: Bool, _ id: AgentID) {
    guard let agent = agents[id], agent.seesBenches != sees else { return }
    agents[id]?.seesBenches = sees
    news += 1
  }

  /// What no agent has of what templates ask for; all of it where each is somewhere and nowhere all of it.
  func unmet(_ need: Need, by agents: [FarmAgent]) -> [String] {
    let hosts = need.hosts ?? HostNeeds()
    let attributes = hosts.attributes.filter { wanted in !agents.contains { $0.traits.has(wanted) } }.map(\.description)
    let amounts = hosts.amounts.filter { wanted in !agents.contains { $0.has(wanted) } }.map(\.description)
    let missing = attributes + amounts
    return missing.isEmpty ? hosts.attributes.map(\.description) + hosts.amounts.map(\.description) : missing
  }
}
