import Glibc
import SluiceModel
import SluiceStorage
import SluiceTestKit
import Testing

@Suite struct `The file of names` {
  private let folder: TemporaryFolder
  private var path: String { folder.path + "/names.jsonl" }

  init() throws { folder = try TemporaryFolder() }

  private func open(seed: UInt64 = 1) throws(SluiceError) -> NamesFile {
    try NamesFile(path: path, ambient: Seeded(seed: seed).ambient)
  }

  private func lines() -> [Substring] { (TemporaryFolder.text(path) ?? "").split(separator: "\n") }
  private var mode: UInt32? { TemporaryFolder.status(path).map { $0.st_mode & 0o777 } }

  @Test func `keeps a name from one process to the next`() async throws {
    let names = try open()
    let alias = try names.alias(of: "ada")
    try await names.settle()
    let later = try open(seed: 2)
    #expect(later.known.all == names.known.all && later.known.all.map(\.name) == ["ada"])
    #expect(try later.alias(of: "ada") == alias)
  }

  @Test func `has nothing in it that was not settled`() async throws {
    let names = try open()
    _ = try names.alias(of: "ada")
    #expect(lines() == [])
    #expect(try open().known.count == 0)
  }

  @Test func `gives an alias once, and takes one for what it is`() throws {
    let names = try open()
    let (ada, bob) = (try names.alias(of: "ada"), try names.alias(of: "bob"))
    #expect(ada != bob)
    #expect(try names.alias(of: "ada") == ada)
    #expect(try names.alias(of: "\(ada)") == ada && names.known.count == 2)
  }

  @Test func `may be read by nobody else`() async throws {
    _ = try open()
    #expect(mode == 0o600)
    chmod(path, 0o644)
    let names = try open()
    #expect(mode == 0o600, "one that came out of a backup")
    let alias = try names.alias(of: "ada")
    try await names.erase([alias]) { () throws(SluiceError) in }
    #expect(mode == 0o600, "one that was written anew")
  }

  @Test func `keeps names with any characters`() async throws {
    let strange = ["Zo\u{EB} \"Z\" O'Hara", "a\\", "line\nbreak", "\u{1F3AC}", " ", ""]
    let names = try open()
    for name in strange { _ = try names.alias(of: name) }
    try await names.settle()
    #expect(lines().count == strange.count)
    #expect(try Set(open().known.all.map(\.name)) == Set(strange))
  }

  @Test func `takes no more names than there may be people, and still knows those`() throws {
    let names = try open()
    for number in 0..<Limits.people { _ = try names.alias(of: "job \(number)") }
    let error = #expect(throws: SluiceError.self) { try names.alias(of: "one more") }
    #expect(error?.code == .personLimit && names.known.count == Limits.people)
    #expect(try names.alias(of: "job 7") == names.known.alias(of: "job 7"))
  }

  // MARK: Crashes

  @Test func `cut off at any byte has the names whose lines are whole, and goes on from there`() async throws {
    let names = try open()
    for name in ["ada", "bob"] { _ = try names.alias(of: name) }
    try await names.settle()
    let whole = try #require(TemporaryFolder.text(path))
    for length in 0...whole.utf8.count {
      let text = String(decoding: Array(whole.utf8.prefix(length)), as: UTF8.self)
      try folder.write(text, to: "names.jsonl")
      let later = try open(seed: 7)
      let count = text.utf8.count { $0 == UInt8(ascii: "\n") }
      #expect(later.known.count == count, "after \(length) bytes")
      _ = try later.alias(of: "carol")
      try await later.settle()
      #expect(try open().known.count == count + 1, "after \(length) bytes")
    }
  }

  @Test func `with a line in the middle that is none of ours is not taken for good`() throws {
    try folder.write("{\"alias\":\"person-000000000001\",\"name\":\"ada\"}\n{}\n", to: "names.jsonl")
    let error = #expect(throws: SluiceError.self) { try open() }
    #expect(error?.code == .namesDamaged && error?.what.contains("line 1") == true)
  }

  @Test func `leaves nothing of an erasure that a crash cut off`() async throws {
    let names = try open()
    _ = try names.alias(of: "ada")
    try await names.settle()
    try folder.write("half of a lin", to: "names.jsonl.new")
    #expect(try open().known.all.map(\.name) == ["ada"])
    #expect(TemporaryFolder.files(below: folder.path) == ["names.jsonl"])
  }

  @Test func `that was taken away is missed, and is whole once it is back`() async throws {
    let names = try open()
    _ = try names.alias(of: "ada")
    try await names.settle()
    rename(path, path + ".away")
    _ = try names.alias(of: "bob")
    let error = await #expect(throws: SluiceError.self) { try await names.settle() }
    #expect(error?.code == .logFailed, "what waits for the log waits for the names too")
    rename(path + ".away", path)
    try await names.settle()
    #expect(try open().known.all.map(\.name) == ["ada", "bob"])
  }

  // MARK: Erasing

  @Test func `has nothing left of a name that was erased`() async throws {
    let names = try open()
    let ada = try names.alias(of: "ada")
    _ = try names.alias(of: "bob")
    try await names.settle()
    try await names.erase([ada]) { () throws(SluiceError) in }
    #expect(TemporaryFolder.text(path)?.contains("ada") == false && lines().count == 1)
    #expect(names.known[ada] == nil && names.known.all.map(\.name) == ["bob"])
    #expect(TemporaryFolder.files(below: folder.path) == ["names.jsonl"])
  }

  @Test func `gives an erased name another alias`() async throws {
    let names = try open()
    let first = try names.alias(of: "ada")
    try await names.erase([first]) { () throws(SluiceError) in }
    #expect(try names.alias(of: "ada") != first)
    #expect(names.known[first] == nil)
  }

  @Test func `shows no name while its erasure is being recorded`() async throws {
    let names = try open()
    let ada = try names.alias(of: "ada")
    try await names.erase([ada]) { () throws(SluiceError) in #expect(names.known[ada] == nil) }
  }

  @Test func `still has a name whose erasure could not be recorded`() async throws {
    let names = try open()
    let ada = try names.alias(of: "ada")
    try await names.settle()
    await #expect(throws: SluiceError.self) {
      try await names.erase([ada]) { () throws(SluiceError) in throw SluiceError.stopping }
    }
    #expect(names.known[ada]?.name == "ada")
    try await names.settle()
    #expect(try open().known.all.map(\.name) == ["ada"])
  }

  @Test func `keeps a name that another erasure wrote the file without, where its own could not be recorded`()
    async throws
  {
    let names = try open()
    let (ada, bob) = (try names.alias(of: "ada"), try names.alias(of: "bob"))
    try await names.settle()
    await #expect(throws: SluiceError.self) {
      try await names.erase([ada]) { () async throws(SluiceError) in
        try await names.erase([bob]) { () throws(SluiceError) in }
        throw SluiceError.stopping
      }
    }
    try await names.settle()
    #expect(try open().known.all.map(\.name) == ["ada"])
  }

  @Test func `keeps a name that is new while another is erased`() async throws {
    let names = try open()
    let ada = try names.alias(of: "ada")
    try await names.erase([ada]) { () async throws(SluiceError) in
      _ = try names.alias(of: "bob")
      try await names.settle()
      _ = try names.alias(of: "carol")
    }
    try await names.settle()
    #expect(try open().known.all.map(\.name) == ["bob", "carol"])
  }

  /// Names, erasures and restarts by chance: what is in the file is what was settled and not erased.
  @Test func `agrees with what happened, for a hundred seeds`() async throws {
    for seed in UInt64(0)..<100 {
      try folder.write("", to: "names.jsonl")
      let chance = Seeded(seed: seed)
      var names = try open(seed: seed)
      var (settled, new): ([String: PersonAlias], [String: PersonAlias]) = ([:], [:])
      for step in 0..<40 {
        switch chance.below(8) {
        case 0:
          names = try open(seed: seed &+ UInt64(step) &+ 1_000)
          new = [:]
        case 1, 2:
          try await names.settle()
          settled.merge(new) { old, _ in old }
          new = [:]
        case 3:
          let gone = settled.keys.sorted().first
          guard let gone, let alias = settled[gone] else { continue }
          try await names.erase([alias]) { () throws(SluiceError) in }
          settled[gone] = nil
          // The file was written anew, with all that is known.
          settled.merge(new) { old, _ in old }
          new = [:]
        default:
          let name = "name \(chance.below(12))"
          let alias = try names.alias(of: name)
          if let known = settled[name] ?? new[name] {
            #expect(alias == known, "seed \(seed)")
          } else {
            new[name] = alias
          }
        }
      }
      let kept = try open().known.all
      #expect(Dictionary(uniqueKeysWithValues: kept.map { ($0.name, $0.alias) }) == settled, "seed \(seed)")
    }
  }
}
