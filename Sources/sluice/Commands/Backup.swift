import ArgumentParser
import FoundationEssentials
import SluiceModel
import SluiceStorage

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
    if let inPlace = answer.inPlace {
      print(
        "\(inPlace.versions) version\(inPlace.versions == 1 ? " lies" : "s lie") in place, "
          + "\(Console.bytes(inPlace.bytes)): they are in neither; who owns the files backs them up.")
    }
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
