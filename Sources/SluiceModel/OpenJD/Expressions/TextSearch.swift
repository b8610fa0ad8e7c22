/// Finds a text in others, in a time that grows with their length alone (Knuth, Morris and Pratt).
struct TextSearch: Sendable {
  let wanted: String
  private let bytes: [UInt8]
  /// How much of what was found so far begins the wanted text again.
  private let fallback: [Int]

  init(_ wanted: String) {
    self.wanted = wanted
    bytes = Array(wanted.utf8)
    var fallback = Array(repeating: 0, count: bytes.count)
    var length = 0
    for index in bytes.indices.dropFirst() {
      while length > 0, bytes[index] != bytes[length] { length = fallback[length - 1] }
      if bytes[index] == bytes[length] { length += 1 }
      fallback[index] = length
    }
    self.fallback = fallback
  }

  /// - Throws: for nothing.
  init(wanted: String) throws(OpenJD.ExpressionFault) {
    if wanted.isEmpty { throw OpenJD.ExpressionFault("an empty text is searched for") }
    self.init(wanted)
  }

  func first(in text: [UInt8]) -> Int? { bytes.isEmpty ? 0 : places(in: text, most: 1, overlapping: false).first }

  func last(in text: [UInt8]) -> Int? { places(in: text, most: .max, overlapping: true).last }

  /// Where it stands, each behind the end of the one before.
  func all(in text: [UInt8]) -> [Int] { places(in: text, most: .max, overlapping: false) }

  /// The last ones, each before the beginning of the one after it, in their order.
  func allFromEnd(in text: [UInt8], most: Int) -> [Int] {
    var taken: [Int] = []
    for place in places(in: text, most: .max, overlapping: true).reversed() where taken.count < most {
      if let next = taken.last, place + bytes.count > next { continue }
      taken.append(place)
    }
    return taken.reversed()
  }

  /// What stands before, between and after these places.
  func pieces(of text: [UInt8], at places: [Int]) -> [String] {
    var (pieces, start) = ([String](), 0)
    for place in places {
      pieces.append(String(decoding: text[start..<place], as: UTF8.self))
      start = place + bytes.count
    }
    return pieces + [String(decoding: text[start...], as: UTF8.self)]
  }

  private func places(in text: [UInt8], most: Int, overlapping: Bool) -> [Int] {
    guard !bytes.isEmpty else { return [] }
    var (found, length) = ([Int](), 0)
    for (index, byte) in text.enumerated() {
      while length > 0, byte != bytes[length] { length = fallback[length - 1] }
      if byte == bytes[length] { length += 1 }
      guard length == bytes.count else { continue }
      found.append(index + 1 - length)
      if found.count == most { break }
      length = overlapping ? fallback[length - 1] : 0
    }
    return found
  }
}
