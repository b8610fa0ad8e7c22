import SluiceGraph
import SluiceModel
import SluiceTestKit
import Testing

@Suite struct `Shots in the cut's order` {
  private func gathered(_ show: Show) throws -> [String] {
    let unit = try #require(show.graph.unit(UnitID(step: "contact", folder: try FolderPath("sq010"))))
    return unit.inputs[0].products.map(\.folder.name)
  }

  @Test func `come by their places, then by path, those without a place last`() throws {
    var show = try Show.made(frames: 1001...1001)
    try show.change("sq010/sh0030", FolderChanged(set: ["order": "5"]))
    #expect(try gathered(show) == ["sh0030", "sh0010", "sh0020"])
    try show.change("sq010/sh0020", FolderChanged(set: ["order": "5"]))
    #expect(try gathered(show) == ["sh0020", "sh0030", "sh0010"])
    try show.change("sq010/sh0010", FolderChanged(set: ["order": "-0.5"]))
    #expect(try gathered(show) == ["sh0010", "sh0020", "sh0030"])
  }

  @Test func `that come in another order make stale only what gathers them, and say who moved which`() throws {
    var show = try Show.made(frames: 1001...1001)
    try show.change("sq010/sh0030", FolderChanged(set: ["order": "5"]))
    let plan = try show.plan()
    #expect(plan.runs.map { "\($0.folder) \($0.step)" } == ["sq010 contact"])
    let reason = try #require(plan.runs.first?.reasons.first)
    #expect(reason.kind == .order)
    #expect(reason.text.hasPrefix("the order of the cut changed: sq010/sh0030 has the place 5 in the cut (ada, "))
    try show.makeAll()
    #expect(try show.stale() == [])
  }

  @Test func `with other places in the same order make nothing stale`() throws {
    var show = try Show.made(frames: 1001...1001)
    for (index, shot) in ["sh0010", "sh0020", "sh0030"].enumerated() {
      try show.change("sq010/\(shot)", FolderChanged(set: ["order": "\(10 * index)"]))
    }
    #expect(try show.stale() == [])
  }
}

@Suite struct `A folder left out of the show` {
  @Test func `has no units, and what gathered it becomes stale and says who omitted it`() throws {
    var show = try Show.made(frames: 1001...1001)
    try show.change("sq010/sh0020", FolderChanged(omitted: true))
    #expect(!show.graph.units.contains { $0.id.folder.description == "sq010/sh0020" })
    let plan = try show.plan()
    #expect(plan.runs.map { "\($0.folder) \($0.step)" } == ["sq010 contact"])
    let reason = try #require(plan.runs.first?.reasons.first)
    #expect(reason.kind == .omitted)
    #expect(
      reason.text.hasPrefix(
        "sq010/sh0020/review_frames is no longer an input: sq010/sh0020 was omitted (ada, "))
  }

  @Test func `takes what is below it along`() throws {
    var show = try Show.made(frames: 1001...1001)
    try show.change("sq010", FolderChanged(omitted: true))
    #expect(show.graph.units.allSatisfy { $0.id.folder.description.hasPrefix("sq020") })
    #expect(show.project.omission(of: try FolderPath("sq010/sh0020"))?.folder.description == "sq010")
  }

  @Test func `that is taken back brings its units back, made as they were`() throws {
    var show = try Show.made(frames: 1001...1001)
    try show.change("sq010/sh0020", FolderChanged(omitted: true))
    try show.makeAll()
    try show.change("sq010/sh0020", FolderChanged(omitted: false))
    let plan = try show.plan()
    #expect(plan.runs.map { "\($0.folder) \($0.step)" } == ["sq010 contact"])
    #expect(plan.runs.first?.reasons.first?.text.contains("sq010/sh0020 was taken back (ada, ") == true)
  }

  @Test func `that was the last to gather is an obstacle`() throws {
    var show = try Show.made(frames: 1001...1001)
    for shot in ["sh0010", "sh0020", "sh0030"] { try show.change("sq010/\(shot)", FolderChanged(omitted: true)) }
    let contact = UnitID(step: "contact", folder: try FolderPath("sq010"))
    #expect(try show.assess()[contact]?.obstacle == "there are no folders below sq010 to gather 'reviews' from")
  }
}

@Suite struct `A folder's attributes` {
  @Test(arguments: [("handles", "0"), ("handles", "12"), ("order", "-1.5"), ("order", "30"), ("order", "")])
  func `may be what they mean`(key: String, value: String) {
    #expect(FolderAttributes.problem(key, value) == nil)
  }

  @Test(arguments: [
    ("handles", "-1"), ("handles", "2.5"), ("handles", "many"), ("handles", "99999999999"), ("order", "first"),
    ("order", "nan"), ("order", "inf"),
  ])
  func `are refused where they mean nothing`(key: String, value: String) {
    #expect(FolderAttributes.problem(key, value) != nil)
  }
}
