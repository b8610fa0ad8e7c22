package import FoundationEssentials
package import SluiceModel

/// Says in words why something is not current; every noun is one that people use.
package struct Reasons: Sendable {
  let project: Project
  let graph: StepGraph

  package static func missingInput(_ product: ProductRef) -> Reason {
    Reason(
      kind: .missingInput, input: "\(product)", used: nil, now: nil, text: "nobody has published \(product.spoken)")
  }

  func reasons(
    for result: Assessment, made: Made, version: Version, upstream: (ProductRef) -> Finding?
  ) -> [Reason] {
    let found = reasons(for: result, made: made, version: version, frames: nil, upstream: upstream)
    guard found.count == 1, found[0].kind == .input, let stale = result.stale else { return found }
    // All frames that want work do so because of it, and it can name them.
    return reasons(for: result, made: made, version: version, frames: stale, upstream: upstream)
  }

  private func reasons(
    for result: Assessment, made: Made, version: Version, frames: FrameSet?, upstream: (ProductRef) -> Finding?
  ) -> [Reason] {
    var found: [Reason] = []
    let recorded = RecordedInputs(version.published.madeFrom)
    for state in result.inputs {
      for source in state.sources {
        if let above = source.above(upstream) {
          found += passedOn(from: above, through: source.product)
        } else {
          found += moved(state, source, recorded, in: version, stale: frames)
        }
        for named in source.named {
          if let above = named.above(upstream) {
            found += passedOn(from: above, through: source.product)
          } else {
            found += moved(state, named, recorded, in: version, stale: nil)
          }
        }
      }
      found += gone(state, version)
      found += reordered(state, version)
    }
    found += result.lacking
    found += edited(result, made)
    found += counted(result, version)
    if found.isEmpty, !made.uniform, let stale = result.stale, !stale.isEmpty {
      found.append(
        Reason(
          kind: .partial, input: nil, used: "\(version.address.version)", now: nil,
          text:
            "\(Reasons.spoken(stale)) of \(version.spoken) "
            + (stale.count == 1 ? "was" : "were") + " not re-made with the rest"
        ))
    }
    if found.isEmpty, let obstacle = result.obstacle {
      found.append(Reason(kind: .missingInput, input: nil, used: nil, now: nil, text: obstacle))
    }
    return Reasons.merged(found)
  }

  /// What made the input stale makes this stale too; the first cause is what people want to hear.
  func passedOn(from above: Finding, through product: ProductRef) -> [Reason] {
    let causes = above.reasons.filter { !$0.isNote }
    let roots =
      causes.isEmpty
      ? [Reason(kind: .missing, input: "\(product)", used: nil, now: nil, text: "\(product.spoken) is to be made")]
      : causes
    return roots.map { root in
      let cause = root.kind == .missing ? "\(product.spoken) has not been made yet" : String(Reasons.cause(root.text))
      return Reason(
        kind: .upstream, input: root.input ?? "\(product)", used: root.used, now: root.now, via: product,
        text: root.kind == .missing ? cause : "\(cause)\(Reasons.through)\(product.spoken)")
    }
  }

  private func moved(
    _ state: InputState, _ source: InputState.Source, _ recorded: RecordedInputs, in version: Version, stale: FrameSet?
  ) -> [Reason] {
    guard let now = source.version, let content = source.content else { return [] }
    let used = recorded.uses(of: source, in: state.input).filter { $0.input != nil }
    guard let last = used.max(by: { $0.version < $1.version }) else {
      return [added(source, now, state.input, at: version.address.product.folder)]
    }
    let others = used.filter { $0.content != content }
    guard !others.isEmpty else { return [] }
    let before = others.max { $0.version < $1.version } ?? last
    if before.version == now.address.version { return [counts(source)] }
    var frames: FrameSet?
    if source.isPerFrame, let stale, !stale.isEmpty, let all = source.representation?.frames, stale != all {
      frames = stale
    }
    return [moved(source.product, from: before.version, to: now, frames: frames, through: source.through)]
  }

  /// - Parameter frames: those that it is about, where these are not all.
  func moved(
    _ product: ProductRef, from before: VersionID, to now: Version, frames: FrameSet?, through: ProductRef?
  ) -> Reason {
    let old = project.versions[VersionAddress(product: product, version: before)]
    var text = "\(product.spoken) moved from \(old?.spoken ?? "\(before)") to \(now.spoken) (\(Reasons.by(now)))"
    if let frames { text += ", \(Reasons.spoken(frames))" }
    if let through { text += "\(Reasons.through)\(through.spoken)" }
    return Reason(
      kind: through == nil ? .input : .reference, input: "\(product)", used: "\(before)",
      now: "\(now.address.version)", via: through, text: text)
  }

  private func gone(_ state: InputState, _ version: Version) -> [Reason] {
    let used = version.published.madeFrom.filter { $0.input == state.input.name }
    let present = Set(state.sources.map(\.product))
    let lost = Set(used.filter { $0.through == nil }.map(\.product)).subtracting(present)
    let named = Set(state.sources.flatMap(\.named).map(\.product))
    let unnamed = Set(used.filter { $0.through.map(present.contains) == true }.map(\.product)).subtracting(named)
    return lost.sorted().map { removed($0, state.input, at: version.address.product.folder) }
      + unnamed.sorted().map {
        Reason(kind: .reference, input: "\($0)", used: nil, now: nil, text: "\($0.spoken) is no longer named")
      }
  }

  private func edited(_ result: Assessment, _ made: Made) -> [Reason] {
    guard result.core != made.core, !result.accepted.contains(made.core) else { return [] }
    let before = made.told?.parameters ?? [:]
    var news: [Reason] = []
    if let told = result.told, told.parameters != before {
      news = [Reasons.told(told, before: before)]
      let unit = result.unit
      let known = unit.form.core(on: unit.folder, bound: before, namings: unit.namings, tools: result.tools)
      if known == made.core { return news }
    }
    let tools = Set(result.tools.keys).intersection(made.tools.keys).sorted()
      .filter { result.tools[$0]?.digest != made.tools[$0]?.digest }
    if !tools.isEmpty {
      return news
        + tools.map { name in
          let (was, now) = (made.tools[name]?.line ?? "", result.tools[name]?.line ?? "")
          return Reason(
            kind: .tool, input: name, used: was, now: now,
            text: was == now ? "\(name) is another build of '\(now)'" : "\(name) changed from '\(was)' to '\(now)'")
        }
    }
    let revision =
      project.pipeline.map { " (\($0.actor.name), \(Reasons.spoken($0.time)), revision \($0.revision))" } ?? ""
    return news + [
      Reason(
        kind: .step, input: result.unit.step.name, used: made.core.hex.prefix(12).description,
        now: result.core.hex.prefix(12).description, text: "the step '\(result.unit.step.name)' was edited\(revision)")
    ]
  }

  /// - Parameter before: what it was made with; nil where nothing was made.
  static func told(_ told: Told, before: [String: String]?) -> Reason {
    let (was, now) = (before.map(spoken), spoken(told.parameters))
    var text = "\(NameRule.printable(told.type)) '\(NameRule.printable("\(told.id)"))' came in from "
    text += "\(NameRule.printable(told.source)) (\(told.actor.name), \(spoken(told.time)))"
    if !now.isEmpty { text += ": \(now)" }
    if let was, !was.isEmpty { text += ", not \(was)" }
    return Reason(kind: .event, input: told.type, used: was, now: now, text: text)
  }

  /// `take 4`; empty where there are none.
  private static func spoken(_ parameters: [String: String]) -> String {
    parameters.sorted { $0.key < $1.key }.map { "\($0.key) \(NameRule.printable($0.value))" }.joined(separator: ", ")
  }

  /// One reason for one cause, however many ways it came.
  static func merged(_ reasons: [Reason]) -> [Reason] {
    struct Cause: Hashable {
      let kind: Reason.Kind
      let input, used, now: String?
    }
    var order: [Reason] = []
    var more: [Int] = []
    var places: [Cause: Int] = [:]
    for reason in reasons {
      let cause = Cause(kind: reason.kind, input: reason.input, used: reason.used, now: reason.now)
      if let same = places[cause] {
        if order[same].text != reason.text { more[same] += 1 }
      } else {
        places[cause] = order.count
        order.append(reason)
        more.append(0)
      }
    }
    return zip(order, more).map { reason, count in
      guard count > 0 else { return reason }
      var merged = reason
      merged.text += " and \(count) more"
      return merged
    }
  }

  static let through = ", through "
  static func cause(_ text: String) -> Substring {
    let (bytes, sought) = (text.utf8, through.utf8)
    var place = bytes.startIndex
    while let comma = bytes[place...].firstIndex(of: UInt8(ascii: ",")) {
      if bytes[comma...].starts(with: sought) { return text[..<comma] }
      place = bytes.index(after: comma)
    }
    return text[...]
  }

  static func by(_ version: Version) -> String { "\(version.actor.name), \(spoken(version.time))" }

  package static func spoken(_ frames: FrameSet) -> String {
    frames.count == 1 ? "frame \(frames)" : "frames \(frames)"
  }

  /// `Mon 23 Nov 14:23 UTC`.
  package static func spoken(_ time: Date) -> String {
    let seconds = Int64(time.timeIntervalSince1970.rounded(.down))
    let day = seconds >= 0 ? seconds / 86_400 : (seconds - 86_399) / 86_400
    let date = Civil.date(days: day)
    let weekday = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"][Int(((day % 7) + 7) % 7)]
    let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
    let minutes = Int((seconds - day * 86_400) / 60)
    let clock = "\(FileName.padded(minutes / 60, width: 2)):\(FileName.padded(minutes % 60, width: 2))"
    return "\(weekday) \(date.day) \(months[Int(date.month) - 1]) \(clock) UTC"
  }
}
