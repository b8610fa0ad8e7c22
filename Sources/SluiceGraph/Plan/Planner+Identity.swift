import SluiceModel

/// What a plan is called: the digest of what it says.
extension Planner {
  /// What Sluice proposes is another plan than the same asked for by a person: it is about its own runs alone.
  func name(_ plan: inout Plan) {
    var writer = PlanWriter(runs: plan.runs.count)
    writer.begin(plan)
    plan.runs.withUnsafeBufferPointer { runs in
      for index in runs.indices {
        let purges = runs[index].restores == nil ? nil : assessor.project.purges(undoneBy: runs[index])
        writer.put(runs[index], isFirst: index == 0, there: there(for: runs[index]), purges: purges)
      }
    }
    writer.end(plan)
    plan.id = PlanID(digest: Digest.of(writer.bytes))
    let id = plan.id
    var ids = RunIDs(plan: id)
    plan.runs.withUnsafeMutableBufferPointer { runs in
      for index in runs.indices {
        if let versions = runs[index].restores {
          runs[index].id = RunID(plan: id, step: runs[index].step, folder: runs[index].folder, restoring: versions)
        } else {
          runs[index].id = ids.id(step: runs[index].step, folder: runs[index].folder)
        }
      }
    }
  }

  /// What is there now, where the reasons name no versions: a tool or an event's value that goes back and forth is
  /// another situation each time. Nil otherwise.
  private func there(for run: PlannedRun) -> [VersionID]? {
    let goesBackAndForth = run.reasons.withUnsafeBufferPointer { reasons in
      reasons.indices.contains { index in
        switch reasons[index].kind {
        case .tool, .event, .forced, .cast, .omitted, .order: true
        case .input: reasons[index].used == nil
        default: false
        }
      }
    }
    guard goesBackAndForth else { return nil }
    return run.outputs.compactMap { assessor.project.products[$0]?.newest }
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

  mutating func put(_ run: PlannedRun, isFirst: Bool, there: [VersionID]?, purges: [EventID]?) {
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
    put(#"],"step":"#, run.step, there == nil ? "}" : ",")
    if let there {
      put("there", there.map(\.description))
      bytes[bytes.count - 1] = UInt8(ascii: "}")
    }
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
