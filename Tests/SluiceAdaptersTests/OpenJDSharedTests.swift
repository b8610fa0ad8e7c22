import Foundation
import SluiceAdapters
import SluiceModel
import Testing

/// What `openjd-model` 0.13.0 says of a template.
private struct Verdict: Decodable {
  var kind: String?
  var valid: Bool?
  var steps: [String]?
  var parameters: [String: String]?
  var name: String?
  var tasks: [String: Int]?
  var order: [String]?
  var depends: [String: [String]]?

  private enum CodingKeys: String, CodingKey {
    case kind, valid, steps
    case parameters = "parameters_given"
    case name = "job_name"
    case tasks, order, depends
  }
}

/// Templates of `../shared/data/openjd` beside the package, where that folder is.
@Suite struct `Templates of others` {
  private static let folder =
    #filePath.split(separator: "/").dropLast(4).reduce(into: "") { $0 += "/\($1)" } + "/shared/data/openjd"

  /// Nil where the folder is not there; the test says so and ends.
  private func bytes(_ name: String) -> Data? {
    guard let bytes = FileManager.default.contents(atPath: "\(Self.folder)/\(name)") else {
      print("skipped: no shared data")
      return nil
    }
    return bytes
  }

  private func expect(_ verdict: Verdict, _ text: String, _ format: TemplateFile.Format, _ name: String) throws {
    let checked: TemplateFile.Checked
    do {
      checked = try TemplateFile.read(text, format)
    } catch {
      #expect(verdict.valid != true, "\(name): \(error.problems)")
      #expect(error.problems.allSatisfy { $0.line != nil && !$0.what.isEmpty && !$0.fix.isEmpty }, "\(name)")
      return
    }
    #expect(verdict.valid == true, "\(name)")
    guard case .job(let template) = checked.template else { return #expect(verdict.kind == "environment", "\(name)") }
    #expect(template.steps.map(\.name) == verdict.steps, "\(name)")
    let job = try template.job(
      try #require(verdict.parameters), folders: OpenJD.Folders(template: "/tmp/t", working: "/tmp/w"))
    #expect(job.name == verdict.name, "\(name)")
    #expect(job.order == verdict.order, "\(name)")
    #expect(Dictionary(uniqueKeysWithValues: job.steps.map { ($0.name, $0.space.count) }) == verdict.tasks, "\(name)")
    let depends = Dictionary(uniqueKeysWithValues: job.steps.map { ($0.name, $0.dependencies) })
    #expect(depends.filter { !$0.value.isEmpty } == verdict.depends, "\(name)")
  }

  @Test func `are accepted and refused as openjd-model 0.13 does`() throws {
    struct Expected: Decodable {
      var tool: String
      var files: [String: Verdict]
    }
    guard let bytes = bytes("_expected_templates.json") else { return }
    let expected = try JSONDecoder().decode(Expected.self, from: bytes)
    #expect(expected.tool == "openjd-model 0.13.0")
    #expect(expected.files.count > 20)
    for (name, verdict) in expected.files.sorted(by: { $0.key < $1.key }) {
      let text = String(decoding: try #require(self.bytes(name)), as: UTF8.self)
      try expect(verdict, text, .yaml, name)
    }
  }

  @Test func `from the model's own tests are, too`() throws {
    struct Case: Decodable {
      var id: String
      var title: String
      var template: JSONValue
      var expected: Verdict
    }
    guard let bytes = bytes("model_cases_even.json") else { return }
    let cases = try JSONDecoder().decode([Case].self, from: bytes)
    #expect(cases.count > 15)
    for one in cases {
      try expect(one.expected, StableJSON.text(one.template), .json, "\(one.id) \(one.title)")
    }
  }

  @Test func `that depend on each other in a circle are refused for that, where the model crashes`() throws {
    struct Case: Decodable {
      var title: String
      var template: JSONValue
    }
    guard let bytes = bytes("model_cases_even.json") else { return }
    let cases = try JSONDecoder().decode([Case].self, from: bytes)
    let circle = try #require(cases.first { $0.title == "with step dependency cycle" })
    let problems = OpenJDText.problems(StableJSON.text(circle.template), .json)
    #expect(problems.map(\.code) == ["openjd.cycle"])
  }
}
