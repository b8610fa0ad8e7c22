/// Paths in parameters, as text: nothing is looked up.
enum TemplatePaths {
  /// A given path below the folder that it is relative to; an absolute or empty one stays.
  static func absolute(_ path: String, in folder: String) -> String {
    guard !path.isEmpty, !path.hasPrefix("/") else { return path }
    let parts = path.split(separator: "/").filter { $0 != "." }
    return ([folder == "/" ? "" : folder] + parts.map(String.init)).joined(separator: "/")
  }

  /// A relative path below a folder with its `..` taken away; nil when they lead out of it.
  static func inside(_ path: String, folder: String) -> String? {
    var parts: [Substring] = []
    for part in path.split(separator: "/") where part != "." {
      if part != ".." {
        parts.append(part)
      } else if parts.popLast() == nil {
        return nil
      }
    }
    let base = folder == "/" ? "" : folder
    return parts.isEmpty ? folder : base + "/" + parts.joined(separator: "/")
  }
}

/// Floats in lists of values, as text.
enum FloatText {
  /// The text less zeros that say nothing: `02.50` is `2.50`, and a zero has no sign; nil for what is no number.
  static func tidy(_ text: String) -> String? {
    var rest = text[...]
    while rest.first?.isWhitespace == true { rest.removeFirst() }
    while rest.last?.isWhitespace == true { rest.removeLast() }
    let written = String(rest)
    let sign = rest.first == "-" || rest.first == "+" ? String(rest.removeFirst()) : ""
    if ["nan", "inf", "infinity"].contains(rest.lowercased()) { return written }
    guard let number = OpenJD.Number(written) else { return nil }
    while rest.first == "0", let next = rest.dropFirst().first, ("0"..."9").contains(next) { rest.removeFirst() }
    return number.isZero ? String(rest) : sign + rest
  }
}
