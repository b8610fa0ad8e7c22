import FoundationEssentials
import SluiceAdapters
import SluiceModel
import Testing

/// One case of the compatibility kit of CloudEvents SQL 1.0.
private struct KitCase {
  let name: String
  let expression: String
  let result: AttributeValue?
  let error: String?
  let attributes: [String: AttributeValue]

  init?(_ node: DocumentNode) {
    let fields = node.fields
    guard let name = fields["name"]?.text, let expression = fields["expression"]?.text else { return nil }
    (self.name, self.expression, error) = (name, expression, fields["error"]?.text)
    result = fields["result"]?.value
    let event = fields["event"]?.fields.compactMapValues(\.value) ?? KitCase.anyEvent
    attributes = event.merging(fields["eventOverrides"]?.fields.compactMapValues(\.value) ?? [:]) { $1 }
  }

  /// What is required of an event and nothing else, for cases that leave the event to us.
  private static let anyEvent: [String: AttributeValue] = [
    "specversion": .string("1.0"), "id": .string("any"), "source": .string("/any"), "type": .string("any.type"),
  ]
}

extension DocumentNode {
  fileprivate var fields: [String: DocumentNode] {
    guard case .mapping(let entries, _) = self else { return [:] }
    return Dictionary(entries.map { ($0.key, $0.value) }) { $1 }
  }

  fileprivate var elements: [DocumentNode] { if case .sequence(let elements, _) = self { elements } else { [] } }
  fileprivate var text: String? { if case .scalar(let text, _, _) = self { text } else { nil } }

  /// By YAML's core schema: what has no quotes may be a boolean or an integer.
  fileprivate var value: AttributeValue? {
    guard case .scalar(let text, let quoted, _) = self else { return nil }
    if quoted { return .string(text) }
    if ["true", "True", "TRUE"].contains(text) { return .boolean(true) }
    if ["false", "False", "FALSE"].contains(text) { return .boolean(false) }
    return Int32(text).map(AttributeValue.integer) ?? .string(text)
  }
}

/// Runs `../shared/data/cesql_tck` beside the package, where that folder is.
@Suite struct `The compatibility kit of CloudEvents SQL` {
  private static let folder =
    #filePath.split(separator: "/").dropLast(4).reduce(into: "") { $0 += "/\($1)" } + "/shared/data/cesql_tck"

  /// The texts of its files by their names; nil where the kit is not there.
  private func files() throws -> [(name: String, text: String)]? {
    guard let names = try? FileManager.default.contentsOfDirectory(atPath: Self.folder) else {
      print("skipped: no shared data")
      return nil
    }
    return try names.filter { $0.hasSuffix(".yaml") }.sorted().map { name in
      let bytes = try #require(FileManager.default.contents(atPath: "\(Self.folder)/\(name)"))
      return (name, String(decoding: bytes, as: UTF8.self))
    }
  }

  @Test func `is passed, case by case`() throws {
    guard let files = try files() else { return }
    var (held, ran) = (0, 0)
    for file in files {
      held += file.text.split(separator: "\n").count { $0.wholeMatch(of: /\s*- name:.*/) != nil }
      for node in try YAMLDocument.read(file.text).fields["tests"]?.elements ?? [] {
        let kitCase = try #require(KitCase(node), "\(file.name), \(node.place)")
        expectPass(kitCase, "\(file.name): \(kitCase.name): \(kitCase.expression)")
        ran += 1
      }
    }
    print("CloudEvents SQL kit: \(ran) of \(held) cases in \(files.count) files")
    #expect(files.count >= 18)
    #expect(ran == held)
    #expect(ran >= 275)
  }

  private func expectPass(_ kitCase: KitCase, _ name: String) {
    do throws(SluiceError) {
      let filter = try CESQL(kitCase.expression)
      let outcome = filter.evaluate { kitCase.attributes[$0] }
      #expect(outcome.value == kitCase.result, "\(name)")
      #expect(outcome.error?.kind.rawValue == kitCase.error, "\(name)")
      #expect(
        filter.admits { kitCase.attributes[$0] } == (kitCase.result == .boolean(true) && kitCase.error == nil),
        "\(name)")
    } catch {
      #expect(error.code == .filterSyntax, "\(name)")
      #expect(kitCase.error == "parse", "\(name): \(error.what)")
    }
  }
}
