package import SluiceModel
package import SluicePolicy

/// What a server says of its farm.
package struct FarmSettings: Sendable {
  /// A file that an agent which sees the data folder can read, and what stands in it.
  package struct Probe: Sendable {
    package let file: String
    package let secret: String
    package init(file: String, secret: String) { (self.file, self.secret) = (file, secret) }
  }
  /// An agent that is not heard of for so long has lost its tasks.
  package var lease: Duration
  package var sizes: Sizes
  package var limits: [String: CountedLimit]
  /// Those of which a program says how many there are, and how often it is asked.
  package var askedLimits: Set<String> = []
  package var limitPause: Duration = .seconds(30)
  /// How long an agent takes nothing else after a task that says nothing of its memory, until one of its run has ended.
  package var ramp: Duration = .zero
  /// The name of the server's own machine.
  package var host: String
  /// What it has, in MiB.
  package var memory: Int
  package var probe: Probe?
  /// Set where the server's own tasks go to a queue manager, which has many machines, with these labels.
  package var pool: [String: String]?
  /// What steps may ask for and the server's own machine was given.
  package var labels: [String: String] = [:]
  /// What else templates may ask for and the server's own machine has.
  package var traits = HostTraits(attributes: HostTraits.ofThisBuild)

  package init(
    lease: Duration = .seconds(30), sizes: Sizes = Sizes(), limits: [String: CountedLimit] = [:],
    host: String = "localhost", memory: Int = Limits.agentMemoryMebibytes, probe: Probe? = nil
  ) {
    (self.lease, self.sizes, self.limits) = (lease, sizes, limits)
    (self.host, self.memory, self.probe) = (host, memory, probe)
  }
}

extension Farm {
  /// A farm whose first agent is the server's own machine.
  init(for settings: Runner.Settings, now: Duration) {
    let farm = settings.farm
    self.init(Scheduler.Rules(lease: farm.lease, sizes: farm.sizes.all), sizes: farm.sizes, ramp: farm.ramp)
    for (name, limit) in farm.limits {
      // Nobody knows which of a queue manager's machines two tasks share.
      scheduler.setLimit(name, farm.pool == nil ? limit : CountedLimit(count: limit.count, unit: .seat))
    }
    // Until the program has answered there are none.
    for name in farm.askedLimits where farm.limits[name] == nil { scheduler.setLimit(name, CountedLimit(count: 0)) }
    guard settings.workers > 0 else { return }
    var has = Amounts(cores: settings.workers, memory: farm.memory)
    if farm.pool != nil {
      has = Amounts(cores: settings.workers, memory: Limits.agentMemoryMebibytes, gpus: Limits.agentGPUs)
    }
    isPool = farm.pool != nil
    _ = scheduler.join(
      Farm.own, host: farm.host, has: has, labels: farm.pool ?? farm.labels, traits: farm.traits, now: now, isOwn: true)
  }
}

extension TaskNeeds {
  init(_ need: Need, _ step: StepNeeds?) {
    self.init(
      cores: need.amounts.cores, memoryMebibytes: need.amounts.memory, gpus: need.amounts.gpus,
      exclusive: step?.exclusive == true, labels: need.labels, limits: need.limits)
  }
}
