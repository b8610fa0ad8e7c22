import ArgumentParser
import SluiceModel

struct Show: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Show a product: versions, numbers, tags, files, made from, used by.",
    discussion: "EXAMPLE: sluice show demo/look/show_lut@2")
  @Argument(help: "A product, with @version for one of them.") var ref: String
  @OptionGroup var options: ServerOptions

  func run() async throws {
    let answer: ShowAnswer = try await options.client.get("show", [("ref", ref)])
    if options.json { return Console.json(answer) }
    let selected = answer.selected
    print("\(answer.ref) \(Console.number(selected.number)) (\(selected.version)), \(standing(answer))")
    print(
      "  published \(Timestamp.text(selected.time)) by \(selected.actor.name)\(selected.note.map { ": “\($0)”" } ?? "")"
    )
    if let purged = selected.purged {
      let why = purged.because.map { ": “\($0)”" } ?? ""
      print("  its files were purged \(Timestamp.text(purged.time)) by \(purged.actor.name)\(why);")
      print("  sluice apply \(answer.ref.project) --select \(answer.ref)@\(selected.version) brings them back")
    } else {
      print("  \(selected.path)")
    }
    if let damaged = selected.damaged { print("  damaged: \(damaged)") }
    if selected.inPlace == .unhashed { print("  its bytes were not read yet") }
    for representation in selected.representations {
      let frames = representation.frames.map { ", frames \($0)" } ?? ""
      print("  \(representation.name): \(representation.files) files, \(Console.bytes(representation.bytes))\(frames)")
    }
    if let carried = selected.carried { print("  \(carried.text)") }
    if let judged = selected.judged, let said = judged.text {
      print("  \(said)" + (judged.time.map { " (\(Timestamp.text($0)))" } ?? ""))
    }
    if let frozen = answer.frozen { print("  \(frozen.text)") }
    if let status = answer.status { tell(status) }
    if !selected.madeFrom.isEmpty { print("made from") }
    for made in selected.madeFrom {
      let now = made.now == nil ? "" : " (now \(Console.number(made.nowNumber)))"
      let through = made.through.map { ", through \($0.spoken)" } ?? ""
      let frames = made.frames.map { ", frames \($0)" } ?? ""
      print("  \(made.ref) \(Console.number(made.number))\(now)\(frames)\(through)")
    }
    if !answer.usedBy.isEmpty { print("used by") }
    for ref in answer.usedBy { print("  \(ref)") }
    if !answer.tags.isEmpty { print("tags") }
    for (tag, version) in answer.tags.sorted(by: { $0.key < $1.key }) { print("  \(tag) \(version)") }
    print("versions")
    Console.table(
      answer.versions.map { version in
        [
          "  " + Console.number(version.number), "\(version.version)", version.actor.name,
          version.purged == nil ? "" : "purged", version.judged?.text ?? "",
          version.changed.map { $0.isEmpty ? "nothing changed" : "changed \($0)" } ?? "", version.note ?? "",
        ]
      })
  }

  /// What is true of the version that was asked for, which may be an older one.
  private func standing(_ answer: ShowAnswer) -> String {
    if answer.selected.judged?.verdict == .rejected { return "rejected" }
    if answer.status?.omitted == true { return "omitted" }
    return answer.status?.state.rawValue ?? answer.selected.supersededBy?.text ?? "not the latest"
  }

  private func tell(_ status: ProductStatus) {
    if status.omitted == true { print("  its folder is left out of the show") }
    for reason in status.reasons {
      print("  " + (reason.isNote ? reason.text : "\(status.state.rawValue) because \(reason.text)"))
    }
    tellRanges(status)
  }

  /// How the frames stand, where they do not all stand alike.
  private func tellRanges(_ status: ProductStatus) {
    guard let ranges = status.ranges, ranges.count > 1 else { return }
    print("frames")
    for range in ranges {
      let reasons = range.reasons.compactMap { status.reasons.indices.contains($0) ? status.reasons[$0].text : nil }
      let because = reasons.isEmpty ? "" : " because \(reasons.joined(separator: "; and because "))"
      print("  \(range.frames) \(range.freshness.rawValue)\(because)")
    }
  }
}
