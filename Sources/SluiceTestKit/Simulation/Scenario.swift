package import SluiceModel

/// Everything that people, the farm and bad luck do in one simulation. Taking steps away leaves the others as they are,
/// so that what a failure does not need can be found out.
package struct Scenario: Sendable {
  package struct Step: Sendable, CustomStringConvertible {
    /// Microseconds of virtual time.
    package let at: Int
    package let deed: Deed
    package var description: String { "\(Scenario.spoken(at)) \(deed)" }
  }

  package enum Deed: Sendable {
    case errand(site: Int, Errand.Purpose)
    /// The dice are the fault's own.
    case fault(Fault, site: Int, Dice)
  }

  package static let sites = ["lon", "nyc", "syd"]
  /// When nothing fails any more.
  package static let end = 30_000_000

  package let seed: UInt64
  package var steps: [Step]

  package init(seed: UInt64, steps: [Step]) { (self.seed, self.steps) = (seed, steps) }

  package static func spoken(_ microseconds: Int) -> String {
    let milliseconds = microseconds / 1_000
    let rest = String(milliseconds % 1_000)
    return "\(milliseconds / 1_000)." + String(repeating: "0", count: 3 - rest.count) + rest + " s"
  }
}

// MARK: Drawing one

extension Scenario {
  /// - Throws: never; the names are sound.
  package init(seed: UInt64) throws(SluiceError) {
    var draw = try Draw(seed: seed)
    try draw.beginnings()
    for number in 0..<Draw.plans { try draw.plan(number) }
    for _ in 0..<Draw.acts { try draw.act() }
    draw.faults()
    var dice = Dice(seed: ~seed)
    let said = Scenario.farm(draw.begun, &dice)
    self.init(seed: seed, steps: (draw.steps + said).sorted { $0.at < $1.at })
  }

  private struct Draw {
    static let plans = 6
    static let acts = 180
    static let faults = 6...9

    var dice: Dice
    var steps: [Step] = []
    var begun: [(plan: SimulatedPlan, at: Int, site: Int)] = []
    let projects: [ProjectName]
    let folders: [FolderPath]

    init(seed: UInt64) throws(SluiceError) {
      dice = Dice(seed: seed)
      projects = [try ProjectName("alpha"), try ProjectName("beta"), try ProjectName("gamma")]
      folders = [
        try FolderPath("sq1"), try FolderPath("sq1/sh1"), try FolderPath("sq1/sh2"), try FolderPath("sq2/sh3"),
      ]
    }

    mutating func add(_ deed: Deed, at: Int) { steps.append(Step(at: at, deed: deed)) }
    mutating func time() -> Int { dice.within(600_000...(Scenario.end - 2_000_000)) }

    /// Two projects have one home each; the third is made at two sites that do not know of one another.
    mutating func beginnings() throws(SluiceError) {
      for (project, site) in [(0, 0), (1, 1), (2, 2), (2, 0)] {
        let order = Order.folder(projects[project], folders[0], type: "sequence", set: [:], omitted: nil)
        add(.errand(site: site, .ask(order)), at: 10_000 + dice.below(20_000))
      }
      // Both take themselves for its home, and give the same number.
      let plate = try ProductRef(project: projects[2], folder: folders[0], name: "plate")
      for site in [2, 0] {
        add(.errand(site: site, .ask(.publish(plate, content: site, tag: nil))), at: 35_000 + dice.below(40_000))
      }
      for (index, site) in Scenario.sites.enumerated() {
        let name = try SimulatedSite.subscription(site)
        add(.errand(site: index, .ask(.subscribe(name))), at: 100_000 + dice.below(2_000_000))
      }
    }

    mutating func plan(_ number: Int) throws(SluiceError) {
      let home = dice.below(2)
      let project = dice.percent(15) ? projects[2] : projects[home]
      var runs: [SimulatedPlan.Run] = []
      for folder in [folders[1], folders[2]] {
        let id = PlanID("p-\(number)")
        runs.append(
          SimulatedPlan.Run(
            id: RunID(plan: id, step: SimulatedPlan.step, folder: folder), folder: folder,
            product: try ProductRef(project: project, folder: folder, name: "review"), tasks: 1 + dice.below(2)))
      }
      let plan = SimulatedPlan(id: PlanID("p-\(number)"), project: project, runs: runs)
      let begin = dice.within(3_000_000...(Scenario.end - 9_000_000))
      add(.errand(site: dice.percent(80) ? home : dice.below(3), .ask(.apply(plan))), at: begin)
      begun.append((plan, begin, home))
      for run in runs.indices {
        for _ in 0..<(dice.percent(40) ? 2 : 1) {
          let site = dice.percent(60) ? home : dice.below(3)
          let purpose = Errand.Purpose.work(
            plan, run: run, fails: dice.percent(10), isCareless: dice.percent(30))
          add(.errand(site: site, purpose), at: begin + dice.within(200_000...3_000_000))
        }
      }
      add(.errand(site: home, .ask(.endPlan(plan))), at: begin + dice.within(4_000_000...6_000_000))
    }

    mutating func act() throws(SluiceError) {
      let (site, at, project) = (dice.below(3), time(), dice.pick(projects))
      let ref = try ProductRef(project: project, folder: folders[0], name: dice.pick(["plate", "lut"]))
      let order: Order
      switch dice.below(100) {
      case ..<32:
        var set: [String: String] = [:]
        if dice.percent(60) { set["fps"] = "\(24 + dice.below(4))" }
        if dice.percent(40) { set["range"] = "1001-\(1001 + dice.below(20))" }
        order = .folder(
          project, dice.pick(folders), type: dice.percent(30) ? dice.pick(["shot", "asset"]) : nil, set: set,
          omitted: dice.percent(15) ? dice.percent(50) : nil)
      case ..<37:
        order = .cast(project, folders[1], dice.pick([folders[2], folders[3]]), isIn: dice.percent(60))
      case ..<58: order = .publish(ref, content: dice.below(1_000), tag: dice.percent(25) ? "hold" : nil)
      case ..<69: order = .judge(ref, dice.pick(Saying.allCases))
      case ..<80: order = .tag(ref, dice.pick(["approved", "hold"]), toOldest: dice.percent(40))
      case ..<89:
        // Few ids, so that some come again, also much later.
        order = .outside(source: "/farm/\(site)", id: "done-\(dice.below(14))", text: "frame \(dice.below(99))")
      case ..<92: order = .propose(project, dice.below(9))
      case ..<94: order = .decline(project)
      case ..<95: order = .withdraw(project)
      case ..<97: order = .pipeline(project, dice.below(3))
      case ..<98: order = .token("token-\(dice.below(1_000))")
      // Few people, so that two sites forget the same one.
      case ..<99: order = .erase(PersonAlias(chance: UInt64(dice.below(3))))
      default: order = .replay(try SimulatedSite.subscription(Scenario.sites[site]))
      }
      add(.errand(site: site, .ask(order)), at: at)
    }

    mutating func faults() {
      var kinds = Fault.allCases
      for _ in 0..<dice.within(Draw.faults) {
        let kind = kinds.remove(at: dice.below(kinds.count))
        // With the third site cut off, a log and its only mirror damaged at once would be lost for good.
        if kind == .logDamaged { kinds.removeAll { $0 == .mirrorMisdirected } }
        if kind == .mirrorMisdirected { kinds.removeAll { $0 == .logDamaged } }
        let site = dice.below(3)
        add(.fault(kind, site: site, dice.fork()), at: dice.within(1_500_000...(Scenario.end - 4_000_000)))
      }
      // Damage is found when the log is read again.
      for case .fault(let kind, let site, _) in steps.map(\.deed)
      where kind == .logDamaged || kind == .mirrorMisdirected || kind == .viewsLost {
        add(
          .fault(.crash, site: site, dice.fork()),
          at: dice.within((Scenario.end - 4_000_000)...(Scenario.end - 1_000_000)))
      }
    }
  }
}

// MARK: In words

extension Scenario.Deed: CustomStringConvertible {
  package var description: String {
    switch self {
    case .errand(let site, .ask(let order)): "somebody asks \(Scenario.sites[site]) to \(order)"
    case .errand(let site, .work(let plan, let run, let fails, let isCareless)):
      "a machine asks \(Scenario.sites[site]) for run \(run) of plan \(plan.id)\(fails ? ", and fails" : "")"
        + (isCareless ? ", and reports its end twice" : "")
    case .fault(let fault, let site, _): "at \(Scenario.sites[site]): \(fault.rawValue)"
    }
  }
}

extension Order: CustomStringConvertible {
  package var description: String {
    switch self {
    case .folder(let project, let path, let type, let set, let omitted):
      "change folder \(project)/\(path): \(type ?? "same type")"
        + set.sorted { $0.key < $1.key }.map { ", \($0.key)=\($0.value)" }.joined()
        + (omitted.map { $0 ? ", omitted" : ", not omitted" } ?? "")
    case .cast(let project, let shot, let asset, let isIn):
      "\(isIn ? "put" : "take") \(asset) \(isIn ? "into" : "out of") \(shot) of \(project)"
    case .publish(let ref, let content, let tag): "publish \(ref) with \(content) bytes\(tag.map { " as \($0)" } ?? "")"
    case .tag(let ref, let tag, let toOldest): "move \(tag) of \(ref) to the \(toOldest ? "oldest" : "newest")"
    case .judge(let ref, let saying): "\(saying.rawValue) \(ref)"
    case .pipeline(let project, let number): "apply pipeline \(number) to \(project)"
    case .token(let name): "make the token \(name)"
    case .erase(let alias): "forget the name of \(alias)"
    case .outside(let source, let id, let text): "take the event \(id) of \(source): \(text)"
    case .subscribe(let name): "make the subscription \(name)"
    case .replay(let name): "replay all to \(name)"
    case .propose(let project, let number): "propose plan \(number) of \(project)"
    case .decline(let project): "decline what is proposed in \(project)"
    case .withdraw(let project): "withdraw what is proposed in \(project)"
    case .apply(let plan): "apply plan \(plan.id) of \(plan.project)"
    case .begin(let plan, let run): "begin run \(run) of \(plan.id)"
    case .finish(let plan, let run, let task, let attempt):
      "count task \(task) of run \(run) of \(plan.id), attempt \(attempt)"
    case .end(let plan, let run, let attempt, let outcome):
      "end run \(run) of \(plan.id), attempt \(attempt): \(outcome.rawValue)"
    case .endPlan(let plan): "end plan \(plan.id)"
    case .settle(let project, let key): "settle \(key) of \(project)"
    case .farm(let plan, let run, let saying): "\(saying), for run \(run) of \(plan.id)"
    case .agent(let name, let standing): "say of the agent \(name) that it is \(standing.rawValue)"
    }
  }
}
