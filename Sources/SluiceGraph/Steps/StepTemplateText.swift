package import SluiceModel

/// A step's short command, written out as an Open Job Description job template in YAML.
///
/// Inputs, outputs and what the folder or an event says become parameters; frames become tasks. A small Bash script
/// puts the arguments together as Sluice does, since format strings know neither `####` nor lists.
package struct StepTemplateText {
  private let step: Step
  private let pieces: [[CommandTemplate.Piece]]
  private var names = UniqueNames()
  private var parameters: [Parameter] = []

  private struct Parameter {
    let name: String
    let lines: [String]
  }

  /// - Throws: `openjd.shape` for a step that runs nothing.
  package static func text(of step: Step) throws(SluiceError) -> String {
    // A body stands for itself; JSON is YAML, too.
    if let body = step.body { return body.template + "\n" }
    guard !step.command.isEmpty else {
      throw SluiceError(
        .openjdShape, what: "the step '\(step.name)' has no command, so no template stands for it",
        at: "step \(step.name)", fix: "name a step with a command")
    }
    var pieces: [[CommandTemplate.Piece]] = []
    for argument in step.command { pieces.append(try CommandTemplate(argument).pieces) }
    var text = StepTemplateText(step: step, pieces: pieces)
    return text.write()
  }

  private init(step: Step, pieces: [[CommandTemplate.Piece]]) { (self.step, self.pieces) = (step, pieces) }

  private var placeholders: [CommandTemplate.Placeholder] {
    pieces.flatMap { $0 }.compactMap { if case .placeholder(let placeholder) = $0 { placeholder } else { nil } }
  }

  // MARK: The script

  private mutating func write() -> String {
    var script = ["#!/usr/bin/env bash", "set -euo pipefail"]
    let frames = step.isPerFrame ? names.unique("Frames") : nil
    if let frames {
      parameters.append(
        Parameter(
          name: frames,
          lines: ["type: STRING", Self.description("The frames to make, such as 1001-1024."), "minLength: 1"]))
    }
    var variables: [String: String] = [:]
    for input in step.inputs { variables[input.name] = take(input, &script) }
    for output in step.outputs { variables[output.name] = take(output, &script) }
    for placeholder in placeholders where placeholder.name != "frame" {
      if variables[placeholder.name] != nil, isFile(placeholder.name) {
        takeEnds(placeholder, &variables, &script)
      } else if variables[placeholder.description] == nil {
        let folder = placeholder.field.map { "The folder's \($0)." } ?? "The folder's path."
        let words = placeholder.name == "folder" ? folder : "Of the event."
        variables[placeholder.description] = take(
          placeholder.description, ["type: STRING", Self.description(words)], &script)
      }
    }
    if frames != nil {
      script += [
        "frame=${\(parameters.count)}", "if [[ $frame =~ ^(-?[0-9]+)-(-?[0-9]+)$ ]]; then",
        "  first=${BASH_REMATCH[1]} last=${BASH_REMATCH[2]}", "else", "  first=$frame last=$frame", "fi",
      ]
    }
    script += Self.functions
    script.append("command=()")
    for argument in pieces { script += self.argument(argument, variables) }
    script.append("exec \"${command[@]}\"")
    return document(script, frames: frames)
  }

  /// A file, or the pattern of a sequence.
  private static let functions = [
    "at() {  # The file of a frame: at plate.####.exr 1001", "  [[ $1 == *'#'* ]] || { printf '%s' \"$1\"; return; }",
    "  local hashes=${1//[!#]/}", "  printf '%s%0*d%s' \"${1%%#*}\" \"${#hashes}\" \"$2\" \"${1##*#}\"", "}",
    "pattern() {  # The same for printf: plate.%04d.exr",
    "  [[ $1 == *'#'* ]] || { printf '%s' \"$1\"; return; }", "  local hashes=${1//[!#]/} path=${1//\\%/%%}",
    "  printf '%s%%0%dd%s' \"${path%%#*}\" \"${#hashes}\" \"${path##*#}\"", "}",
  ]

  /// Takes the next argument of the script into a variable of a parameter's name.
  private mutating func take(_ name: String, _ lines: [String], _ script: inout [String]) -> String {
    let name = names.unique(name)
    parameters.append(Parameter(name: name, lines: lines))
    let place = parameters.count - (step.isPerFrame ? 1 : 0)
    script.append("\(name)=${\(place)}")
    return name
  }

  private mutating func take(_ input: StepInput, _ script: inout [String]) -> String {
    guard input.gather == .here else {
      let name = take(
        input.name, ["type: STRING", Self.description("Paths, one a line; a sequence as name.####.exr.")], &script)
      script.append("mapfile -t \(name)_all <<< \"$\(name)\"")
      return name
    }
    return take(
      input.name,
      ["type: PATH", "dataFlow: IN", Self.description("A file, a sequence as name.####.exr, or a folder.")], &script)
  }

  private mutating func take(_ output: StepOutput, _ script: inout [String]) -> String {
    let name = take(
      output.name,
      [
        "type: PATH", "objectType: DIRECTORY", "dataFlow: OUT", Self.description("Where its files go."),
        "default: \(Self.quoted("out/" + output.name))",
      ], &script)
    script += ["mkdir -p -- \"$\(name)\"", "\(name)+=/\(Self.word(output.files))"]
    return name
  }

  /// The ends of an input's frames where they are not the task's own.
  private mutating func takeEnds(
    _ placeholder: CommandTemplate.Placeholder, _ variables: inout [String: String], _ script: inout [String]
  ) {
    guard ["range", "first", "last"].contains(placeholder.field), !isOwn(placeholder.name) else { return }
    for end in placeholder.field == "range" ? ["first", "last"] : [placeholder.field ?? ""] {
      let key = "\(placeholder.name).\(end)"
      guard variables[key] == nil else { continue }
      variables[key] = take(key, ["type: INT", Self.description("The \(end) frame of \(placeholder.name).")], &script)
    }
  }

  /// Whether a name's frames are those of the task.
  private func isOwn(_ name: String) -> Bool {
    step.isPerFrame
      && (step.outputs.contains { $0.name == name }
        || step.inputs.contains { $0.name == name && $0.frames == .oneToOne })
  }

  private func isFile(_ name: String) -> Bool {
    step.inputs.contains { $0.name == name } || step.outputs.contains { $0.name == name }
  }

  // MARK: Arguments

  private func argument(_ pieces: [CommandTemplate.Piece], _ variables: [String: String]) -> [String] {
    var (before, after, word): ([String], [String], String) = ([], [], "")
    for piece in pieces {
      switch piece {
      case .text(let text): word += Self.word(text)
      case .placeholder(let placeholder):
        guard let input = step.inputs.first(where: { $0.name == placeholder.name }), input.gather != .here,
          let name = variables[input.name]
        else {
          word += value(of: placeholder, variables)
          continue
        }
        let each = "each\(before.count)"
        before.append(String(repeating: "  ", count: before.count) + "for \(each) in \"${\(name)_all[@]}\"; do")
        after.insert(String(repeating: "  ", count: after.count) + "done", at: 0)
        word += Self.value(each, field: placeholder.field, isFrame: false)
      }
    }
    return before + [String(repeating: "  ", count: before.count) + "command+=(\(word.isEmpty ? "''" : word))"] + after
  }

  private func value(of placeholder: CommandTemplate.Placeholder, _ variables: [String: String]) -> String {
    if placeholder.name == "frame" { return "\"$\(placeholder.field ?? "frame")\"" }
    guard isFile(placeholder.name), let name = variables[placeholder.name] else {
      return variables[placeholder.description].map { "\"$\($0)\"" } ?? "''"
    }
    switch placeholder.field {
    case "first", "last", "range":
      let first = isOwn(placeholder.name) ? "first" : variables["\(placeholder.name).first"] ?? "first"
      let last = isOwn(placeholder.name) ? "last" : variables["\(placeholder.name).last"] ?? "last"
      if placeholder.field == "first" { return "\"$\(first)\"" }
      return placeholder.field == "last" ? "\"$\(last)\"" : "\"$\(first)-$\(last)\""
    default:
      return Self.value(
        name, field: placeholder.field, isFrame: isOwn(placeholder.name) && step.chunk == 1)
    }
  }

  private static func value(_ name: String, field: String?, isFrame: Bool) -> String {
    switch field {
    case "dir": "\"$(dirname -- \"$\(name)\")\""
    case "printf": "\"$(pattern \"$\(name)\")\""
    default: isFrame ? "\"$(at \"$\(name)\" \"$first\")\"" : "\"$\(name)\""
    }
  }

  // MARK: Texts

  /// A word of Bash that stands for a text, without double braces, which would be a format string's.
  private static func word(_ text: String) -> String {
    if !text.isEmpty, text.utf8.allSatisfy({ isPlain($0) }) { return text }
    // What is left is what YAML reads as it stands.
    let isSimple = text.unicodeScalars.allSatisfy {
      switch $0.value {
      case 0x27, 0x7B, 0x7D, 0x2028, 0x2029, 0xFEFF, 0xFFFE, 0xFFFF: false
      case 0x20...0x7E, 0xA0...: true
      default: false
      }
    }
    if isSimple { return "'\(text)'" }
    var word = "$'"
    for byte in text.utf8 {
      switch byte {
      case 0x27, 0x5C: word += "\\" + String(Character(Unicode.Scalar(byte)))
      case 0x20..<0x7B, 0x7C, 0x7E: word += String(Character(Unicode.Scalar(byte)))
      default: word += "\\x" + (byte < 16 ? "0" : "") + String(byte, radix: 16)
      }
    }
    return word + "'"
  }

  private static func isPlain(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x2F, 0x5F, 0x2C, 0x3A, 0x3D, 0x2B, 0x25, 0x40: true
    default: false
    }
  }

  private static func description(_ text: String) -> String { "description: " + quoted(text) }

  /// A JSON string, which is one of YAML, too.
  private static func quoted(_ text: String) -> String { StableJSON.text(text).trimmingNewline }

  private func document(_ script: [String], frames: String?) -> String {
    var lines = ["specificationVersion: jobtemplate-2023-09"]
    let isChunked = frames != nil && step.chunk > 1
    if isChunked { lines.append("extensions: [TASK_CHUNKING]") }
    lines.append("name: \(Self.quoted(step.name))")
    if !parameters.isEmpty { lines.append("parameterDefinitions:") }
    for parameter in parameters {
      lines.append("  - name: \(parameter.name)")
      lines += parameter.lines.map { "    " + $0 }
    }
    lines += ["steps:", "  - name: \(Self.quoted(step.name))"]
    if let frames {
      lines += ["    parameterSpace:", "      taskParameterDefinitions:", "        - name: Frame"]
      lines.append(isChunked ? "          type: CHUNK[INT]" : "          type: INT")
      lines.append("          range: \"{{Param.\(frames)}}\"")
      if isChunked {
        lines.append("          chunks: { defaultTaskCount: \(step.chunk), rangeConstraint: CONTIGUOUS }")
      }
    }
    let values = parameters.map(\.name).filter { $0 != frames }.map { "{{Param.\($0)}}" }
    let arguments = ["{{Task.File.Run}}"] + values + (frames == nil ? [] : ["{{Task.Param.Frame}}"])
    lines += [
      "    script:", "      actions:", "        onRun:", "          command: bash",
      "          args: [\(arguments.map(Self.quoted).joined(separator: ", "))]",
      "          timeout: \(step.timeoutSeconds)",
      "      embeddedFiles:", "        - name: Run", "          type: TEXT", "          filename: run.sh",
      "          data: |",
    ]
    lines += script.map { "            " + $0 }
    return lines.joined(separator: "\n") + "\n"
  }
}

/// Names made of others that Bash and templates take, each once.
private struct UniqueNames {
  /// What the script itself uses.
  private var used: Set<String> = ["frame", "first", "last", "command", "at", "pattern", "hashes", "path"]

  mutating func unique(_ text: String) -> String {
    let word = String(text.unicodeScalars.map { OpenJD.isIdentifier("_\($0)") ? Character($0) : "_" }.prefix(48))
    let start = OpenJD.isIdentifier(word) && !isReserved(word) ? word : "_" + word
    var (name, number) = (start, 2)
    while !used.insert(name).inserted {
      name = "\(start)_\(number)"
      number += 1
    }
    return name
  }

  /// Variables that mean something to programs or to Bash are all in capitals.
  private func isReserved(_ word: String) -> Bool { word == word.uppercased() || word.hasPrefix("each") }
}

extension String {
  fileprivate var trimmingNewline: String { hasSuffix("\n") ? String(dropLast()) : self }
}
