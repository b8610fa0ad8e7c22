import Testing

/// Words that code may not have, and where.
enum Words {
  static let pure: Set<String> = ["SluiceModel", "SluiceGraph", "SluicePolicy"]

  /// Values and rules only: nothing there waits, locks, has an identity or a type that says nothing.
  static func impure(in file: SwiftFile) -> [Finding] {
    guard pure.contains(file.target) else { return [] }
    return file.findings { code, _ in
      // What `Encoder` and `Decoder` ask for.
      let others = code.replacing("[CodingUserInfoKey: Any]", with: "")
      return ["Task {", "Task(", "Task.detached", "Mutex", "await", "class", "Any", "FileManager"]
        .filter { occurs($0, in: others[...]) }
        + Declarations.types(in: code).filter { $0.keyword == "actor" }.map { "actor \($0.name)" }
    }
  }

  /// Clock, chance and environment are read in `Sources/sluice` and handed on as `Ambient`.
  static func ambient(in file: SwiftFile) -> [Finding] {
    guard file.path.hasPrefix("Sources/"), file.target != "sluice" else { return [] }
    return file.findings { code, _ in
      let others = code.replacing("ambient.random(", with: "")
      return [
        "Date()", "Date.now", "UUID()", ".random(", ".randomElement(", ".shuffled(", "SystemRandomNumberGenerator",
        "Task.sleep", "ProcessInfo", "currentDirectoryPath", "getenv", "ContinuousClock", "SuspendingClock",
      ].filter { occurs($0, in: others[...]) }
    }
  }

  /// What no file has: a public declaration, a trap in place of an error, work that nobody waits for.
  static func forbidden(in file: SwiftFile) -> [Finding] {
    file.findings { code, _ in
      ["public", "try!", "as!", "fatalError", "Task.detached", "static let shared"].filter { occurs($0, in: code) }
    }
  }

  /// Whether `word` stands in `code` and is not part of a longer name.
  static func occurs(_ word: String, in code: Substring) -> Bool {
    code.ranges(of: word).contains { range in
      let before = range.lowerBound > code.startIndex ? code[code.index(before: range.lowerBound)] : " "
      let after = range.upperBound < code.endIndex ? code[range.upperBound] : " "
      return !(word.first.map(isOfName) == true && isOfName(before))
        && !(word.last.map(isOfName) == true && isOfName(after))
    }
  }

  private static func isOfName(_ character: Character) -> Bool {
    character.isLetter || character.isNumber || character == "_"
  }
}

@Suite struct `Rules and values` {
  @Test func `neither wait nor lock nor touch the disk`() {
    let files = SourceTree.sources.filter { Words.pure.contains($0.target) }
    #expect(files.count > 35)
    #expect(files.flatMap(Words.impure) == [])
  }

  @Test(arguments: [
    "package actor Writer {", "actor Writer: Service {", "Task { work() }", "let task = Task(priority: .low) {",
    "Task.detached { }", "let state = Mutex(0)", "let a = await b()", "package final class Store {",
    "func read(_ value: Any)", "FileManager.default.removeItem(atPath: path)",
  ])
  func `refuse what waits, locks or has an identity`(text: String) {
    for target in Words.pure {
      #expect(Words.impure(in: SwiftFile(path: "Sources/\(target)/A/Planted.swift", text: text)).count == 1)
    }
  }

  @Test(arguments: [
    "actor = Actor(name: name, trust: .token)", "let actor: Actor", "// await an actor", "var task: TaskID",
    "func append(_ records: [Record]) async throws(SluiceError)", "let error: any Error", "classify(frame)",
  ])
  func `may speak of actors and declare ports`(text: String) {
    #expect(Words.impure(in: SwiftFile(path: "Sources/SluiceModel/Ports/Planted.swift", text: text)) == [])
  }
}

@Suite struct `Clock, chance and environment` {
  @Test func `are read by the command line only`() {
    let files = SourceTree.sources.filter { $0.target != "sluice" }
    #expect(files.count > 60)
    #expect(files.flatMap(Words.ambient) == [])
  }

  @Test(arguments: [
    "let now = Date()", "Date.now", "UUID()", "UInt64.random(in: .min ... .max)", "names.randomElement()",
    "names.shuffled()", "var chance = SystemRandomNumberGenerator()", "try await Task.sleep(for: .seconds(1))",
    "ProcessInfo.processInfo.environment", "FileManager.default.currentDirectoryPath", #"getenv("HOME")"#,
    "ContinuousClock.now", "SuspendingClock()", #"log("at \(Date())")"#,
  ])
  func `are refused anywhere else`(text: String) {
    for target in ["SluiceEngine", "SluiceServer", "SluiceTestKit"] {
      #expect(Words.ambient(in: SwiftFile(path: "Sources/\(target)/A/Planted.swift", text: text)).count == 1)
    }
    #expect(Words.ambient(in: SwiftFile(path: "Sources/sluice/Planted.swift", text: text)) == [])
  }

  @Test(arguments: [
    "Date(timeIntervalSince1970: 0)", "let a = ambient.random() & 0xFF", "upToDate()", "// Date()",
    #"let fix = "call Date()""#,
  ])
  func `may be handed in and spoken of`(text: String) {
    #expect(Words.ambient(in: SwiftFile(path: "Sources/SluiceEngine/A/Planted.swift", text: text)) == [])
  }
}

@Suite struct `No file` {
  @Test func `has public declarations, traps in place of errors or work that nobody waits for`() {
    #expect(SourceTree.files.count > 100)
    #expect(SourceTree.files.flatMap(Words.forbidden) == [])
  }

  @Test(arguments: [
    "public struct Plan {", "let a = try! read()", "let b = a as! Plan", "fatalError()", "Task.detached { }",
    "static let shared = Store()",
  ])
  func `gets away with one`(text: String) {
    #expect(Words.forbidden(in: SwiftFile(path: "Tests/A/Planted.swift", text: text)).count == 1)
  }

  @Test(arguments: ["preconditionFailure()", "let publication = 1", "let a = try? read()", "let b = a as? Plan"])
  func `is refused for less`(text: String) {
    #expect(Words.forbidden(in: SwiftFile(path: "Tests/A/Planted.swift", text: text)) == [])
  }
}
