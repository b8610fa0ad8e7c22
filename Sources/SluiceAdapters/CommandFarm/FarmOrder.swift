import FoundationEssentials
import Glibc
package import SluiceModel

/// A task for a queue manager, in a folder that its hosts see: what it is, and a program that runs it once.
///
/// Whoever starts the program first takes the mark `go` away; without the mark it runs nothing. So Sluice can take a
/// task back that has not begun, and no queue manager runs one twice.
package struct FarmOrder: Sendable {
  /// What the submit script gets as JSON on its standard input.
  package struct Told: Codable, Sendable, Hashable {
    /// The version of this contract.
    package var sluice = 1
    package var key: String
    package var task: TaskID
    /// What to start on the host: it needs nothing else.
    package var script: String
    package var command: [String]
    package var environment: [String: String]
    package var directory: String
    package var log: String
    package var timeoutSeconds: Int
    package var needs: TaskNeeds
  }

  package let folder: String
  package let told: Told
  package var key: String { told.key }

  /// - Parameter runner: this program, for what only it can run.
  package init(_ order: TaskOrder, key: String, in root: String, runner: String) {
    folder = "\(root)/\(key)"
    let command = order.session == nil ? order.arguments : [runner, "farm", "run", "\(folder)/order.json"]
    told = Told(
      key: key, task: order.task, script: "\(folder)/run", command: command, environment: order.environment,
      directory: order.directory, log: order.log, timeoutSeconds: order.timeoutSeconds,
      needs: order.needs ?? TaskNeeds())
  }

  /// Makes the folder.
  /// - Returns: false where it could not be written.
  func write(_ order: TaskOrder) -> Bool {
    LocalProcess.makeFolder(folder)
    LocalProcess.makeFolder(LocalProcess.parent(of: told.log))
    return SessionFiles.write(StableJSON.text(told), to: "\(folder)/task.json", mode: 0o644)
      && (order.session == nil
        || SessionFiles.write(StableJSON.text(order), to: "\(folder)/order.json", mode: 0o644))
      && SessionFiles.write(script, to: told.script, mode: 0o755)
      && SessionFiles.write("", to: "\(folder)/go", mode: 0o644)
  }

  /// What the scripts see beside what the server was started with.
  var variables: [String: String] {
    [
      "SLUICE_FARM_KEY": key, "SLUICE_FARM_SCRIPT": told.script, "SLUICE_FARM_TASK": "\(told.task)",
      "SLUICE_FARM_LOG": told.log, "SLUICE_FARM_CORES": "\(told.needs.cores)",
      "SLUICE_FARM_MEMORY": "\(told.needs.memoryMebibytes)", "SLUICE_FARM_GPUS": "\(told.needs.gpus)",
      "SLUICE_FARM_TIMEOUT": "\(told.timeoutSeconds)",
    ]
  }

  package var script: String {
    let here = FarmOrder.quoted(folder)
    let variables = told.environment.sorted { $0.key < $1.key }.map { " " + FarmOrder.quoted("\($0.key)=\($0.value)") }
    let program = variables.isEmpty ? "exec" : "exec env\(variables.joined())"
    let words = told.command.map(FarmOrder.quoted).joined(separator: " ")
    return """
      #!/bin/sh
      # The task \(told.task) of Sluice. It runs once, whoever starts it, and leaves its exit code beside it.
      here=\(here)
      mv "$here/go" "$here/began" 2>/dev/null || {
        echo 'sluice: this task has begun already, or was taken back' >&2
        exit 75
      }
      export SLUICE_FARM_KEY=\(FarmOrder.quoted(key))
      (
        cd \(FarmOrder.quoted(told.directory)) || exit 126
        \(program) \(words)
      ) </dev/null >>\(FarmOrder.quoted(told.log)) 2>&1
      code=$?
      echo "$code" >"$here/end.part" && mv "$here/end.part" "$here/end"
      exit "$code"

      """
  }

  static func quoted(_ text: String) -> String {
    "'" + text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''") + "'"
  }
}

/// What has become of the folder of a task.
struct FarmFolder: Sendable {
  let path: String

  /// The exit code that the program has left.
  var code: Int? { text("end").flatMap { Int($0) } }
  /// How a task of a template ended, where that was its program.
  var outcome: TaskEnd? { text("outcome.json").flatMap { try? StableJSON.decode(TaskEnd.self, from: $0.utf8) } }
  var hasBegun: Bool { access(path + "/began", F_OK) == 0 }
  var id: String? { text("id") }

  func note(id: String) -> Bool { SessionFiles.write(id, to: path + "/id", mode: 0o644) }

  /// Takes a task back.
  /// - Returns: false where it has begun.
  func takeBack() -> Bool {
    rename(path + "/go", path + "/gone") == 0 || !hasBegun
  }

  /// Takes it away, with what a host that was torn away has left of the task's session.
  func remove() {
    if let text = text("order.json"), let order = try? StableJSON.decode(TaskOrder.self, from: text.utf8) {
      FarmSession(of: order, key: path.split(separator: "/").last.map(String.init) ?? "")?.remove()
    }
    SessionFiles.remove(path)
  }

  private func text(_ name: String) -> String? {
    guard let bytes = try? Data(contentsOf: URL(filePath: "\(path)/\(name)")) else { return nil }
    let text = String(decoding: bytes, as: UTF8.self)
    return text.isEmpty ? nil : text.hasSuffix("\n") ? String(text.dropLast()) : text
  }
}
