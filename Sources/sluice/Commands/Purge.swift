import ArgumentParser
import SluiceModel

struct PurgeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "purge",
    abstract: "Drop files that can be made again; what they were made from stays known.",
    discussion: """
      Without --yes it only shows what would go. What is tagged, in use, or could not be made again stays.
      EXAMPLE: sluice purge demo --select "step:review" --older-than 30d --keep 2
      EXAMPLE: sluice purge demo --select "step:review" --older-than 30d --keep 2 --yes
      EXAMPLE: sluice apply demo --select demo/sq010/sh0010/review_frames@3
      """)

  @Argument(help: "The project.") var project: String
  @Option(help: "Which products; '**' for all.") var select: String
  @Option(help: "Only versions that are older: 30d, 12h, 90m; all where it is not said.") var olderThan: String?
  @Option(help: "So many of the newest versions of each product stay.") var keep = 0
  @Option(help: "Why, for the history.") var because: String?
  @Flag(help: "Drop them; without it nothing goes.") var yes = false
  @OptionGroup var options: ServerOptions

  func validate() throws {
    if keep < 0 { throw ValidationError("--keep takes 0 or more.") }
    if let olderThan, PurgeCommand.seconds(olderThan) == nil {
      throw ValidationError("--older-than takes a number with w, d, h, m or s behind it, for example 30d.")
    }
  }

  func run() async throws {
    let answer: PurgeAnswer = try await options.client.post(
      "purge",
      PurgeRequest(
        project: project, select: select, olderThan: olderThan.flatMap(PurgeCommand.seconds), keep: keep,
        because: because, apply: yes))
    if options.json { return Console.json(answer) }
    tell(answer)
  }

  private func tell(_ answer: PurgeAnswer) {
    Console.table(
      answer.versions.map { version in
        [
          "  " + Console.number(version.number), "\(version.ref)", "\(version.files) files",
          Console.bytes(version.bytes), "frees \(Console.bytes(version.frees))",
        ]
      })
    for kept in answer.kept { print("  stays: \(kept.ref) \(Console.number(kept.number)), because \(kept.text)") }
    let sum =
      "\(answer.versions.count) versions, \(answer.files) files, \(Console.bytes(answer.bytes)); "
      + "the disk gets back \(Console.bytes(answer.frees))"
    if answer.versions.isEmpty { return print("Nothing can go.") }
    print(answer.purged ? "Purged: \(sum)." : "Would go: \(sum). Nothing was dropped; --yes drops it.")
  }

  /// `30d` in seconds.
  static func seconds(_ text: String) -> Double? {
    let units: [Character: Double] = ["w": 604_800, "d": 86_400, "h": 3_600, "m": 60, "s": 1]
    guard let last = text.last, let unit = units[last], let count = Double(text.dropLast()), count >= 0,
      count.isFinite
    else { return nil }
    return count * unit
  }
}
