import Testing

@Suite struct `Source without comments, literals and sentences` {
  @Test(arguments: [
    ("let a = 1 // Date()", "let a = 1"),
    ("/// Date()\nlet a = 1", "let a = 1"),
    ("a /* x /* Date() */ y */ b", "a b"),
    (#"say("Date()") + b"#, "say( ) + b"),
    (#"say("\"Date()") + b"#, "say( ) + b"),
    (#"say("// no comment"); Date()"#, "say( ); Date()"),
    (##"say(#"a " Date()"#) + b"##, "say( ) + b"),
    ("say(\"\"\"\n  a \" Date()\n  \"\"\") + b", "say( ) + b"),
    (#"let url = "http://x" + Date()"#, "let url = + Date()"),
    ("func `says Date() as a fact`() { `in` }", "func () { `in` }"),
    ("#if os(Linux)\nDate()", "#if os(Linux) Date()"),
  ])
  func `keeps code and nothing else`(text: String, code: String) {
    #expect(squeezed(Blanking.code(of: text)) == code)
  }

  @Test func `keeps the code of an interpolation`() {
    #expect(
      squeezed(Blanking.code(of: #"say("at \(max(1, now("x"))) and Date()") + b"#)) == "say( (max(1, now( ))) ) + b")
  }

  @Test func `keeps the number of each line`() {
    let text = "a\n/* b\nc */\n\"\"\"\nd\n\"\"\"\ne"
    #expect(Blanking.code(of: text).split(separator: "\n", omittingEmptySubsequences: false).count == 7)
  }

  private func squeezed(_ text: String) -> String {
    text.split { $0 == " " || $0 == "\n" }.joined(separator: " ")
  }
}

@Suite struct `A line with a reason` {
  private func finds(_ text: String) -> Int {
    SwiftFile(path: "Sources/x/y.swift", text: text).findings { code, _ in code.contains("bad") ? ["bad"] : [] }.count
  }

  @Test(arguments: ["bad // tidy: it is the one place", "// tidy: it is the one place\nbad"])
  func `may differ`(text: String) {
    #expect(finds(text) == 0)
  }

  @Test(arguments: [
    "bad", "bad // tidy:", "// tidy:\nbad", "// tidy: for that line\ngood\nbad", "a // tidy: mine\nbad",
  ])
  func `is one of its own, and the reason is said`(text: String) {
    #expect(finds(text) == 1)
  }
}
