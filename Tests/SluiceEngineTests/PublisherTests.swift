import FoundationEssentials
import SluiceEngine
import SluiceGraph
import SluiceModel
import SluiceTestKit
import Testing

@Suite(.timeLimit(.minutes(4))) struct `A publish` {
  private func live(_ body: (MemorySite) async throws -> Void) async throws {
    let site = try await MemorySite()
    try await site.live {
      try await site.applyDemo()
      try await body(site)
    }
  }

  private func frames(_ numbers: ClosedRange<Int>, _ word: String = "x") -> [(String, String)] {
    numbers.map { ("plate.\($0).exr", "\(word) \($0)") }
  }

  @discardableResult
  private func refused(
    _ code: ErrorCode, _ site: MemorySite, _ work: () async throws -> Void
  ) async throws -> SluiceError? {
    let (before, files) = (site.log.recordCount, site.store.files)
    let error = await #expect(throws: SluiceError.self) { try await work() }
    #expect(error?.code == code)
    #expect(site.log.recordCount == before && site.store.files == files && site.store.unsettled.isEmpty)
    return error
  }

  @Test func `of one file is one version with one file`() async throws {
    try await live { site in
      let answer = try await site.publish("look/show_lut", [("show.cube", "warm")])
      #expect(answer.number == 1 && answer.files == 1 && answer.representation == "cube")
      #expect(answer.sha256 == Digest.of("warm"))
      #expect(site.disk.text("/store/demo/look/show_lut/\(answer.version)/cube/show.cube") == "warm")
    }
  }

  @Test func `of numbered files is a sequence`() async throws {
    try await live { site in
      let answer = try await site.publish("sq010/sh0010/plate", frames(1001...1003))
      #expect(answer.representations.map(\.kind) == [.sequence])
      #expect(answer.representations[0].frames == FrameSet(1001...1003))
    }
  }

  @Test func `of one numbered file is that file`() async throws {
    try await live { site in
      let answer = try await site.publish("look/show_lut", [("show.1001.cube", "x")])
      #expect(answer.representations[0].kind == .file)
    }
  }

  @Test func `of files with nothing in common is a tree`() async throws {
    try await live { site in
      let answer = try await site.publish("kit/tree", [("a/one.usd", "1"), ("b/two.usd", "2")])
      #expect(answer.representations[0].kind == .tree && answer.representation == "files")
    }
  }

  /// Dates look like frame numbers, and no show has so many frames.
  @Test func `of files that are named by date is a tree that can be read again`() async throws {
    try await live { site in
      let answer = try await site.publish("notes", [("notes.20261122.txt", "a"), ("notes.20261123.txt", "b")])
      #expect(answer.representations[0].kind == .tree)
      _ = try await MemorySite(log: site.log.prefix(site.log.recordCount))
    }
  }

  @Test func `with a hole is refused and names the frames`() async throws {
    try await live { site in
      let error = try await refused(.publishHole, site) {
        try await site.publish("sq010/sh0010/plate", frames(1...2) + frames(5...6))
      }
      #expect(error?.what == "the sequence lacks frames 3-4")
    }
  }

  @Test func `with a hole that is meant goes through`() async throws {
    try await live { site in
      let answer = try await site.publish("sq010/sh0010/plate", frames(1...2) + frames(5...6)) {
        $0.allowMissing = true
      }
      #expect(answer.representations[0].frames == FrameSet("1-2,5-6"))
    }
  }

  @Test func `as a patch carries the other frames`() async throws {
    try await live { site in
      try await site.publish("sq010/sh0010/plate", frames(1001...1003))
      let answer = try await site.publish("sq010/sh0010/plate", [("fix.1002.exr", "new")], patch: true)
      #expect(answer.changed == FrameSet(1002...1002) && answer.files == 3)
      let folder = "/store/demo/sq010/sh0010/plate/\(answer.version)/exr/"
      #expect(site.disk.text(folder + "plate.1001.exr") == "x 1001")
      #expect(site.disk.text(folder + "plate.1002.exr") == "new")
    }
  }

  @Test func `as a patch over a named version carries that one's frames`() async throws {
    try await live { site in
      try await site.publish("sq010/sh0010/plate", frames(1...3, "old"))
      try await site.publish("sq010/sh0010/plate", frames(1...3, "new"))
      let answer = try await site.publish("sq010/sh0010/plate@1", [("p.2.exr", "fix")], patch: true)
      let folder = "/store/demo/sq010/sh0010/plate/\(answer.version)/exr/"
      #expect(site.disk.text(folder + "plate.1.exr") == "old 1")
    }
  }

  @Test func `as a patch with a new frame follows the names of the others`() async throws {
    try await live { site in
      try await site.publish("sq010/sh0010/plate", frames(1001...1002))
      let answer = try await site.publish("sq010/sh0010/plate", [("other_name_1003.exr", "new")], patch: true)
      #expect(site.store.files.contains("/store/demo/sq010/sh0010/plate/\(answer.version)/exr/plate.1003.exr"))
    }
  }

  @Test(arguments: [
    ("look/show_lut", "a.1001.exr"), ("sq010/sh0010/plate", "a.1001.png"), ("sq010/sh0010/plate", "a.exr"),
    ("sq010/sh0020/plate", "a.1001.exr"),
  ])
  func `as a patch of what has no such sequence is refused`(product: String, file: String) async throws {
    try await live { site in
      try await site.publish("look/show_lut", [("show.cube", "warm")])
      try await site.publish("sq010/sh0010/plate", frames(1001...1002))
      try await refused(.publishPatch, site) { try await site.publish(product, [(file, "x")], patch: true) }
    }
  }

  @Test func `over a named version without being a patch is refused`() async throws {
    try await live { site in
      try await site.publish("look/show_lut", [("show.cube", "warm")])
      try await refused(.publishPatch, site) { try await site.publish("look/show_lut@1", [("show.cube", "x")]) }
    }
  }

  @Test func `to a product that a step makes is refused`() async throws {
    try await live { site in
      try await refused(.publishMade, site) {
        try await site.publish("sq010/sh0010/review_movie", [("review.mp4", "x")])
      }
    }
  }

  @Test func `to an unknown project is refused`() async throws {
    let site = try await MemorySite()
    try await site.live {
      try await refused(.projectUnknown, site) { try await site.publish("look/show_lut", [("a.cube", "x")]) }
    }
  }

  @Test func `of other bytes than announced leaves nothing`() async throws {
    try await live { site in
      try await refused(.publishDigest, site) {
        try await site.publish("look/show_lut", [("a.cube", "x")]) {
          $0.representations[0].files[0].sha256 = Digest.of("y")
        }
      }
    }
  }

  @Test func `of a file that was not uploaded leaves nothing`() async throws {
    try await live { site in
      try await refused(.publishFileMissing, site) {
        try await site.publish("look/show_lut", [("a.cube", "x")]) { $0.representations[0].files[0].content = nil }
      }
    }
  }

  @Test(arguments: ["../a.cube", "/a.cube", "a//b", "a/../b", "", "a\u{7}b", "a\\b"])
  func `of a path that leaves its version is refused`(path: String) async throws {
    try await live { site in
      try await refused(.pathInvalid, site) { try await site.publish("look/show_lut", [(path, "x")]) }
    }
  }

  @Test(arguments: ["latest", "1st", "v-x", "v12", "a b"])
  func `with such a tag is refused`(tag: String) async throws {
    try await live { site in
      try await refused(.referenceInvalid, site) {
        try await site.publish("look/show_lut", [("a.cube", "x")]) { $0.tag = tag }
      }
    }
  }

  @Test func `from a version that is not there is refused`() async throws {
    try await live { site in
      try await refused(.productUnknown, site) {
        try await site.publish("look/show_lut", [("a.cube", "x")]) { $0.from = ["demo/look/grade"] }
      }
    }
  }

  @Test func `that the log refuses leaves nothing in the store`() async throws {
    try await live { site in
      try await refused(.logFull, site) {
        site.log.refuse(SluiceError(.logFull, what: "full", at: "log", fix: "free"))
        try await site.publish("look/show_lut", [("a.cube", "x")])
      }
    }
  }

  @Test func `into a folder that does not exist makes it, and those above`() async throws {
    try await live { site in
      try await site.publish("assets/props/lamp/model", [("lamp.usd", "x")])
      let folders = try site.writer.current.project(ProjectName("demo")).folders
      #expect(try folders[FolderPath("assets/props/lamp")]?.type == "folder")
      #expect(try folders[FolderPath("assets")]?.type == "folder")
    }
  }

  @Test func `at the same moment as another gives two versions and loses none`() async throws {
    try await live { site in
      let answers = try await withThrowingTaskGroup(of: PublishAnswer.self) { group in
        for number in 0..<8 { group.addTask { try await site.publish("look/show_lut", [("a.cube", "x\(number)")]) } }
        return try await group.reduce(into: []) { $0.append($1) }
      }
      #expect(Set(answers.map(\.version)).count == 8)
      #expect(answers.compactMap(\.number).sorted() == Array(1...8))
      #expect(site.store.files.count == 8)
    }
  }

  @Test func `of several products is one record`() async throws {
    try await live { site in
      let before = site.log.recordCount
      let request = PublishRequest(
        products: ["look/a", "look/b"].map { name in
          ProductPublish(
            ref: "demo/\(name)",
            representations: [RepresentationPublish(files: [FilePublish(path: "f.txt", content: Data("x".utf8))])])
        })
      let answer = try await site.publisher.publish(request, origin: MemorySite.ada)
      #expect(answer.published.map(\.ref.name) == ["a", "b"] && site.log.recordCount == before + 1)
    }
  }

  @Test func `of several products with one that is wrong publishes none`() async throws {
    try await live { site in
      try await refused(.publishMade, site) {
        let request = PublishRequest(
          products: ["look/a", "sq010/contact"].map { name in
            ProductPublish(
              ref: "demo/\(name)",
              representations: [RepresentationPublish(files: [FilePublish(path: "f.txt", content: Data("x".utf8))])])
          })
        _ = try await site.publisher.publish(request, origin: MemorySite.ada)
      }
    }
  }

  @Test func `with the command of an earlier one gives its answer and leaves nothing behind`() async throws {
    try await live { site in
      var origin = MemorySite.ada
      origin.command = CommandID("p-1")
      let first = try await site.publish("look/show_lut", [("a.cube", "x")], origin: origin)
      let found1 = try await site.publish("look/show_lut", [("a.cube", "x")], origin: origin)
      #expect(found1 == first)
      #expect(site.store.files.count == 1)
    }
  }

  @Test func `with the command of one that is under way leaves one version`() async throws {
    try await live { site in
      var origin = MemorySite.ada
      origin.command = CommandID("p-1")
      site.log.door.shut()
      let commanded = origin
      async let first = site.publish("look/show_lut", [("a.cube", "x")], origin: commanded)
      async let second = site.publish("look/show_lut", [("a.cube", "x")], origin: commanded)
      site.log.door.open()
      let (one, two) = try await (first, second)
      #expect(one == two)
      #expect(site.store.files.count == 1 && site.store.unsettled.isEmpty)
    }
  }

  @Test func `uses up its upload`() async throws {
    try await live { site in
      let upload = try await site.store.makeUpload()
      let receiver = try await site.store.receive("a.cube", of: upload)
      try await receiver.write(Array("warm".utf8))
      _ = try await receiver.finish()
      let request = PublishRequest(
        upload: upload,
        products: [
          ProductPublish(
            ref: "demo/look/show_lut", representations: [RepresentationPublish(files: [FilePublish(path: "a.cube")])])
        ])
      let answer = try await site.publisher.publish(request, origin: MemorySite.ada).published[0]
      #expect(answer.sha256 == Digest.of("warm"))
      #expect(site.disk.paths(below: "/store/.staging") == [])
    }
  }
}
