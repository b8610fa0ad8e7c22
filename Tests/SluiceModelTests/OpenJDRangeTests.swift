import SluiceModel
import Testing

@Suite struct `A range of whole numbers` {
  @Test(arguments: [
    ("1", [1]), ("1-5", [1, 2, 3, 4, 5]), ("1-10:3", [1, 4, 7, 10]), ("1-9:3,20", [1, 4, 7, 20]),
    (" -5 - -3 , 1", [-5, -4, -3, 1]), ("20,1-2", [1, 2, 20]), ("5-1:-2", [5, 3, 1]), ("007", [7]),
  ])
  func `holds the numbers that it says, the smaller runs first`(text: String, numbers: [Int]) throws {
    let range = try OpenJD.IntegerRange(text)
    #expect((0..<range.count).map { range[$0] } == numbers)
  }

  @Test(arguments: [
    ("", "the range is empty"), ("1-", "a number is missing at the end"), ("a", "'a' is not a number"),
    ("5-1", "5-1 counts down, which wants a negative step"), ("1-5:-1", "1-5 cannot go by -1"),
    ("1-5:0", "the step after ':' is 0"), ("1-5,5-9", "1-5 and 5-9 overlap"), ("1,1", "1 and 1 overlap"),
    ("1 2", "'2' does not belong into the range '1 2'"), ("9007199254740993", "a number is larger than 2^53"),
  ])
  func `is refused with the reason`(text: String, what: String) {
    #expect(throws: OpenJD.IntegerRange.Malformed(what: what)) { try OpenJD.IntegerRange(text) }
  }

  @Test func `is held by its ends, however many numbers it has`() throws {
    let range = try OpenJD.IntegerRange("1-1000000000000,2000000000000-3000000000000:10")
    #expect(range.runs.count == 2)
    #expect(range.count == 1_100_000_000_001)
    #expect(range[range.count - 1] == 3_000_000_000_000)
  }

  @Test(arguments: [
    ([1, 2, 3, 7], "1-3,7"), ([5, 1, 3], "1-5:2"), ([4], "4"), ([1, 5, 6], "1,5,6"), ([2, 2, 1], "1,2"),
  ])
  func `is written short`(numbers: [Int], text: String) { #expect(OpenJD.IntegerRange.text(numbers) == text) }
}

@Suite struct `A combination` {
  @Test(arguments: [
    ("A", "A"), ("A*B", "A * B"), ("(A,B)*C", "(A, B) * C"), ("((A,B),C*D)", "((A, B), C * D)"),
  ])
  func `is read`(text: String, shown: String) throws {
    #expect(try OpenJD.Combination(text).description == shown)
  }

  @Test(arguments: [
    ("", "a parameter's name is missing at the end"), ("A*", "a parameter's name is missing at the end"),
    ("*A", "a parameter's name is missing at character 1"), ("(A)", "(A) associates one parameter with nothing"),
    ("(A,B", "')' is missing at character 5"), ("A B", "'B' does not belong at character 3"),
    ("1A", "a parameter's name is missing at character 1"),
    (String(repeating: "(", count: 10_000), "brackets are nested too deep"),
  ])
  func `is refused with the reason`(text: String, what: String) {
    #expect(throws: OpenJD.Combination.Malformed(what: what)) { try OpenJD.Combination(text) }
  }
}

@Suite struct `A decimal number` {
  @Test(arguments: ["0", "1", "-1.50", "1E+3", "0.000001", "1E-7", "1.5E+20"])
  func `is written as it was read`(text: String) { #expect(OpenJD.Number(text)?.description == text) }

  @Test(arguments: [
    ("0.1", "0.10"), ("1e3", "1000"), (" 1_000 ", "1000"), ("-0.0", "0"), ("10", "1e1"), (".5", "0.5"), ("5.", "5"),
  ])
  func `is equal to another writing of it`(left: String, right: String) throws {
    let (left, right) = (try #require(OpenJD.Number(left)), try #require(OpenJD.Number(right)))
    #expect(left == right)
    #expect(left.hashValue == right.hashValue)
  }

  @Test(arguments: ["", "x", "1e", "--1", "nan", "inf", "1.2.3", "1e99999999", "+"])
  func `is nothing else`(text: String) { #expect(OpenJD.Number(text) == nil) }

  @Test func `is ordered like the doubles that are near it`() {
    for seed in Chance.seeds {
      var chance = Chance(seed: seed)
      let (a, b) = (chance.double(), chance.double())
      guard let left = OpenJD.Number(a), let right = OpenJD.Number(b) else { continue }
      #expect((left < right) == (a < b), "seed \(seed): \(a) \(b)")
    }
  }
}

extension Chance {
  /// One of those that people write, or far from them.
  fileprivate mutating func double() -> Double {
    let digits = Double(below(2_000)) - 1_000
    return [digits, digits / 100, digits * 1e-9, digits * 1e17][below(4)]
  }
}
