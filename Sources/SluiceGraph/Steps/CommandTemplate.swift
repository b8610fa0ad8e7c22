package import SluiceModel

/// One argument of a step's command: text with placeholders such as `{plate}` or `{plate.first}`.
package struct CommandTemplate: Sendable, Hashable {
  package enum Piece: Sendable, Hashable {
    case text(String)
    case placeholder(Placeholder)
  }

  /// `{name}` or `{name.field}`.
  package struct Placeholder: Sendable, Hashable, CustomStringConvertible {
    package let name: String
    package let field: String?
    package var description: String { field.map { "\(name).\($0)" } ?? name }
  }

  package let pieces: [Piece]

  package var placeholders: [Placeholder] {
    pieces.compactMap { if case .placeholder(let placeholder) = $0 { placeholder } else { nil } }
  }

  /// `{{` and `}}` are braces.
  /// - Throws: `pipeline.placeholder` where a brace is left open or empty.
  package init(_ text: String) throws(SluiceError) {
    var pieces: [Piece] = []
    var literal = ""
    var rest = text[...]
    while let character = rest.first {
      if rest.hasPrefix("{{") || rest.hasPrefix("}}") {
        literal.append(character)
        rest = rest.dropFirst(2)
      } else if character == "{" {
        guard let end = rest.firstIndex(of: "}") else {
          throw CommandTemplate.problem("'{' is never closed", in: text)
        }
        if !literal.isEmpty { pieces.append(.text(literal)) }
        literal = ""
        pieces.append(
          .placeholder(try CommandTemplate.placeholder(rest[rest.index(after: rest.startIndex)..<end], text)))
        rest = rest[rest.index(after: end)...]
      } else if character == "}" {
        throw CommandTemplate.problem("'}' closes nothing", in: text)
      } else {
        literal.append(character)
        rest = rest.dropFirst()
      }
    }
    if !literal.isEmpty { pieces.append(.text(literal)) }
    self.pieces = pieces
  }

  private static func placeholder(_ inside: Substring, _ text: String) throws(SluiceError) -> Placeholder {
    let parts = inside.split(separator: ".", omittingEmptySubsequences: false)
    guard (1...2).contains(parts.count), parts.allSatisfy({ !$0.isEmpty && NameRule.problem(in: $0) == nil }) else {
      throw problem("'{\(inside)}' is not a placeholder", in: text)
    }
    return Placeholder(name: String(parts[0]), field: parts.count == 2 ? String(parts[1]) : nil)
  }

  private static func problem(_ what: String, in text: String) -> SluiceError {
    SluiceError(
      .pipelinePlaceholder, what: what, at: "command argument '\(NameRule.printable(text))'",
      fix: "write {input}, {output} or {folder}; a brace itself is written {{ or }}")
  }

  /// The arguments that this one stands for: one, or several where a placeholder has several values.
  package func arguments(_ values: (Placeholder) -> [String]) -> [String] {
    var filled = [""]
    for piece in pieces {
      switch piece {
      case .text(let text): filled = filled.map { $0 + text }
      case .placeholder(let placeholder):
        let found = values(placeholder)
        filled = filled.flatMap { begun in found.map { begun + $0 } }
      }
    }
    return filled
  }
}

extension Step {
  /// The placeholders of the whole command or body; it was checked when it was read.
  package var placeholders: [CommandTemplate.Placeholder] {
    (command + (body?.parameters.sorted { $0.key < $1.key }.map(\.value) ?? [])).flatMap {
      (try? CommandTemplate($0))?.placeholders ?? []
    }
  }
}
