import ArgumentParser
import SluiceModel
import SluiceStorage

struct LogCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "log", abstract: "The log as a whole: look whether it is sound, move old parts away.",
    discussion: "EXAMPLE: sluice log verify", subcommands: [Verify.self, Archive.self])

  struct Verify: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Read the whole log and compare it with its checksums; exits with 1 where something is damaged.",
      discussion: """
        It says which bytes are damaged and which events that reaches. Everybody works on meanwhile.
        EXAMPLE: sluice log verify
        EXAMPLE: sluice log verify --data show-data
        """)
    @Option(help: "The data folder, while no server works on it.") var data: String?
    @OptionGroup var options: ServerOptions

    func run() async throws {
      let answer: VerifyAnswer
      if let data {
        let folder = try DataFolder(Machine.absolute(data), syncs: .all)
        let progress = UpkeepProgress(.verify)
        let report = try await folder.log.verify { progress.tell($0.bytesDone, of: $0.bytesInAll) }
        answer = VerifyAnswer(report, site: await folder.site())
      } else {
        answer = try await UpkeepProgress(.verify).follow(options.client) {
          try await options.client.post("log/verify", [String: String]())
        }
      }
      if options.json { Console.json(answer) } else { Verify.tell(answer) }
      if !answer.sound { throw ExitCode(1) }
    }

    private static func tell(_ answer: VerifyAnswer) {
      print(
        "\(answer.events) events, \(answer.blobs) blobs, \(Console.bytes(Int64(answer.bytes))), up to "
          + "\(answer.position); segments: \(answer.segments)")
      for part in answer.archives where !part.reachable {
        print("\(part.first) to \(part.last) are archived in \(part.folder), which cannot be read now")
      }
      for index in answer.mendedIndexes { print("the index \(index) was wrong and was made anew; nothing is lost") }
      if answer.sound { return print("The log is sound.") }
      for damage in answer.damages {
        print("\(damage.file), byte \(damage.offset): \(damage.what)")
        if let first = damage.first {
          let through = damage.last.map { $0 == first ? "" : " to \($0)" } ?? " and what follows"
          print("  reaches \(first)\(through)")
        }
        for event in damage.events {
          print("  event \(event.id ?? "that cannot be told") \(event.type ?? "")")
        }
        if let follows = damage.follows { print("  behind event \(follows)") }
        if let precedes = damage.precedes { print("  before event \(precedes)") }
      }
      print("\(answer.damageCount) damages. Restore the log from a backup: sluice restore BACKUP --data DIR")
    }
  }

  struct Archive: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Move old parts of the log to another folder; what was made from what is known as before.",
      discussion: """
        Whole segments go, and only those that every subscription has passed. Their blobs stay.
        EXAMPLE: sluice log archive --before 2026-01-01T00:00:00Z --to /archive/sluice
        """)
    @Option(help: "A position or a time; what ends before it goes.") var before: String
    @Option(help: "A folder on the server's machine.") var to: String
    @OptionGroup var options: ServerOptions

    func run() async throws {
      let request = ArchiveRequest(before: before, to: Machine.absolute(to))
      let answer: ArchiveAnswer = try await options.client.post("log/archive", request)
      if options.json { return Console.json(answer) }
      for part in answer.moved { print("\(part.first) to \(part.last) are in \(part.folder) now") }
      if answer.moved.isEmpty { print("There was no whole segment to move.") }
      if let name = answer.heldBy {
        print("Nothing from \(answer.before) on could go: the subscription '\(name)' has not come further.")
      }
    }
  }
}
