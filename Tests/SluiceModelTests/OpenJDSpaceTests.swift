import SluiceModel
import Testing

private func numbers(_ name: String, _ range: String) throws -> OpenJD.ParameterSpace.Parameter {
  .init(name: name, type: .int, values: .numbers(.range(try OpenJD.IntegerRange(range))))
}

private func texts(_ name: String, _ texts: [String]) -> OpenJD.ParameterSpace.Parameter {
  .init(name: name, type: .string, values: .texts(texts))
}

@Suite struct `The tasks of a step` {
  @Test func `are one without parameters where it has no parameter space`() {
    #expect(OpenJD.ParameterSpace.single.count == 1)
    #expect(OpenJD.ParameterSpace.single[0] == [:])
  }

  @Test func `come with the last parameter of a product moving fastest`() throws {
    let space = try OpenJD.ParameterSpace(
      [texts("A", ["x", "y"]), try numbers("B", "1-3")], combination: OpenJD.Combination("A * B"))
    #expect(
      (0..<space.count).map { space[$0]["A", default: ""] + space[$0]["B", default: ""] }
        == ["x1", "x2", "x3", "y1", "y2", "y3"])
  }

  @Test func `have chunks that follow what was measured moving fastest, wherever they stand`() throws {
    let rule = OpenJD.Chunks(tasks: 2, targetSeconds: 30, constraint: .contiguous)
    let chunks = OpenJD.ChunkedNumbers(.range(try OpenJD.IntegerRange("1-3")), chunks: rule)
    let space = try OpenJD.ParameterSpace(
      [.init(name: "A", type: .chunk, values: .chunks(chunks)), texts("B", ["x", "y"])],
      combination: OpenJD.Combination("A * B"))
    #expect(
      (0..<space.count).map { space[$0]["B", default: ""] + space[$0]["A", default: ""] }
        == ["x1-2", "x3-3", "y1-2", "y3-3"])
  }

  @Test func `take the sides of an association together`() throws {
    let space = try OpenJD.ParameterSpace(
      [texts("A", ["x", "y"]), try numbers("B", "1-2"), texts("C", ["p", "q"])],
      combination: OpenJD.Combination("(A, B) * C"))
    #expect(
      (0..<space.count).map { index in "ABC".map { space[index][String($0), default: ""] }.joined() }
        == ["x1p", "x1q", "y2p", "y2q"])
  }

  @Test func `are refused where the sides of an association differ`() throws {
    let parameters = [texts("A", ["x", "y"]), try numbers("B", "1-3")]
    let combination = try OpenJD.Combination("(A, B)")
    #expect(
      throws: OpenJD.ParameterSpace.Malformed(what: "the sides of (A, B) differ in length: A has 2, B has 3")
    ) { try OpenJD.ParameterSpace(parameters, combination: combination) }
  }

  @Test func `cost nothing until one is asked for, a trillion of them`() throws {
    let space = try OpenJD.ParameterSpace(
      [try numbers("A", "1-1000000"), try numbers("B", "1-1000000")], combination: OpenJD.Combination("A * B"))
    #expect(space.count == 1_000_000_000_000)
    #expect(space[space.count - 1] == ["A": "1000000", "B": "1000000"])
    #expect(space[1_000_001] == ["A": "2", "B": "2"])
  }

  @Test func `are refused where they are more than can be counted`() throws {
    let parameters = try ["A", "B", "C", "D"].map { try numbers($0, "1-9007199254740992") }
    let combination = OpenJD.Combination(productOf: ["A", "B", "C", "D"])
    #expect(throws: OpenJD.ParameterSpace.Malformed.self) {
      try OpenJD.ParameterSpace(parameters, combination: combination)
    }
  }
}

@Suite struct `Chunks` {
  private func chunks(_ range: String, _ size: Int, _ constraint: OpenJD.Chunks.Constraint) throws -> [String] {
    let chunked = OpenJD.ChunkedNumbers(
      .range(try OpenJD.IntegerRange(range)), chunks: .init(tasks: size, targetSeconds: nil, constraint: constraint))
    return (0..<chunked.count).map { chunked[$0] }
  }

  @Test(arguments: [
    ("1-10", 5, ["1-5", "6-10"]), ("1-10", 4, ["1-4", "5-7", "8-10"]), ("1-3,7", 5, ["1-3", "7-7"]),
    ("1-5:2", 9, ["1-1", "3-3", "5-5"]), ("1-5:2,6-7", 9, ["1-1", "3-3", "5-7"]), ("3-1:-1", 2, ["3-3", "2-2", "1-1"]),
  ])
  func `are intervals where they must be contiguous`(range: String, size: Int, texts: [String]) throws {
    #expect(try chunks(range, size, .contiguous) == texts)
  }

  @Test(arguments: [("1-10", 4, ["1-4", "5-7", "8-10"]), ("1-3,7", 5, ["1-3,7"]), ("1-9:2", 2, ["1,3", "5,7", "9"])])
  func `may have gaps where nothing else is asked for`(range: String, size: Int, texts: [String]) throws {
    #expect(try chunks(range, size, .noncontiguous) == texts)
  }

  @Test(arguments: [
    ("1-10,20-22", 4, OpenJD.Chunks.Constraint.contiguous, ["1-4", "5-8", "9-10", "20-22"]),
    ("1-10", 4, .noncontiguous, ["1-4", "5-8", "9,10"]), ("1-3", 5, .contiguous, ["1-3"]),
  ])
  func `that follow what was measured are full but for the last one`(
    range: String, size: Int, constraint: OpenJD.Chunks.Constraint, texts: [String]
  ) throws {
    let rule = OpenJD.Chunks(tasks: size, targetSeconds: 1, constraint: constraint)
    let chunks = OpenJD.ChunkedNumbers(.range(try OpenJD.IntegerRange(range)), chunks: rule)
    #expect((0..<chunks.count).map { chunks[$0] } == texts)
  }

  @Test(arguments: [OpenJD.Chunks.Constraint.contiguous, .noncontiguous])
  func `are none where there are no numbers`(constraint: OpenJD.Chunks.Constraint) {
    let chunks = OpenJD.ChunkedNumbers(
      .list([]), chunks: OpenJD.Chunks(tasks: 3, targetSeconds: nil, constraint: constraint))
    #expect(chunks.count == 0)
  }

  @Test(
    arguments: [("1-7", 2, 1), ("1-7", 2, 3), ("1-3,9-20", 2, 3), ("1-19:2", 1, 4)], OpenJD.Chunks.Constraint.allCases)
  func `that follow what was measured hold every number once, those before and those after`(
    tried: (range: String, size: Int, probes: Int), constraint: OpenJD.Chunks.Constraint
  ) throws {
    let all = try OpenJD.IntegerRange(tried.range)
    let numbers = OpenJD.ChunkedNumbers(
      .range(all), chunks: OpenJD.Chunks(tasks: tried.size, targetSeconds: 30, constraint: constraint))
    func space(_ numbers: OpenJD.ChunkedNumbers) throws -> OpenJD.ParameterSpace {
      try OpenJD.ParameterSpace(
        [.init(name: "F", type: .chunk, values: .chunks(numbers)), texts("E", ["l", "r"])],
        combination: OpenJD.Combination("F * E"))
    }
    let dealt = OpenJD.DealtSpace(
      try space(numbers), probes: tried.probes, others: try space(numbers.dealt(by: 5)), by: 5)
    var held: [String: [Int]] = [:]
    for task in 0..<dealt.count {
      let range = try OpenJD.IntegerRange(dealt[task]["F", default: ""])
      held[dealt[task]["E", default: ""], default: []] += (0..<range.count).map { range[$0] }
      if task < tried.probes { #expect(dealt[task]["F"] == numbers[task]) }
    }
    let wanted = (0..<all.count).map { all[$0] }
    #expect(held == ["l": wanted, "r": wanted])
  }

  @Test func `can be dealt by another size`() throws {
    let chunks = OpenJD.ChunkedNumbers(
      .range(try OpenJD.IntegerRange("1-7")),
      chunks: OpenJD.Chunks(tasks: 2, targetSeconds: 30, constraint: .contiguous))
    let dealt = chunks.dealt(by: 5)
    #expect((0..<chunks.count).map { chunks[$0] } == ["1-2", "3-4", "5-6", "7-7"])
    #expect((0..<dealt.count).map { dealt[$0] } == ["1-5", "6-7"])
  }

  @Test(arguments: [
    // Numbers that were done, the seconds they took, the target, the size now, and the size that comes of it.
    (0, 0.0, 60, 4, 4), (100, 200.0, 60, 4, 30), (100, 200.0, 1, 4, 1), (100, 0.0, 60, 4, 4),
    (4, 4.0, 60, 4, 18), (4, 40.0, 20, 4, 2), (100, 1.0, 60, 4, 1_000),
  ])
  func `grow and shrink to what they should take`(numbers: Int, seconds: Double, target: Int, now: Int, size: Int) {
    var pace = OpenJD.ChunkPace()
    pace.take(numbers: numbers, seconds: seconds)
    #expect(pace.size(for: target, now: now, most: 1_000) == size)
  }

  @Test func `follow what takes longer than it did`() {
    var pace = OpenJD.ChunkPace()
    for _ in 0..<100 { pace.take(numbers: 100, seconds: 10) }
    #expect((99...100).contains(pace.size(for: 10, now: 1, most: 1_000)))
    for _ in 0..<100 { pace.take(numbers: 100, seconds: 1_000) }
    #expect(pace.size(for: 10, now: 1, most: 1_000) == 1)
  }

  @Test func `cover every number once, in sizes that differ by one at most`() throws {
    for seed in Chance.seeds {
      var chance = Chance(seed: seed)
      var at = chance.below(20) - 10
      let runs = (0...chance.below(4)).map { _ in
        let first = at + 1 + chance.below(3)
        at = first + chance.below(12)
        return at > first ? "\(first)-\(at):\(1 + chance.below(3))" : "\(first)"
      }
      let range = try OpenJD.IntegerRange(runs.joined(separator: ","))
      let size = 1 + chance.below(6)
      for constraint in OpenJD.Chunks.Constraint.allCases {
        let texts = try chunks(range.description, size, constraint)
        let pieces = try texts.map { text in
          let piece = try OpenJD.IntegerRange(text)
          return (0..<piece.count).map { piece[$0] }
        }
        #expect(pieces.flatMap { $0 } == (0..<range.count).map { range[$0] }, "seed \(seed) \(range) by \(size)")
        #expect(pieces.allSatisfy { $0.count <= size }, "seed \(seed) \(range) by \(size): \(texts)")
        if constraint == .noncontiguous, let least = pieces.map(\.count).min(), let most = pieces.map(\.count).max() {
          #expect(most - least <= 1, "seed \(seed) \(range) by \(size): \(texts)")
        }
      }
    }
  }

  @Test func `of a billion numbers are made when they are asked for`() throws {
    let chunked = OpenJD.ChunkedNumbers(
      .range(try OpenJD.IntegerRange("1-9007199254740992")),
      chunks: .init(tasks: 10, targetSeconds: nil, constraint: .contiguous))
    #expect(chunked.count == 900_719_925_474_100)
    #expect(chunked[chunked.count - 1] == "9007199254740984-9007199254740992")
  }
}

@Suite struct `The order of steps` {
  @Test func `is that of the template, with what a step needs before it`() {
    let steps = [
      (name: "c", dependencies: ["b", "a"]), (name: "a", dependencies: []), (name: "d", dependencies: []),
      (name: "b", dependencies: ["e"]), (name: "e", dependencies: []),
    ]
    #expect(OpenJD.StepOrder.order(steps) == ["a", "e", "b", "c", "d"])
    #expect(OpenJD.StepOrder.circle(steps) == nil)
  }

  @Test func `is none where they go in a circle, and the circle is told`() {
    let steps = [
      (name: "a", dependencies: ["b"]), (name: "b", dependencies: ["d", "c"]), (name: "c", dependencies: ["b"]),
      (name: "d", dependencies: []),
    ]
    #expect(OpenJD.StepOrder.order(steps) == nil)
    #expect(OpenJD.StepOrder.circle(steps) == ["b", "c", "b"])
  }

  @Test func `puts each of many steps after all that it needs`() {
    for seed in Chance.seeds {
      var chance = Chance(seed: seed)
      let count = 1 + chance.below(12)
      let steps = (0..<count).map { index in
        (name: "\(index)", dependencies: (0..<chance.below(3)).map { _ in "\(chance.below(count))" })
      }
      guard let order = OpenJD.StepOrder.order(steps) else {
        #expect(OpenJD.StepOrder.circle(steps) != nil, "seed \(seed)")
        continue
      }
      #expect(OpenJD.StepOrder.circle(steps) == nil, "seed \(seed)")
      #expect(Set(order).count == count && order.count == count, "seed \(seed)")
      for step in steps {
        for before in step.dependencies {
          #expect(order.firstIndex(of: before) ?? 0 < order.firstIndex(of: step.name) ?? 0, "seed \(seed)")
        }
      }
    }
  }
}
