extension OpenJD {
  /// A number with a fraction, as IEEE 754 has it; never infinite and never `-0`.
  package struct Real: Sendable, Hashable {
    package let value: Double
    /// As it was written, where it has only been handed on: `3.50`.
    private let written: String?

    /// - Throws: for what is not finite.
    package init(_ value: Double, written: String? = nil) throws(ExpressionFault) {
      guard !value.isNaN else { throw ExpressionFault("the result is not a number") }
      guard value.isFinite else { throw ExpressionFault("the result is infinite") }
      self.value = value == 0 ? 0 : value
      let spellsZero =
        written.map { $0.prefix { $0 != "e" && $0 != "E" }.allSatisfy { "+-0.".contains($0) } } ?? false
      self.written = spellsZero ? written.map { String($0.drop { "+-".contains($0) }) } : written
    }

    package init(_ value: Int) { (self.value, written) = (Double(value), nil) }

    package var text: String { written ?? Self.shortest(value) }

    /// The fewest digits that are read back as the number: `0.1`, `1e+16`, `1e-05`.
    private static func shortest(_ value: Double) -> String {
      let parts = value.magnitude.description.split(separator: "e")
      let power = parts.count > 1 ? Int(parts[1]) ?? 0 : 0
      let halves = parts[0].split(separator: ".", omittingEmptySubsequences: false)
      let all = Array((halves[0] + (halves.count > 1 ? halves[1] : "")).utf8)
      let leading = all.prefix { $0 == 0x30 }.count
      var digits = all.dropFirst(leading)
      while digits.count > 1, digits.last == 0x30 { digits.removeLast() }
      let shown = digits.isEmpty ? "0" : String(decoding: digits, as: UTF8.self)
      // Where the point stands, counted from the first digit.
      let point = digits.isEmpty ? 1 : halves[0].utf8.count - leading + power
      let sign = value < 0 ? "-" : ""
      switch point {
      case -3...0: return sign + "0." + String(repeating: "0", count: -point) + shown
      case 1...16:
        let count = shown.utf8.count
        if count <= point { return sign + shown + String(repeating: "0", count: point - count) + ".0" }
        return sign + shown.prefix(point) + "." + shown.dropFirst(point)
      default:
        let size = abs(point - 1)
        let fraction = shown.utf8.count > 1 ? "." + shown.dropFirst() : ""
        return sign + shown.prefix(1) + fraction + "e" + (point < 1 ? "-" : "+") + (size < 10 ? "0" : "") + "\(size)"
      }
    }
  }

  /// A value of an expression.
  package indirect enum Value: Sendable, Hashable {
    case null
    case bool(Bool)
    case int(Int)
    case float(Real)
    case string(String)
    case path(String)
    case range(IntegerRange)
    /// Elements and the type they are said to have.
    case list([Value], of: ValueType)
    /// Known only later, but of this type.
    case unknown(ValueType)

    package var type: ValueType {
      switch self {
      case .null: .null
      case .bool: .bool
      case .int: .int
      case .float: .float
      case .string: .string
      case .path: .path
      case .range: .range
      case .list(_, let element): .list(element)
      case .unknown(let type): type
      }
    }

    package var isUnknown: Bool { if case .unknown = self { true } else { false } }

    /// As it stands in a text that it is put into; a list is JSON, and so are the texts in it.
    package var text: String {
      switch self {
      case .null: "null"
      case .bool(let value): value ? "true" : "false"
      case .int(let value): String(value)
      case .float(let value): value.text
      case .string(let text), .path(let text): text
      case .range(let range): range.description
      case .list(let elements, _): "[" + elements.map(\.textInList).joined(separator: ", ") + "]"
      case .unknown(let type): "<\(type)>"
      }
    }

    private var textInList: String {
      switch self {
      case .string(let text), .path(let text): Quotes.json(text, isASCII: false)
      default: text
      }
    }

    /// About how many bytes it takes.
    var size: Int {
      switch self {
      case .null, .bool, .int, .unknown, .float: 40
      case .string(let text), .path(let text): 40 + text.utf8.count
      case .range(let range): 40 + range.runs.count * 32
      case .list(let elements, let type):
        switch type {
        case .bool, .int, .float, .null: 40 + elements.count * 40
        default: 40 + elements.reduce(0) { $0 + $1.size }
        }
      }
    }
  }
}

// MARK: Lists

extension OpenJD.Value {
  /// A list of these, with whole numbers among floats as floats, and paths among texts as texts.
  /// - Parameter hint: the type of the elements of an empty one.
  static func list(of elements: [Self], hint: OpenJD.ValueType) throws(OpenJD.ExpressionFault) -> Self {
    for case .list(_, let inner) in elements {
      switch inner {
      case .list, .range: throw OpenJD.ExpressionFault("a list is nested more than two deep")
      default: break
      }
    }
    guard let first = elements.first else {
      switch hint {
      case .bool, .int, .float, .string, .path, .list: return .list([], of: hint)
      default: return .list([], of: .null)
      }
    }
    var elements = elements
    adopt(&elements)
    let types = Set(elements.map(\.type))
    if types.contains(.int), types.contains(.float) { return .list(elements.map(\.widened), of: .float) }
    if types.contains(.list(.int)), types.contains(.list(.float)) {
      return .list(elements.map { $0.mapped(from: .int, to: .float, \.widened) }, of: elements[0].widenedType)
    }
    if types.contains(.list(.path)), types.contains(.list(.string)) {
      return .list(elements.map { $0.mapped(from: .path, to: .string, \.plain) }, of: elements[0].widenedType)
    }
    if types.contains(.path), types.contains(.string) { return .list(elements.map { .string($0.text) }, of: .string) }
    switch first {
    case .bool, .int, .float, .string, .path:
      guard let other = types.first(where: { $0 != first.type }) else { return .list(elements, of: first.type) }
      throw OpenJD.ExpressionFault("a list has elements of the types \(first.type) and \(other)")
    case .list, .range: return .list(elements, of: elements[0].type)
    case .null, .unknown: throw OpenJD.ExpressionFault("a list cannot hold \(first.type)")
    }
  }

  /// Gives empty lists among others the type of those.
  private static func adopt(_ elements: inout [Self]) {
    guard elements.contains(.list([], of: .null)) else { return }
    let sibling = elements.lazy.compactMap { element -> OpenJD.ValueType? in
      guard case .list(let inner, let type) = element else { return nil }
      return type == .float || !inner.isEmpty && type != .null ? type : nil
    }.first
    guard let sibling else { return }
    for index in elements.indices where elements[index] == .list([], of: .null) {
      elements[index] = .list([], of: sibling)
    }
  }

  private var widened: Self { if case .int(let number) = self { .float(OpenJD.Real(number)) } else { self } }
  private var plain: Self { if case .path(let path) = self { .string(path) } else { self } }

  private var widenedType: OpenJD.ValueType {
    switch type {
    case .list(.int): .list(.float)
    case .list(.path): .list(.string)
    default: type
    }
  }

  private func mapped(from: OpenJD.ValueType, to: OpenJD.ValueType, _ map: (Self) -> Self) -> Self {
    guard case .list(let elements, from) = self else { return self }
    return .list(elements.map(map), of: to)
  }
}
