package import SluiceModel

/// What a plan is called: the digest of what it says.
extension Planner {
  /// What Sluice proposes is another plan than the same asked for by a person: it is about its own runs alone.
  func name(_ plan: inout Plan) {
    var writer = PlanWriter(runs: plan.runs.count)
    writer.begin(plan)
    plan.runs.withUnsafeBufferPointer { runs in
      for index in runs.indices {
        let purges = runs[index].restores == nil ? nil : assessor.project.purges(undoneBy: runs[index])
        writer.put(runs[index], isFirst: index == 0, purges: purges)
      }
    }
    writer.end(plan)
    plan.take(PlanID(digest: Digest.of(writer.bytes)))
  }
}

extension Plan {
  fileprivate mutating func take(_ name: PlanID) {
    id = name
    var ids = RunIDs(plan: name)
    runs.withUnsafeMutableBufferPointer { runs in
      for index in runs.indices {
        if let versions = runs[index].restores {
          runs[index].id = RunID(plan: name, step: runs[index].step, folder: runs[index].folder, restoring: versions)
        } else {
          runs[index].id = ids.id(step: runs[index].step, folder: runs[index].folder)
        }
      }
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
  private var last: (words: Words?, bytes: [UInt8]) = (nil, [])
  private struct Words: Equatable {
    let kind: Reason.Kind
    let input, used, now: String?
  }

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
    run.reasons.withUnsafeBufferPointer { reasons in
      for index in reasons.indices {
        if index > 0 { bytes.append(UInt8(ascii: ",")) }
        put(reasons[index])
      }
    }
    put(#"],"step":"#, run.step, "}")
  }

  /// Most runs have the reason of the run before.
  private mutating func put(_ reason: Reason) {
    let words = Words(kind: reason.kind, input: reason.input, used: reason.used, now: reason.now)
    if words != last.words {
      let start = bytes.count
      put("[", words.kind.rawValue, ",")
      put(words.input, ",")
      put(words.used, ",")
      put(words.now, "]")
      last = (words, Array(bytes[start...]))
    } else {
      bytes += last.bytes
    }
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
