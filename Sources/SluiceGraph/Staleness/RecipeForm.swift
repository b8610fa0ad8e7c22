import SluiceModel

/// What a step brings to the recipes of all its units, written out once; each puts in what its folder and machine say.
struct RecipeForm: Sendable, Hashable {
  private struct Core: Encodable {
    var command: [String]
    var inputs: [String: String]
    var outputs: [String: String]
    /// These two come last in the written form, whatever else there is.
    var parameters: [String: String] = [:]
    var tools: [String: String] = [:]
  }
  private static let tail = Array(#"{},"tools":{}}"#.utf8)

  /// Up to where the parameters begin.
  private let head: [UInt8]
  /// What the command says of the folder.
  private let folder: [CommandTemplate.Placeholder]

  init(_ step: Step) {
    let form = StableJSON.encode(
      Core(
        command: step.body?.words ?? step.command,
        inputs: Dictionary(
          uniqueKeysWithValues: step.inputs.filter { $0.link == .dependency }.map { ($0.name, "\($0.frames)") }),
        outputs: Dictionary(
          uniqueKeysWithValues: step.outputs.map { ($0.name, "\($0.identity.rawValue) \($0.files)") })))
    precondition(form.suffix(RecipeForm.tail.count).elementsEqual(RecipeForm.tail), "parameters and tools come last")
    head = Array(form.dropLast(RecipeForm.tail.count))
    folder = step.placeholders.filter { $0.name == "folder" }
  }

  /// Whether the command says where it works.
  var namesFolder: Bool { folder.contains { $0.field == nil } }

  /// What the command says of a folder, word by word.
  func parameters(on folder: Folder) -> [String] { self.folder.map { folder.parameter($0.field) } }

  /// Whether a folder says these words.
  func says(_ parameters: [String], on folder: Folder) -> Bool {
    parameters.count == self.folder.count
      && self.folder.indices.allSatisfy { folder.parameter(self.folder[$0].field) == parameters[$0] }
  }

  func core(
    on folder: Folder, bound: [String: String], namings: [String: String], tools: [String: ToolVersion]
  ) -> Digest {
    var parameters: [String: String] = [:]
    for (name, value) in namings { parameters["name.\(name)"] = value }
    for (name, value) in bound { parameters["on.\(name)"] = value }
    for placeholder in self.folder { parameters[placeholder.description] = folder.parameter(placeholder.field) }
    var bytes = head
    bytes.reserveCapacity(head.count + 256)
    RecipeForm.write(parameters, to: &bytes)
    bytes.append(contentsOf: #","tools":"#.utf8)
    RecipeForm.write(tools.mapValues(\.digest.hex), to: &bytes)
    bytes.append(UInt8(ascii: "}"))
    return Digest.of(bytes)
  }

  /// As `StableJSON` writes it, which takes ten times as long for the few plain words that there mostly are.
  static func write(_ words: [String: String], to bytes: inout [UInt8]) {
    guard words.allSatisfy({ isPlain($0.key) && isPlain($0.value) }) else {
      bytes.append(contentsOf: StableJSON.encode(words))
      return
    }
    var mark = UInt8(ascii: "{")
    for (key, value) in words.sorted(by: { $0.key < $1.key }) {
      bytes.append(mark)
      bytes.append(contentsOf: "\"\(key)\":\"\(value)\"".utf8)
      mark = UInt8(ascii: ",")
    }
    if words.isEmpty { bytes.append(mark) }
    bytes.append(UInt8(ascii: "}"))
  }

  /// Printable ASCII that JSON writes as it is.
  private static func isPlain(_ text: String) -> Bool {
    text.utf8.allSatisfy { (0x20...0x7e).contains($0) && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\") }
  }
}
