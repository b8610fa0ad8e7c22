import SluiceGraph
import SluiceModel
import SluiceTestKit
import Testing

/// That it is what is found from scratch after every fact, and gives the same plans, is compared in `GraphProof`.
@Suite struct `How everything stands, followed fact by fact,` {
  @Test func `of the past stays what it was`() async throws {
    for seed in UInt64(0)..<20 {
      await Task.yield()
      var random = try RandomShow(seed: seed)
      var followed = try Assessments(random.show.assessor)
      var earlier = [followed]
      for _ in 0..<20 {
        random.forgetRows()
        try random.happen()
        try followed.follow(random.show.assessor, random.show.rows)
        earlier.append(followed)
      }
      for followed in earlier {
        let open = try followed.assessor.assess().filter(\.value.needsWork)
        #expect(Set(followed.needingWork.map(\.unit)) == Set(open.keys), "seed \(seed)")
      }
    }
  }

  @Test func `tells who left out what was gathered, although nothing but that changed`() throws {
    var show = try Show.made(frames: 1001...1002)
    var followed = try Assessments(show.assessor)
    let contact = UnitID(step: "contact", folder: try FolderPath("sq010"))
    for name in ["ada", "ben"] {
      show.forgetRows()
      try show.record(
        .folderChanged(FolderChanged(omitted: true)), folder: try FolderPath("sq010/sh0010"), by: name)
      try followed.follow(show.assessor, show.rows)
      #expect(followed[contact]?.reasons.contains { $0.text.contains("was omitted (\(name), ") } == true)
    }
  }

  @Test func `stands still where a fact is about something else`() throws {
    var show = try Show.made(frames: 1001...1004)
    var followed = try Assessments(show.assessor)
    let before = followed.untouched(by: [])
    show.forgetRows()
    try show.publish("look/unrelated", file: "nobody takes it")
    try followed.follow(show.assessor, show.rows)
    #expect(followed.needingWork.isEmpty)
    #expect(followed.untouched(by: []) == before + 1)
  }
}
