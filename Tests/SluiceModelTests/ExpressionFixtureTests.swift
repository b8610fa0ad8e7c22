import Foundation
import Testing

@testable import SluiceModel

/// An expression that `tools/openjd-expressions` made, and what `openjd-model` 0.13.0 says of it.
private struct Made: Decodable {
  var id: String
  var expression: String
  var accepted: Bool
  /// Whether it goes with variables whose types alone are known.
  var checked: Bool?
  var type: String?
  /// As it stands in a text; nil where it has none.
  var value: String?
}

/// Those of `Fixtures/openjd-expressions.jsonl`, or of the file that `SLUICE_OPENJD_EXPRESSIONS` names.
@Suite struct `Expressions of Open Job Description` {
  private static let file =
    ProcessInfo.processInfo.environment["SLUICE_OPENJD_EXPRESSIONS"]
    ?? #filePath.split(separator: "/").dropLast().reduce(into: "") { $0 += "/\($1)" }
    + "/Fixtures/openjd-expressions.jsonl"

  /// The variables of the tool.
  private static let values: [String: OpenJD.Value] = [
    "Param.I": .int(7), "Param.Neg": .int(-3), "Param.S": .string("shot_010"), "Param.Empty": .string(""),
    "Param.P": .path("/show/sh010/plate.0007.exr"), "Param.Rel": .path("a/./b//c.tar.gz"), "Param.B": .bool(true),
    "Param.LI": .list([.int(3), .int(1), .int(2)], of: .int),
    "Param.LS": .list([.string("b"), .string("a b"), .string("é")], of: .string),
    "Param.LP": .list([.path("/x/y.exr"), .path("z")], of: .path),
    "Param.LB": .list([.bool(true), .bool(false)], of: .bool),
    "Param.LL": .list([.list([.int(1), .int(2)], of: .int), .list([], of: .int)], of: .list(.int)),
    "Session.WorkingDirectory": .path("/jobs/1"), "Session.HasPathMappingRules": .bool(true), "name": .string("let"),
  ]

  private static func known() throws -> OpenJD.Symbols {
    var values = values
    values["Param.F"] = .float(try OpenJD.Real(2.5, written: "2.50"))
    values["Param.LF"] = .list([.float(try OpenJD.Real(1.5)), .float(OpenJD.Real(2))], of: .float)
    values["Param.R"] = .range(try OpenJD.IntegerRange("1-10:3"))
    let rules = [("/show", "/mnt/show"), ("/show/sh010", "/never")].map {
      OpenJD.PathMappingRule(format: .posix, source: $0, destination: $1)
    }
    return OpenJD.Symbols(values, host: .rules(rules))
  }

  @Test func `are accepted, refused and worked out as openjd-model does`() throws {
    let known = try Self.known()
    let unknown = OpenJD.Symbols(known.values.mapValues { .unknown($0.type) }, host: .unknown)
    let lines = try #require(FileManager.default.contents(atPath: Self.file)).split(separator: 0x0A)
    var count = 0
    for line in lines {
      let made = try JSONDecoder().decode(Made.self, from: Data(line))
      let told = "\(made.id): \(made.expression)"
      let expression: OpenJD.Expression
      do {
        expression = try OpenJD.Expression(made.expression)
        // A template with one that can have no value is refused.
        if expression.symbols.isEmpty { _ = try expression.value(unknown) }
      } catch {
        // What can never have a value may be refused at once.
        #expect(!made.accepted || made.value == nil && made.checked == false, "\(told) is refused: \(error.what)")
        continue
      }
      #expect(made.accepted, "\(told) is accepted")
      do {
        _ = try expression.value(unknown)
        #expect(made.checked != false, "\(told) goes with the types")
      } catch {
        #expect(made.checked != true, "\(told) does not go with the types: \(error.what)")
      }
      do {
        let value = try expression.value(known)
        #expect(value.text == made.value, "\(told)")
        #expect(value.type.description == made.type, "\(told)")
        count += 1
      } catch {
        #expect(made.value == nil, "\(told) has no value: \(error.what)")
      }
    }
    #expect(count > 100)
  }
}
