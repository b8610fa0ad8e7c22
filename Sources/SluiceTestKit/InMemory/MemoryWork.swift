package import SluiceModel
import Synchronization

/// Benches on a `MemoryDisk`, below `/work`. A picture's pixels are its lines that do not begin with `#`.
package final class MemoryWorkshop: Workshop {
  private let disk: MemoryDisk

  package init(disk: MemoryDisk) { self.disk = disk }

  package func directory(of bench: Bench) -> String {
    "/benches/\(bench.project)/\(bench.step)/\(bench.folder.isRoot ? "+" : bench.folder.parts.joined(separator: "+"))"
  }

  package func open(_ bench: Bench, links: [WorkLink], keeping: [String]) async throws(SluiceError) {
    let directory = directory(of: bench)
    let kept = Set(keeping.map { directory + "/" + $0 })
    for path in disk.paths(below: directory) where !kept.contains(path) { disk.remove(path) }
    for link in links { disk.link(directory + "/" + link.name, to: link.target) }
  }

  package func measure(_ outputs: [WorkOutput], of bench: Bench) async throws(SluiceError) -> [StoredFile?] {
    let directory = directory(of: bench)
    return outputs.map { output in
      disk.text(directory + "/" + output.path).map { text in
        StoredFile(
          path: output.name, frame: output.frame, size: Int64(text.utf8.count), sha256: Digest.of(text),
          pixels: output.identity == .pixels ? Digest.of(Text.withoutHeader(text)) : nil, recipe: output.recipe)
      }
    }
  }

  package func discard(_ paths: [String], of bench: Bench) async {
    for path in paths { disk.remove(directory(of: bench) + "/" + path) }
  }
  package func hasRoom() async -> Bool { true }
  package func close(_ bench: Bench) async { disk.remove(directory(of: bench)) }
  package func makeOutputFolders(_ names: [String], of bench: Bench) async throws(SluiceError) {}

  package func names(in folder: String, of bench: Bench) async -> [String] {
    let prefix = directory(of: bench) + "/" + folder + "/"
    return disk.paths(below: directory(of: bench) + "/" + folder).map { String($0.dropFirst(prefix.count)) }
  }
}

/// Runs tasks by a closure that says what each writes and how it ends.
package final class ScriptedLauncher: TaskLauncher {
  package typealias Script = @Sendable (TaskOrder, MemoryDisk) async -> TaskEnd
  private let disk: MemoryDisk
  private let script: Script

  package init(disk: MemoryDisk, _ script: @escaping Script = ScriptedLauncher.work) {
    (self.disk, self.script) = (disk, script)
  }

  package func launch(_ order: TaskOrder) async -> TaskEnd {
    let end = await script(order, disk)
    return Task.isCancelled ? .cancelled : end
  }

  package func endOrphans() async {}

  /// A program that says nothing about its inputs but what they say: it writes its name and the lines of every input
  /// into each output, behind a header line that differs with the inputs' headers.
  package static func work(_ order: TaskOrder, _ disk: MemoryDisk) async -> TaskEnd {
    let inputs = order.arguments.filter { $0.contains("/in/") }.flatMap { files($0, disk) }
    let texts = inputs.compactMap { path in
      disk.text(path).map { "\(path.split(separator: "/").last ?? ""): \($0)" }
    }
    let header = "# \(Digest.of(texts.joined()).hex.prefix(8))"
    let lines = ["\(order.arguments[0])"] + texts.map { Text.withoutHeader(bodyOf: $0) }
    for output in order.arguments where output.contains("/out/") {
      disk.write(([header] + lines).joined(separator: "\n"), to: output)
    }
    return .exited(0)
  }

  /// The files that an argument stands for: one, those of a pattern, or those of a folder.
  private static func files(_ argument: String, _ disk: MemoryDisk) -> [String] {
    if disk.read(argument) != nil { return [argument] }
    guard let mark = argument.firstIndex(where: { $0 == "#" || $0 == "%" }) else { return disk.paths(below: argument) }
    let before = String(argument[..<mark])
    let folder = before.lastIndex(of: "/").map { String(before[..<$0]) } ?? before
    return disk.paths(below: folder).filter { $0.hasPrefix(before) }
  }
}

/// Tools that are what a test says they are.
package final class FixedTools: ToolProbe {
  private let lines: Mutex<[String: String]>

  package init(_ lines: [String: String] = [:]) { self.lines = Mutex(lines) }

  package func set(_ tool: String, _ line: String?) { lines.withLock { $0[tool] = line } }

  package func version(of tool: String) async -> ToolVersion? { lines.withLock { $0[tool] }.map(FixedTools.version) }
  package static func version(_ line: String) -> ToolVersion { ToolVersion(digest: Digest.of(line), line: line) }
}

/// Files of tests are text; a line that begins with `#` is a header or a comment, which programs do not see.
package enum Text {
  package static func withoutHeader(_ text: String) -> String {
    text.split(separator: "\n", omittingEmptySubsequences: false).filter { !$0.hasPrefix("#") }.joined(separator: "\n")
  }

  /// The same for `name: # header…`, where the first line carries a file's name.
  static func withoutHeader(bodyOf text: String) -> String {
    guard let colon = text.firstRange(of: ": ") else { return text }
    return text[..<colon.upperBound] + withoutHeader(String(text[colon.upperBound...]))
  }
}
