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
        "\(answer.events) events, \(answer.blobs) blobs, \(Console.bytes(Int64(answer.bytes))) in \(answer.segments) "
          + "segments, up to \(answer.position)")
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

struct Backup: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Copy what cannot be made again into an empty folder, while everybody works on.",
    discussion: """
      The log with its blobs, the names of people, the places of subscriptions, and how the server was started.
      Versions' files never change; copy the store with any tool, afterwards.
      EXAMPLE: sluice backup /backups/sluice/monday
      """)
  @Argument(help: "A folder on the server's machine, empty or not there yet.") var to: String
  @Option(help: "The data folder, while no server works on it.") var data: String?
  @OptionGroup var options: ServerOptions

  func run() async throws {
    let target = Machine.absolute(to)
    let answer: BackupAnswer
    if let data {
      let folder = try DataFolder(Machine.absolute(data), syncs: .all)
      let site = await folder.site()
      let backups = SiteBackups(
        log: folder.log, cursors: folder.cursors, names: folder.names,
        configuration: SiteBackups.Configuration(site: site, version: Sluice.version, serve: ["--data", data]),
        ambient: Machine.ambient)
      let progress = UpkeepProgress(.backup)
      answer = BackupAnswer(
        to: target, try await backups.backup(to: target) { progress.tell($0.bytesDone, of: $0.bytesInAll) })
    } else {
      answer = try await UpkeepProgress(.backup).follow(options.client) {
        try await options.client.post("backup", BackupRequest(to: target))
      }
    }
    if options.json { return Console.json(answer) }
    print("\(answer.to) has everything up to \(answer.position), \(Console.bytes(answer.bytes)).")
    if !answer.damages.isEmpty {
      print("The log has \(answer.damages.count) damages, and so has the backup: sluice log verify")
    }
    print("The files of versions are not in it: copy the folder 'store' of the data folder now.")
  }
}

struct Restore: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Bring a backup into a new data folder, and look at everything in it.",
    discussion: "EXAMPLE: sluice restore /backups/sluice/monday --data show-data")
  @Argument(help: "The backup's folder.") var from: String
  @Option(help: "The data folder, empty or not there yet.") var data: String
  @Flag(help: "Print one JSON object for programs.") var json = false
  @Option(help: .hidden) var server: String?

  private struct Answer: Encodable {
    var data: String
    var site: String
    var position: Position
    var time: String
    var events: Int64
    var sound: Bool
    var serve: [String]
  }

  func run() async throws {
    let target = Machine.absolute(data)
    let (backup, report) = try SiteBackups.restore(from: Machine.absolute(from), to: target)
    if json {
      return Console.json(
        Answer(
          data: target, site: backup.site, position: backup.position, time: Timestamp.text(backup.time),
          events: report.events, sound: report.isSound, serve: backup.serve))
    }
    print("\(target) is as \(backup.site) was at \(Timestamp.text(backup.time)): up to \(backup.position).")
    if !report.isSound { print("The log was damaged when the backup was made: sluice log verify --data \(data)") }
    print("Copy the store to \(target)/store, then start it. It was started with:")
    print("  sluice serve \(backup.serve.joined(separator: " "))")
  }
}
