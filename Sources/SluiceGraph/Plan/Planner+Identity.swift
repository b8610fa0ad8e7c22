package import SluiceModel

/// What a plan is called: the digest of what it says.
extension Planner {
  /// What Sluice proposes is another plan than the same asked for by a person: it is about its own runs alone.
  func name(_ plan: inout Plan) {
    var writer = PlanWriter(runs: plan.runs.count)
    writer.begin(plan)
    for index in plan.runs.indices {
      let purges = plan.runs[index].restores == nil ? nil : assessor.project.purges(undoneBy: plan.runs[index])
      writer.put(plan.runs[index], isFirst: index == 0, purges: purges)
    }
    writer.end(plan)
    plan.take(PlanID(digest: Digest.of(writer.bytes)))
  }
}

extension Plan {
  fileprivate mutating func take(_ name: PlanID) {
    id = name
    for index in runs.indices {
      let (step, folder) = (runs[index].step, runs[index].folder)
      runs[index].id =
        runs[index].restores.map { RunID(plan: name, step: step, folder: folder, restoring: $0) }
        ?? RunID(plan: name, step: step, folder: folder)
    }
  }
}

extension Registry {
  /// A plan under a name that nothing has been made under: facts that go back and forth, such as a range or a tag, lead
  /// to the same reasons again and again, and what was made for them before says nothing of what is to be made now.
  ///
  /// One that runs, or of which nothing was made, keeps its name, so that it can be asked for twice.
  package func unspent(_ plan: Plan) -> Plan {
    var (name, times) = (plan.id, 0)
    while isSpent(name) {
      times += 1
      name = PlanID(digest: Digest.of("\(plan.id) \(times)"))
    }
    guard times > 0 else { return plan }
    var plan = plan
    plan.take(name)
    return plan
  }

  private func isSpent(_ name: PlanID) -> Bool {
    guard let known = plans[name], known.applications > 0, known.status != .running else { return false }
    return known.counts.succeeded + known.counts.unchanged > 0
  }
}

/// The JSON that a plan is named by, as `StableJSON` writes it: keys sorted, and what is nil left out. Plans have tens
/// of thousands of runs, and a general encoder takes twenty times as long.
struct PlanWriter {
  private(set) var bytes: [UInt8] = []
  private var frames: (set: FrameSet, text: String)?

  init(runs: Int) { bytes.reserveCapacity(256 + runs * 256) }

  mutating func begin(_ plan: Plan) {
    bytes += "{".utf8
    if plan.force == true { bytes += #""force":true,"#.utf8 }
    if let frames = plan.frames { put(#""frames":"#, frames.description, ",") }
    put(#""project":"#, plan.project.description, ",")
    if let reaction = plan.reaction { put(#""reaction":"#, reaction.rawValue, ",") }
    bytes += "\"revision\":\(plan.pipelineRevision),\"runs\":[".utf8
  }

  mutating func end(_ plan: Plan) {
    put(#"],"selection":"#, plan.selection, "}")
  }

  mutating func put(_ run: PlannedRun, isFirst: Bool, purges: [EventID]?) {
    put(isFirst ? #"{"folder":"# : #",{"folder":"#, run.folder.description, ",")
    if let set = run.frames { put(#""frames":"#, text(of: set), ",") }
    if let purges { put("purges", purges.map(\.description)) }
    bytes += #""reasons":["#.utf8
    for index in run.reasons.indices {
      put(index == 0 ? "[" : ",[", run.reasons[index].kind.rawValue, ",")
      put(run.reasons[index].input, ",")
      put(run.reasons[index].used, ",")
      put(run.reasons[index].now, "]")
    }
    put(#"],"step":"#, run.step, "}")
  }

  private mutating func text(of set: FrameSet) -> String {
    if let frames, frames.set == set { return frames.text }
    let text = set.description
    frames = (set, text)
    return text
  }

  private mutating func put(_ key: String, _ texts: [String]) {
    bytes += "\"\(key)\":".utf8
    bytes += StableJSON.encode(texts)
    bytes.append(UInt8(ascii: ","))
  }

  private mutating func put(_ text: String?, _ after: StaticString) {
    guard let text else {
      bytes += "null".utf8
      put(after)
      return
    }
    put("", text, after)
  }

  private mutating func put(_ before: StaticString, _ text: String, _ after: StaticString) {
    put(before)
    StableJSON.append(text, to: &bytes)
    put(after)
  }

  private mutating func put(_ text: StaticString) {
    text.withUTF8Buffer { bytes.append(contentsOf: $0) }
  }
}
