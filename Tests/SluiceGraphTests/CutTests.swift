import SluiceGraph
import SluiceModel
import SluiceTestKit
import Testing

@Suite struct `The order of a cut` {
  @Test func `leaves room for who comes later`() {
    #expect(CutOrder([nil, nil, nil]).places == [10, 20, 30])
  }

  @Test func `keeps the places of those that stay`() {
    #expect(CutOrder([10, nil, 20, 40]).places == [10, 15, 20, 40])
    #expect(CutOrder([nil, 10, nil]).places == [0, 10, 20])
    #expect(CutOrder([nil, nil, 10, 20]).places == [-10, 0, 10, 20])
  }

  @Test func `moves as few as can be`() {
    let order = CutOrder([20, 30, 10, 40])
    #expect(order.moved == [2])
    #expect(order.places == [20, 30, 35, 40])
  }

  @Test func `moves of two that changed places the one that was first`() {
    #expect(CutOrder([20, 10, 30]).moved == [1])
  }

  @Test func `is numbered anew where there is no room left`() {
    #expect(CutOrder([10, nil, nil, 10.02, 20]).places == [10, 20, 30, 40, 50])
  }

  @Test func `always ascends, and moves nothing that need not be`() {
    for seed in UInt64(0)..<500 {
      let chance = Seeded(seed: seed)
      let before = (0..<(1 + chance.below(12))).map { _ in
        chance.below(4) == 0 ? nil : Double(chance.below(40)) / Double(1 + chance.below(3))
      }
      let order = CutOrder(before)
      #expect(zip(order.places, order.places.dropFirst()).allSatisfy { $0 < $1 }, "seed \(seed)")
      #expect(order.moved.count == before.compactMap { $0 }.count - longest(before.compactMap { $0 }), "seed \(seed)")
    }
  }

  /// How many ascend at most, the long way.
  private func longest(_ places: [Double]) -> Int {
    var best: [Int] = []
    for (index, place) in places.enumerated() {
      best.append(1 + ((0..<index).filter { places[$0] < place }.map { best[$0] }.max() ?? 0))
    }
    return best.max() ?? 0
  }
}

/// A cut of four shots.
private func clips(_ change: (inout [CutClip]) -> Void = { _ in }) -> Cut {
  var clips = ["SH 10 (a)", "SH 20 (a)", "SH 30 (a)", "SH 40 (a)"].enumerated().map { index, name in
    CutClip(name: name, media: "\(name).mov", start: Double(1001 + 100 * index), duration: 50, rate: 24)
  }
  change(&clips)
  return Cut(name: "sq010", clips: clips)
}

private func conformed() throws -> Show {
  var show = try Show(
    folders: [FolderDeclaration(path: try FolderPath("sq010"), type: "sequence", attributes: [:])], steps: [])
  try show.conform(clips(), sequence: "sq010")
  return show
}

@Suite struct `A first cut` {
  @Test func `makes a shot of each clip, with its range, rate and place`() throws {
    let show = try conformed()
    let shot = try #require(show.project.folders[try FolderPath("sq010/SH_20_a")])
    #expect(shot.type == "shot")
    #expect(
      shot.attributes == [
        "range": "1101-1150", "fps": "24", "order": "20", "cut_clip": "SH 20 (a)", "cut_media": "SH 20 (a).mov",
      ])
  }

  @Test func `takes a shot that is there, and says what becomes of its range`() throws {
    var show = try Show(
      folders: [
        FolderDeclaration(path: try FolderPath("sq010/SH_10_a"), type: "shot", attributes: ["range": "1001-1060"])
      ], steps: [])
    let changes = try show.conform(clips { $0.removeLast(3) }, sequence: "sq010")
    #expect(changes == ["added sq010/SH_10_a 50", "tailTrimmed sq010/SH_10_a 10"])
  }
}

@Suite struct `Another cut` {
  private func changes(
    sequence: String = "sq010", said: [String: String] = [:], _ change: (inout [CutClip]) -> Void
  ) throws -> [String] {
    var show = try conformed()
    let found = try show.conform(clips(change), sequence: sequence, said: said)
    // What was recorded is what the cut says: the same cut again changes nothing.
    #expect(try show.conform(clips(change), sequence: sequence, said: said) == [])
    return found
  }

  @Test func `that is the same changes nothing and records nothing`() throws {
    let show = try conformed()
    let again = try Conforming(clips(), project: show.project, sequence: try FolderPath("sq010"))
    #expect(again.difference == CutDifference(changes: [], unchanged: 4) && again.edits == [])
  }

  @Test func `with a trimmed head touches that shot's range and nothing else`() throws {
    let show = try conformed()
    let cut = clips {
      $0[1].start += 8
      $0[1].duration -= 8
    }
    let conforming = try Conforming(cut, project: show.project, sequence: try FolderPath("sq010"))
    #expect(conforming.edits.map(\.change) == [FolderChanged(set: ["range": "1109-1150"])])
    #expect(conforming.difference.changes.map(\.kind) == [.headTrimmed])
    #expect(conforming.difference.changes.first?.frames == 8)
  }

  @Test func `tells trimmed and extended heads and tails apart`() throws {
    #expect(try changes { $0[0].duration += 12 } == ["tailExtended sq010/SH_10_a 12"])
    #expect(try changes { $0[0].duration -= 1 } == ["tailTrimmed sq010/SH_10_a 1"])
    #expect(
      try changes { $0[0].start -= 5 } == ["headExtended sq010/SH_10_a 5", "tailTrimmed sq010/SH_10_a 5"])
  }

  @Test func `without a clip omits its shot, and another brings it back`() throws {
    var show = try conformed()
    #expect(try show.conform(clips { $0.remove(at: 2) }, sequence: "sq010") == ["omitted sq010/SH_30_a"])
    #expect(show.project.folders[try FolderPath("sq010/SH_30_a")]?.omitted == true)
    #expect(try show.conform(clips(), sequence: "sq010") == ["restored sq010/SH_30_a"])
    #expect(show.project.folders[try FolderPath("sq010/SH_30_a")]?.omitted == false)
  }

  @Test func `with two clips exchanged moves one, and no other place changes`() throws {
    let show = try conformed()
    let cut = clips { $0.swapAt(0, 1) }
    let conforming = try Conforming(cut, project: show.project, sequence: try FolderPath("sq010"))
    #expect(conforming.difference.changes.map(\.kind) == [.moved])
    #expect(conforming.difference.changes.map(\.clip) == ["SH 10 (a)"])
    #expect(conforming.edits.map(\.change) == [FolderChanged(set: ["order": "25"])])
  }

  @Test func `with a new clip between others gives it a place between theirs`() throws {
    var show = try conformed()
    let new = CutClip(name: "NEW_15", start: 1, duration: 10, rate: 24)
    #expect(try show.conform(clips { $0.insert(new, at: 1) }, sequence: "sq010") == ["added sq010/NEW_15 10"])
    #expect(show.project.folders[try FolderPath("sq010/NEW_15")]?.attributes["order"] == "15")
  }

  @Test func `that calls a clip otherwise keeps its shot where media and range are the same`() throws {
    #expect(try changes { $0[1].name = "SH 20 (b)" } == ["renamed sq010/SH_20_a"])
  }

  @Test func `that calls a clip otherwise and shows other frames omits one shot and adds another`() throws {
    let found = try changes {
      $0[1].name = "SH 20 (b)"
      $0[1].start += 1
    }
    #expect(found == ["added sq010/SH_20_b 50", "omitted sq010/SH_20_a"])
  }

  @Test func `takes a clip's shot by hand`() throws {
    let found = try changes(said: ["SH 20 (b)": "sq010/SH_20_a"]) {
      $0[1].name = "SH 20 (b)"
      $0[1].start += 1
    }
    #expect(found == ["renamed sq010/SH_20_a", "headTrimmed sq010/SH_20_a 1", "tailExtended sq010/SH_20_a 1"])
  }

  @Test func `takes a clip's shot from what the timeline says of it`() throws {
    let found = try changes {
      $0[1].name = "comp"
      $0[1].folder = "sq010/SH_20_a"
    }
    #expect(found == ["renamed sq010/SH_20_a"])
  }

  @Test func `takes clips of one name for one shot with the frames of both`() throws {
    var show = try conformed()
    let cut = clips {
      var second = $0[0]
      second.start += 70
      second.duration = 10
      $0.append(second)
    }
    #expect(try show.conform(cut, sequence: "sq010") == ["tailExtended sq010/SH_10_a 30"])
    #expect(show.project.folders[try FolderPath("sq010/SH_10_a")]?.attributes["range"] == "1001-1050,1071-1080")
  }

  @Test func `leaves other sequences alone`() throws {
    var show = try conformed()
    try show.record(.folderChanged(FolderChanged(type: "sequence")), folder: try FolderPath("sq020"))
    let found = try show.conform(clips { $0.removeLast(3) }, sequence: "sq020")
    #expect(found == ["added sq020/SH_10_a 50"])
  }

  @Test func `is refused where two clips would be one shot`() throws {
    let show = try conformed()
    let cut = clips { $0[1].name = "SH-30 (a)" }
    let said = ["SH-30 (a)": try FolderPath("sq010/SH_30_a")]
    let error = #expect(throws: SluiceError.self) {
      try Conforming(cut, project: show.project, sequence: try FolderPath("sq010"), said: said)
    }
    #expect(error?.code == .cutAmbiguous)
  }

  @Test(arguments: [0, -3, Double.nan, 1e12])
  func `is refused with a clip that has no frames`(duration: Double) throws {
    let show = try conformed()
    let error = #expect(throws: SluiceError.self) {
      try Conforming(clips { $0[3].duration = duration }, project: show.project, sequence: .root)
    }
    #expect(error?.code == .cutInvalid)
  }

  @Test func `is refused without clips, rather than leave every shot out`() throws {
    let show = try conformed()
    let error = #expect(throws: SluiceError.self) {
      try Conforming(Cut(name: "empty", clips: []), project: show.project, sequence: .root)
    }
    #expect(error?.code == .cutInvalid)
  }
}

@Suite struct `The name of a clip's folder` {
  @Test(arguments: [
    ("ZZ100_501 (LAY3)", "ZZ100_501_LAY3"), ("sh0010", "sh0010"), ("  a  b ", "a_b"), ("été.01", "t_.01"),
    ("v-1", "1"), ("(…)", nil), ("", nil),
  ])
  func `has only what a name may have`(clip: String, name: String?) {
    if clip == "v-1" { return #expect(CutClip.folderName(of: clip) == nil) }
    #expect(CutClip.folderName(of: clip) == name)
  }
}
