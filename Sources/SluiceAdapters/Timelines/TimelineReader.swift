package import SluiceModel

/// Reads timelines through OpenTimelineIO, with the `python3` of the search path.
package struct TimelineReader: Sendable {
  private let environment: [String: String]
  private let sleep: @Sendable (Duration) async throws -> Void

  private struct Answer: Decodable {
    var cut: Cut?
    /// A Python package that is not installed.
    var missing: String?
    /// The file names' ends that can be read; this one's is not among them.
    var unknown: [String]?
    /// What OpenTimelineIO says is wrong.
    var error: String?
  }

  package init(
    environment: [String: String], sleep: @escaping @Sendable (Duration) async throws -> Void
  ) {
    (self.environment, self.sleep) = (environment, sleep)
  }

  /// - Parameter rate: frames a second of an edit list; nil for what its reader assumes.
  /// - Throws: `timeline.tool` where Python or a package is missing, `timeline.unreadable`.
  package func read(_ path: String, rate: Double?) async throws(SluiceError) -> Cut {
    guard let python = Program.path(of: "python3", environment: environment) else {
      throw tool("there is no python3 in the PATH", install: "python3, then pip install \(Self.packages)")
    }
    let output = await Program.output(
      python, ["-c", TimelineProgram.text, path, "\(rate ?? 0)"], environment: environment,
      within: .seconds(Limits.timelineSeconds), atMost: Limits.jsonBodyBytes, sleep: sleep)
    guard let output, let line = output.text.split(whereSeparator: \.isNewline).last,
      let answer = try? StableJSON.decode(Answer.self, from: Array(line.utf8))
    else {
      let words = output.map { $0.text.suffix(Limits.reasonCharacters) } ?? "no answer in time"
      throw unreadable(path, NameRule.printable(words, atMost: Limits.reasonCharacters), fix: "look at the file")
    }
    if let cut = answer.cut { return cut }
    if let missing = answer.missing {
      throw tool("the Python package \(missing) is not installed", install: "pip install \(Self.packages)")
    }
    if let known = answer.unknown {
      if path.lowercased().hasSuffix(".edl") {
        throw tool("the Python package otio-cmx3600-adapter is not installed", install: "pip install \(Self.packages)")
      }
      throw unreadable(
        path, "OpenTimelineIO has no adapter for it",
        fix: "it reads \(known.joined(separator: ", ")); install an adapter, or export one of them")
    }
    let words = NameRule.printable(answer.error ?? "nothing is known of why", atMost: Limits.reasonCharacters)
    throw unreadable(path, words, fix: fix(for: words, path))
  }

  private static let packages = "opentimelineio otio-cmx3600-adapter"

  private func fix(for words: String, _ path: String) -> String {
    if path.lowercased().hasSuffix(".edl") { return "say its rate if it is not 24: --rate 25; else mend the edit list" }
    if words.contains("schema") { return "write it with an older OpenTimelineIO, or install a newer one" }
    return "look at the file, or export it again"
  }

  private func tool(_ what: String, install: String) -> SluiceError {
    SluiceError(
      .timelineTool, what: "timelines cannot be read: \(what)", at: "this machine; nothing was recorded",
      fix: "install \(install), or put the folder of a Python that has it first in the PATH")
  }

  private func unreadable(_ path: String, _ words: String, fix: String) -> SluiceError {
    SluiceError(
      .timelineUnreadable, what: "the timeline cannot be read: \(words)", at: "\(path); nothing was recorded", fix: fix)
  }
}
