/// Which frames of one product belong to a frame of another.
package enum FrameRelation: Sendable, Hashable {
  case oneToOne
  /// The frame and its neighbours: motion blur of `-1...1` looks at three. Those that do not exist are left out.
  case offset(ClosedRange<Int>)
  case all

  /// Relative to the frame; nil for all.
  package var offsets: ClosedRange<Int>? {
    switch self {
    case .oneToOne: 0...0
    case .offset(let offsets): offsets
    case .all: nil
    }
  }

  package var isPerFrame: Bool { self != .all }

  /// The relation to what lies behind the product, which itself stands in `next` to it.
  package func then(_ next: FrameRelation) -> FrameRelation {
    guard let offsets, let more = next.offsets else { return .all }
    let sum = (offsets.lowerBound + more.lowerBound)...(offsets.upperBound + more.upperBound)
    return sum == 0...0 ? .oneToOne : .offset(sum)
  }

  /// Frames that a change of `changed` reaches; nil for every frame.
  package func reached(by changed: FrameSet) -> FrameSet? {
    offsets.map { changed.widened(by: -$0.upperBound ... -$0.lowerBound) }
  }
}

extension FrameRelation: CustomStringConvertible {
  /// As recipes have it.
  package var description: String {
    switch self {
    case .oneToOne: "one-to-one"
    case .offset(let offsets): "offset \(offsets.lowerBound) \(offsets.upperBound)"
    case .all: "all"
    }
  }
}

/// Which frames of an input each output is made from.
package enum FrameRelations: Sendable, Hashable {
  case same(FrameRelation)
  /// By the names of outputs; those that are not named are made from all frames.
  case byOutput([String: FrameRelation])

  package static let oneToOne = FrameRelations.same(.oneToOne)
  package static let all = FrameRelations.same(.all)
  package static func offset(_ offsets: ClosedRange<Int>) -> FrameRelations { .same(.offset(offsets)) }

  package func of(_ output: String) -> FrameRelation {
    switch self {
    case .same(let relation): relation
    case .byOutput(let relations): relations[output] ?? .all
    }
  }

  package var isPerFrame: Bool {
    switch self {
    case .same(let relation): relation.isPerFrame
    case .byOutput(let relations): relations.values.contains(where: \.isPerFrame)
    }
  }
}

extension FrameRelations: CustomStringConvertible {
  package var description: String {
    switch self {
    case .same(let relation): "\(relation)"
    case .byOutput(let relations):
      relations.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: ", ")
    }
  }
}
