import SluiceGraph
import SluiceModel

/// What occurs in a proof: a rule that never bears on anything proves nothing.
extension GraphProof {
  /// Less than so many of a hundred seeds are too few.
  package static let leastPercent = 5

  /// Everything that has to occur.
  package static let features: Set<String> = [
    "a version is approved", "a version is rejected", "a verdict is taken back", "a tag is moved", "a tag is taken",
    "a pin is taken", "a product is frozen", "a product is frozen until a time", "a freeze is lifted",
    "a freeze keeps a change out", "a rejection brings an older version back", "a person vouches", "a vouch counts",
    "a product is painted over and held", "a hold is released", "a hold keeps a step away",
    "a person publishes what a human step makes", "a human step", "by hand: missing", "by hand: unknown",
    "by hand: dubious", "by hand: current", "a run fails", "a run finds its inputs unchanged",
    "an earlier result is taken", "a step is edited", "an edit accepts what exists", "an accepted step counts",
    "a plan is limited to frames", "a plan is forced", "a plan of a part", "a plan has blocked runs",
    "a plan leaves out what is held", "a plan wants a person", "a folder is omitted", "a shot has a range",
    "a shot has handles", "a shot has a place in the cut", "an asset is cast or taken out",
    "a tool is another one or gone", "some frames are stale and some are not", "frames of the range are missing",
    "frames by a range", "link: dependency", "link: reference", "link: association", "frames: one-to-one",
    "frames: all", "frames: offset", "frames by output", "reference frames: one-to-one", "reference frames: all",
    "reference frames: offset", "gathered from the children", "gathered from the cast",
    "two sites said something at once", "something named is out of date or moved",
  ]

  /// Of the steps.
  static func kinds(of show: Show) -> Set<String> {
    var kinds: Set<String> = []
    for step in show.steps {
      if step.isHuman { kinds.insert("a human step") }
      if step.frames == .range { kinds.insert("frames by a range") }
      for input in step.inputs {
        kinds.insert("link: \(input.link.rawValue)")
        switch input.tag {
        case .tag: kinds.insert("a tag is taken")
        case .number, .id: kinds.insert("a pin is taken")
        case .latest: break
        }
        if input.gather != .here { kinds.insert("gathered from the \(input.gather.rawValue)") }
        let named = input.link == .reference ? "reference " : ""
        switch input.frames {
        case .same(.offset): kinds.insert(named + "frames: offset")
        case .same(let relation): kinds.insert(named + "frames: \(relation)")
        case .byOutput where step.outputs.count > 1: kinds.insert("frames by output")
        case .byOutput: break
        }
      }
    }
    return kinds
  }

  /// Of what bears on an answer.
  static func count(_ assessment: Assessment, _ features: inout Set<String>) {
    for judged in assessment.byHand.values { features.insert("by hand: \(judged.freshness.rawValue)") }
    if assessment.hold != nil { features.insert("a hold keeps a step away") }
    if !assessment.accepted.isEmpty { features.insert("an accepted step counts") }
    if let stale = assessment.stale, let expected = assessment.expected, !stale.isEmpty, stale != expected {
      features.insert("some frames are stale and some are not")
    }
    for reason in assessment.reasons + assessment.notes {
      switch reason.kind {
      case .vouched: features.insert("a vouch counts")
      case .frozen: features.insert("a freeze keeps a change out")
      case .rejected: features.insert("a rejection brings an older version back")
      case .missingFrames: features.insert("frames of the range are missing")
      case .reference: features.insert("something named is out of date or moved")
      default: continue
      }
    }
  }

  /// In how many seeds each occurred.
  package struct Coverage: Sendable {
    private var seeds: [String: Int] = [:]
    package private(set) var count = 0

    package init() {}

    package mutating func add(_ outcome: Outcome) {
      count += 1
      for feature in outcome.features { seeds[feature, default: 0] += 1 }
    }

    /// What occurred in too few seeds.
    package var lacking: [String] {
      GraphProof.features.filter { (seeds[$0] ?? 0) * 100 < count * GraphProof.leastPercent }.sorted()
    }

    package var lines: [String] {
      GraphProof.features.union(seeds.keys).sorted().map { feature in
        let share = String((seeds[feature] ?? 0) * 100 / max(1, count))
        return "\(String(repeating: " ", count: 3 - share.count))\(share) %  \(feature)"
      }
    }
  }
}
