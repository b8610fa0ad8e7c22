package import SluiceModel
import Yams

/// Reads YAML into a document with places, within bounds that no alias bomb passes.
package enum YAMLDocument {
  /// - Throws: `PipelineProblem` with `pipeline.syntax` or `pipeline.tooLarge`.
  package static func read(_ text: String) throws(PipelineProblem) -> DocumentNode {
    guard text.utf8.count <= Limits.pipelineBytes else {
      throw PipelineProblem(
        .pipelineTooLarge, "the file has \(text.utf8.count) bytes; at most \(Limits.pipelineBytes) are allowed",
        fix: "split the project, or generate less", at: nil)
    }
    try refuseDepth(text)
    try AliasKeys.refuse(text)
    let node: Node?
    do {
      node = try Yams.compose(yaml: text)
    } catch let error as YamlError {
      try refuseTabs(text)
      throw problem(error)
    } catch {
      throw PipelineProblem(.pipelineSyntax, "it is not YAML: \(error)", fix: "check the syntax", at: nil)
    }
    guard let node else {
      throw PipelineProblem(
        .pipelineShape, "the file is empty", fix: "begin with 'sluice: 1' and 'project: NAME'",
        at: DocumentPlace(line: 1, column: 1))
    }
    var budget = Limits.pipelineNodes
    return try convert(node, depth: 0, budget: &budget)
  }

  /// YAML forbids tabs in indentation, save inside of texts; the parser's own words for it help nobody.
  private static func refuseTabs(_ text: String) throws(PipelineProblem) {
    for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
      if let tab = line.firstIndex(where: { $0 != " " }), line[tab] == "\t" {
        throw PipelineProblem(
          .pipelineSyntax, "the line is indented with a tab, and YAML allows only spaces", fix: "use two spaces",
          at: DocumentPlace(line: index + 1, column: line.distance(from: line.startIndex, to: tab) + 1))
      }
    }
  }

  /// The parser recurses; a document this deep is an attack, not a pipeline.
  private static func refuseDepth(_ text: String) throws(PipelineProblem) {
    var (line, depth, dashes) = (1, 0, 0)
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "\n"): (line, dashes) = (line + 1, 0)
      case UInt8(ascii: "["), UInt8(ascii: "{"): depth += 1
      case UInt8(ascii: "]"), UInt8(ascii: "}"): depth = max(0, depth - 1)
      case UInt8(ascii: "-"), UInt8(ascii: "?"), UInt8(ascii: ":"): dashes += 1
      case UInt8(ascii: " "): continue
      default: dashes = 0
      }
      guard depth <= 256, dashes <= 256 else {
        throw PipelineProblem(
          .pipelineTooLarge, "brackets or dashes are nested more than 256 deep", fix: "write a flatter document",
          at: DocumentPlace(line: line, column: 1))
      }
    }
  }

  private static func problem(_ error: YamlError) -> PipelineProblem {
    switch error {
    case .parser(_, let what, let mark, _) where what.contains("nest_level"):
      return PipelineProblem(
        .pipelineTooLarge, "it is nested deeper than any pipeline is", fix: "write a flatter document", at: place(mark))
    case .scanner(_, let what, let mark, _), .parser(_, let what, let mark, _), .composer(_, let what, let mark, _):
      return PipelineProblem(
        .pipelineSyntax, "it is not YAML: \(what)", fix: "mend the syntax at that place", at: place(mark))
    case .duplicatedKeysInMapping(let duplicates, let context):
      return PipelineProblem(
        .pipelineSyntax,
        "the key \(duplicates.map { "'\($0)'" }.joined(separator: ", ")) stands twice in one map",
        fix: "keep one of them", at: place(context.mark))
    default:
      return PipelineProblem(.pipelineSyntax, "it is not YAML: \(error)", fix: "check the syntax", at: nil)
    }
  }

  private static func place(_ mark: Mark?) -> DocumentPlace {
    DocumentPlace(line: mark?.line ?? 1, column: mark?.column ?? 1)
  }

  /// Whether it is a text whatever stands in it: quoted, a block after '|' or '>', or `!!str`.
  private static func isText(_ scalar: Node.Scalar) -> Bool {
    switch scalar.tag.description {
    case "tag:yaml.org,2002:str": true
    case "tag:yaml.org,2002:int", "tag:yaml.org,2002:float", "tag:yaml.org,2002:bool", "tag:yaml.org,2002:null": false
    default: scalar.style != .plain && scalar.style != .any
    }
  }

  private static func convert(_ node: Node, depth: Int, budget: inout Int) throws(PipelineProblem) -> DocumentNode {
    budget -= 1
    guard budget >= 0, depth <= Limits.pipelineDepth else {
      throw PipelineProblem(
        .pipelineTooLarge,
        budget < 0
          ? "with its aliases written out it has more than \(Limits.pipelineNodes) values"
          : "it is nested more than \(Limits.pipelineDepth) deep",
        fix: "write less, without aliases of aliases", at: place(node.mark))
    }
    switch node {
    case .scalar(let scalar):
      return .scalar(scalar.string, quoted: isText(scalar), place(scalar.mark))
    case .sequence(let sequence):
      var items: [DocumentNode] = []
      for item in sequence { items.append(try convert(item, depth: depth + 1, budget: &budget)) }
      return .sequence(items, place(sequence.mark))
    case .mapping(let mapping):
      var entries: [DocumentEntry] = []
      for (key, value) in mapping {
        guard case .scalar(let name) = key else {
          throw PipelineProblem(.pipelineShape, "a key must be plain text", fix: "name the key", at: place(key.mark))
        }
        entries.append(
          DocumentEntry(
            key: name.string, keyPlace: place(name.mark), isKeyQuoted: isText(name),
            value: try convert(value, depth: depth + 1, budget: &budget)))
      }
      return .mapping(entries, place(mapping.mark))
    case .alias:
      throw PipelineProblem(
        .pipelineSyntax, "an alias names no anchor", fix: "write the value out", at: place(node.mark))
    }
  }
}
