extension FilterFunction {
  /// - Parameter arguments: as many as `arity` says.
  func callAsFunction(_ arguments: [AttributeValue]) throws(CESQL.Fault) -> AttributeValue {
    switch self {
    case .length: return .integer(Int32(clamping: arguments[0].string.unicodeScalars.count))
    case .concat: return .string(try joined(arguments[...], by: ""))
    case .concatWithSeparator: return .string(try joined(arguments[1...], by: arguments[0].string))
    case .lower: return .string(arguments[0].string.lowercased())
    case .upper: return .string(arguments[0].string.uppercased())
    case .trim: return .string(trimmed(arguments[0].string))
    case .left, .right: return .string(try end(of: arguments[0].string, try integer(arguments[1])))
    case .substring:
      return .string(
        try part(
          of: arguments[0].string, from: try integer(arguments[1]),
          length: arguments.count > 2 ? try integer(arguments[2]) : nil))
    case .abs:
      let number = try integer(arguments[0])
      guard number != .min else { throw CESQL.Fault(.overflow(0, "-", number), insteadOf: .integer(.max)) }
      return .integer(Swift.abs(number))
    case .int: return try arguments[0].cast(to: .integer)
    case .bool: return try arguments[0].cast(to: .boolean)
    case .string: return try arguments[0].cast(to: .string)
    }
  }

  private func integer(_ value: AttributeValue) throws(CESQL.Fault) -> Int32 {
    guard let integer = value.integer else { throw CESQL.Fault(.cast(value, to: .integer)) }
    return integer
  }

  /// Nested calls could double a text a few hundred times; hence the bound.
  private func joined(_ parts: ArraySlice<AttributeValue>, by separator: String) throws(CESQL.Fault) -> String {
    var text = ""
    for (index, part) in parts.enumerated() {
      if index > 0 { text += separator }
      text += part.string
      guard text.utf8.count <= Limits.filterTextBytes else {
        throw CESQL.Fault(.functionEvaluation("\(rawValue) makes a text of more than \(Limits.filterTextBytes) bytes"))
      }
    }
    return text
  }

  /// White space as Unicode has it; control characters are none.
  private func trimmed(_ text: String) -> String {
    let scalars = text.unicodeScalars.drop(while: \.properties.isWhitespace)
    guard let last = scalars.lastIndex(where: { !$0.properties.isWhitespace }) else { return "" }
    return String(scalars[...last])
  }

  private func end(of text: String, _ count: Int32) throws(CESQL.Fault) -> String {
    guard count >= 0 else {
      throw CESQL.Fault(.functionEvaluation("\(rawValue) cannot take \(count) characters"), insteadOf: .string(text))
    }
    let scalars = text.unicodeScalars
    return String(self == .left ? scalars.prefix(Int(count)) : scalars.suffix(Int(count)))
  }

  /// - Parameter position: from 1, or from -1 backwards from the end; at 0 there is nothing.
  private func part(of text: String, from position: Int32, length: Int32?) throws(CESQL.Fault) -> String {
    let scalars = text.unicodeScalars
    if let length, length < 0 {
      throw CESQL.Fault(.functionEvaluation("\(rawValue) cannot take \(length) characters"))
    }
    guard position != 0 else { return "" }
    let count = scalars.count
    guard position.magnitude <= count else {
      throw CESQL.Fault(.functionEvaluation("\(rawValue) begins at \(position) of \(count) characters"))
    }
    let rest = position > 0 ? scalars.dropFirst(Int(position) - 1) : scalars.suffix(Int(position.magnitude))
    return String(length.map { rest.prefix(Int($0)) } ?? rest)
  }
}
