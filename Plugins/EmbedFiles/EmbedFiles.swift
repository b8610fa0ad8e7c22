import Foundation

/// Writes files as Swift string literals: `EmbedFiles ROOT OUTPUT FILE…`.
@main struct EmbedFiles {
  static func main() throws {
    let arguments = CommandLine.arguments
    let root = arguments[1] + "/"
    var text = "/// Files of the web page and the schemas, by their path in the repository.\n"
    text += "enum EmbeddedFiles {\n  static let byPath: [String: String] = [\n"
    for path in arguments.dropFirst(3) {
      let body = try String(contentsOf: URL(filePath: path), encoding: .utf8)
      let name = path.hasPrefix(root) ? String(path.dropFirst(root.count)) : path
      // A raw literal with more pound signs than any run in the file cannot end early.
      var pounds = "#"
      while body.contains("\"\"\"" + pounds) || body.contains("\\" + pounds) { pounds += "#" }
      text += "    \"\(name)\": \(pounds)\"\"\"\n\(body)\n\"\"\"\(pounds),\n"
    }
    text += arguments.count > 3 ? "  ]\n}\n" : "    :\n  ]\n}\n"
    try text.write(to: URL(filePath: arguments[2]), atomically: true, encoding: .utf8)
  }
}
