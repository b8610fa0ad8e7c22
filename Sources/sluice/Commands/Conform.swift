import ArgumentParser
import SluiceAdapters
import SluiceModel

struct Conform: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Take ranges, order and omissions of shots over from a cut.",
    discussion: """
      Shows what is different, clip by clip, and records it with --yes. Reads .otio, .edl and what else the installed
      OpenTimelineIO reads.
      EXAMPLE: sluice conform cuts/sq010_v012.otio --project demo --sequence sq010
      EXAMPLE: sluice conform cuts/sq010_v012.edl --rate 25 --project demo --sequence sq010 --yes
      """)

  @Argument(help: "The timeline.") var timeline: String
  @Option(help: "The project.") var project: String
  @Option(help: "The folder whose cut it is, below the project; the whole project where it is not said.")
  var sequence: String?
  @Option(help: "CLIP=FOLDER: the shot of a clip, below the project.") var map: [String] = []
  @Option(help: "Frames a second of an edit list that is not 24.") var rate: Double?
  @Flag(help: "Record what is different.") var yes = false
  @OptionGroup var options: ServerOptions

  private struct Body: Encodable {
    var project: String
    var sequence: String?
    var cut: Cut
    var map: [String: String]?
    var apply: Bool?
  }

  func validate() throws {
    if let rate, !(rate > 0 && rate.isFinite) { throw ValidationError("Write --rate 25.") }
    for pair in map where !pair.contains("=") { throw ValidationError("Write --map CLIP=FOLDER, not '\(pair)'.") }
  }

  func run() async throws {
    let reader = TimelineReader(environment: Machine.environment, sleep: Machine.ambient.sleep)
    let cut = try await reader.read(Machine.absolute(timeline), rate: rate)
    var folders: [String: String] = [:]
    for pair in map {
      // Clips may have a '=' in their names, folders never.
      guard let equals = pair.lastIndex(of: "=") else { continue }
      folders[String(pair[..<equals])] = String(pair[pair.index(after: equals)...])
    }
    let answer: ConformAnswer = try await options.client.post(
      "conform",
      Body(
        project: project, sequence: sequence, cut: cut, map: folders.isEmpty ? nil : folders, apply: yes ? true : nil))
    if options.json { return Console.json(answer) }
    Conform.tell(answer, recorded: yes)
  }

  private static func tell(_ answer: ConformAnswer, recorded: Bool) {
    Console.table(answer.changes.map { [words($0.kind), "\($0.folder)", NameRule.printable($0.clip), $0.text] })
    let same = "\(answer.unchanged) clip\(answer.unchanged == 1 ? "" : "s") unchanged"
    if answer.changes.isEmpty { return print("'\(NameRule.printable(answer.timeline))' changes nothing: \(same).") }
    print(recorded ? "Recorded; \(same)." : "Nothing was recorded; \(same). --yes records it.")
  }

  private static func words(_ kind: CutChange.Kind) -> String {
    switch kind {
    case .added, .restored, .omitted, .reframed, .moved, .renamed, .rate, .media: kind.rawValue
    case .headTrimmed: "head trimmed"
    case .headExtended: "head extended"
    case .tailTrimmed: "tail trimmed"
    case .tailExtended: "tail extended"
    }
  }
}
