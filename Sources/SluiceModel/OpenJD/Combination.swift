extension OpenJD {
  /// How a step's task parameters make its tasks: `(A, B) * C` is each pair of A and B with each C.
  package indirect enum Combination: Sendable, Hashable {
    case parameter(String)
    /// Each with each; the last moves fastest.
    case product([Combination])
    /// Side by side: the first of each, the second of each …; all have as many values.
    case association([Combination])

    package struct Malformed: Error, Sendable, Hashable {
      package let what: String
      package init(what: String) { self.what = what }
    }

    /// - Throws: `Malformed` for what is no combination; which parameters there are is not its matter.
    package init(_ text: String) throws(Malformed) {
      var parser = Parser(text)
      self = try parser.combination()
    }

    /// What is meant when a step says nothing: each with each, as they were declared.
    package init(productOf names: [String]) {
      self = names.count == 1 ? .parameter(names[0]) : .product(names.map { .parameter($0) })
    }

    /// In the order of the text, as often as they stand there.
    package var parameters: [String] {
      switch self {
      case .parameter(let name): [name]
      case .product(let parts), .association(let parts): parts.flatMap(\.parameters)
      }
    }

    /// The association that a parameter stands in; nil when it stands in none.
    package func association(around name: String) -> Combination? {
      switch self {
      case .parameter: nil
      case .product(let parts): parts.lazy.compactMap { $0.association(around: name) }.first
      case .association: parameters.contains(name) ? self : nil
      }
    }
  }
}

extension OpenJD.Combination: CustomStringConvertible {
  package var description: String {
    switch self {
    case .parameter(let name): name
    case .product(let parts): parts.map(\.description).joined(separator: " * ")
    case .association(let parts): "(\(parts.map(\.description).joined(separator: ", ")))"
    }
  }
}

/// `<combination> ::= <part> ('*' <part>)*`, `<part> ::= NAME | '(' <combination> (',' <combination>)+ ')'`
private struct Parser {
  typealias Malformed = OpenJD.Combination.Malformed
  private let bytes: [UInt8]
  private var at = 0
  private var depth = 0

  init(_ text: String) { bytes = Array(text.utf8) }

  mutating func combination() throws(Malformed) -> OpenJD.Combination {
    let all = try product()
    guard let left = peek() else { return all }
    throw Malformed(what: "'\(Character(Unicode.Scalar(left)))' does not belong at character \(at + 1)")
  }

  private mutating func product() throws(Malformed) -> OpenJD.Combination {
    var parts = [try part()]
    while take(UInt8(ascii: "*")) { parts.append(try part()) }
    return parts.count == 1 ? parts[0] : .product(parts)
  }

  private mutating func part() throws(Malformed) -> OpenJD.Combination {
    guard let byte = peek() else { throw Malformed(what: "a parameter's name is missing at the end") }
    guard byte == UInt8(ascii: "(") else { return .parameter(try name()) }
    depth += 1
    // A combination has at most 16 parameters that each stand once; what is deeper is refused before it hurts.
    guard depth <= OpenJD.Bounds.taskParameters else { throw Malformed(what: "brackets are nested too deep") }
    at += 1
    var parts = [try product()]
    while take(UInt8(ascii: ",")) { parts.append(try product()) }
    guard take(UInt8(ascii: ")")) else { throw Malformed(what: "')' is missing at character \(at + 1)") }
    guard parts.count > 1 else { throw Malformed(what: "(\(parts[0])) associates one parameter with nothing") }
    depth -= 1
    return .association(parts)
  }

  private mutating func name() throws(Malformed) -> String {
    let start = at
    while at < bytes.count, Parser.isWord(bytes[at]) { at += 1 }
    let name = String(decoding: bytes[start..<at], as: UTF8.self)
    guard OpenJD.isIdentifier(name) else {
      throw Malformed(what: "a parameter's name is missing at character \(start + 1)")
    }
    return name
  }

  private mutating func take(_ byte: UInt8) -> Bool {
    guard peek() == byte else { return false }
    at += 1
    return true
  }

  private mutating func peek() -> UInt8? {
    while at < bytes.count, bytes[at] == UInt8(ascii: " ") { at += 1 }
    return at < bytes.count ? bytes[at] : nil
  }

  private static func isWord(_ byte: UInt8) -> Bool {
    OpenJD.isIdentifier("_" + String(Character(Unicode.Scalar(byte))))
  }
}
