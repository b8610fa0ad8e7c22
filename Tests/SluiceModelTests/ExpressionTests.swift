import Testing

@testable import SluiceModel

/// What tables of answers do not show: words, places and bounds.
@Suite struct `An expression` {
  private func fault(_ text: String, _ values: [String: OpenJD.Value] = [:]) -> String? {
    do {
      _ = try OpenJD.Expression(text).value(OpenJD.Symbols(values))
      return nil
    } catch {
      return error.told(text)
    }
  }

  @Test(arguments: [
    ("1 +", "in {{1 +}} at character 4: "), ("  f(1", "in {{f(1}} at character "),
    ("1 // 0", "in {{1 // 0}} at character 1: "), ("[1, 2][5]", "in {{[1, 2][5]}} at character 1: "),
    ("'a' + nope('b')", "in {{'a' + nope('b')}} at character 7: "),
  ])
  func `that has no value says what was written and where it went wrong`(text: String, words: String) {
    #expect(fault(text)?.hasPrefix(words) == true, "\(fault(text) ?? "none")")
  }

  @Test(arguments: [
    "len('x' * 60000 * 60000)", "[a for a in range(9999999)]",
    "sum([a * b for a in range(9999) for b in range(9999)])",
    String(repeating: "(", count: 5_000) + "1", String(repeating: "-", count: 5_000) + "1",
    String(repeating: "1 + ", count: 5_000) + "1",
    String(repeating: "[", count: 99) + String(repeating: "]", count: 99),
    "2 ** 9999", "'a'.zfill(9999999999)", "range_expr('1-9999999999').list()", "'abc' * 9223372036854775807",
  ])
  func `takes so much and no more`(text: String) { #expect(fault(text) != nil) }

  @Test(arguments: [
    "(a*)*b", "(a|a)*b", "(a|aa)+$", "(.*.*.*.*)*x", "(a?){30}a{30}b", "((a{0,9}){0,9}){0,9}b", "(a{1,99}){1,99}",
    "((?:(?:){9999}){9999}){9999}", "(?:a{99}){99}|b", String(repeating: "()", count: 3_000) + "b",
    "(?:" + String(repeating: "a", count: 9_000) + ")?b",
  ])
  func `searches with any pattern in a time that the text's length says`(pattern: String) {
    let start = ContinuousClock.now
    _ = fault("re_search(Text, r'\(pattern)')", ["Text": .string(String(repeating: "a", count: 150))])
    #expect(ContinuousClock.now - start < .seconds(20))
  }

  @Test func `takes of what those before it have left`() throws {
    let expression = try OpenJD.Expression("len([a for a in range(200)])")
    var rest = 1_000
    #expect(try expression.value(OpenJD.Symbols(), within: &rest) == .int(200))
    #expect((1..<800).contains(rest))
    let fault = #expect(throws: OpenJD.ExpressionFault.self) {
      for _ in 0..<4 { _ = try expression.value(OpenJD.Symbols(), within: &rest) }
    }
    #expect(fault?.what.contains("the template's expressions together") == true)
    #expect(rest == 0)
  }

  @Test(arguments: [
    "1 + 2 * 3", "[x for x in y if x not in z]", "a if not b else c[1:2]", "r'\\d' + \"'\"", "f(x)(y)", "x.y.z(1).w",
  ])
  func `is the same when it was written and read`(text: String) throws {
    let expression = try OpenJD.Expression(text)
    let read = try StableJSON.decode(OpenJD.Expression.self, from: StableJSON.encode(expression))
    #expect(read == expression)
  }

  @Test(arguments: [
    OpenJD.Value.null, .bool(true), .int(-7), .string("a\u{0}ü"), .path("/a"), .list([], of: .int),
    .list([.list([.int(1)], of: .int), .list([], of: .int)], of: .list(.int)),
  ])
  func `has values that are the same when they were written and read`(value: OpenJD.Value) throws {
    #expect(try StableJSON.decode(OpenJD.Value.self, from: StableJSON.encode(value)) == value)
  }
}
