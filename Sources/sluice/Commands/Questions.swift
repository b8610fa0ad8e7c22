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
    print("\(answer.ref) \(Console.number(selected.number)) (\(selected.version)), \(answer.status.state.rawValue)")
    print(
      "  published \(Timestamp.text(selected.time)) by \(selected.actor.name)\(selected.note.map { ": “\($0)”" } ?? "")"
    )
    print("  \(selected.path)")
    for representation in selected.representations {
      let frames = representation.frames.map { ", frames \($0)" } ?? ""
      print("  \(representation.name): \(representation.files) files, \(Console.bytes(representation.bytes))\(frames)")
    }
    for reason in answer.status.reasons { print("  \(answer.status.state.rawValue) because \(reason.text)") }
    if !selected.madeFrom.isEmpty { print("made from") }
    for made in selected.madeFrom {
      print(
        "  \(made.ref) \(Console.number(made.number))\(made.now == nil ? "" : " (now \(Console.number(made.nowNumber)))")"
      )
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
          version.changed.map { $0.isEmpty ? "nothing changed" : "changed \($0)" } ?? "", version.note ?? "",
        ]
      })
  }
}

struct Status: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Say what is current and what is not, and why.",
    discussion: "EXAMPLE: sluice status demo --stale")
  @Argument(help: "A project, a folder or a product; everything where it is not said.") var ref: String?
  @Flag(help: "Only what is not current.") var stale = false
  @OptionGroup var options: ServerOptions

  func run() async throws {
    let answer: StatusAnswer = try await options.client.get("status", [("ref", ref), ("stale", stale ? "true" : nil)])
    if options.json { return Console.json(answer) }
    if answer.products.isEmpty { print(stale ? "Everything is current." : "There is nothing yet.") }
    Console.table(
      answer.products.map { product in
        let frames = product.staleFrames.map { $0.isEmpty ? "" : "frames \($0): " } ?? ""
        let why = product.failure?.what ?? product.reasons.first.map { frames + $0.text } ?? ""
        return [product.state.rawValue, "\(product.ref)", Console.number(product.number), why]
      })
  }
}

struct Why: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Lead from a thing back to its first cause, link by link.",
    discussion: "EXAMPLE: sluice why demo/sq010/contact")
  @Argument(help: "A product, with @version for an older one.") var ref: String
  @OptionGroup var options: ServerOptions

  func run() async throws {
    let answer: WhyAnswer = try await options.client.get("why", [("ref", ref)])
    if options.json { return Console.json(answer) }
    for reason in answer.reasons { print("not current, because \(reason.text)") }
    for (depth, link) in answer.chain.enumerated() {
      print("\(String(repeating: "  ", count: depth))\(depth == 0 ? "" : "← ")\(link.text)")
      print("\(String(repeating: "  ", count: depth))    \(Timestamp.text(link.time)) · \(link.actor) · \(link.event)")
    }
  }
}

struct Impact: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Show what a change of a product reaches.",
    discussion: "EXAMPLE: sluice impact demo/look/show_lut")
  @Argument(help: "A product.") var ref: String
  @OptionGroup var options: ServerOptions

  func run() async throws {
    let answer: ImpactAnswer = try await options.client.get("impact", [("ref", ref)])
    if options.json { return Console.json(answer) }
    if answer.products.isEmpty { print("Nothing is made from \(answer.ref).") }
    Console.table(answer.products.map { ["\($0.distance)", "\($0.ref)", "through \($0.via)"] })
  }
}

struct TagCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "tag", abstract: "Move a tag to a version.",
    discussion: "EXAMPLE: sluice tag demo/look/show_lut@2 approved")
  @Argument(help: "A product, with @version for one that is not the latest.") var ref: String
  @Argument(help: "The tag.") var name: String
  @OptionGroup var options: ServerOptions

  private struct Body: Encodable {
    var ref: String
    var tag: String
  }
  private struct Answer: Codable {
    var ref: ProductRef
    var tag: String
    var version: VersionID
    var position: Position
  }

  func run() async throws {
    let answer: Answer = try await options.client.post("tags", Body(ref: ref, tag: name))
    if options.json { return Console.json(answer) }
    print("\(answer.ref)@\(answer.tag) is \(answer.version) now.")
  }
}

struct Fetch: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Bring the files of a version, verified by their digests.",
    discussion: "EXAMPLE: sluice fetch demo/sq010/sh0010/review_movie --to dailies")
  @Argument(help: "A product, with @version for one that is not the latest.") var ref: String
  @Option(help: "The directory to bring them to.") var to: String
  @OptionGroup var options: ServerOptions

  func run() async throws {
    let answer = try await Download(client: options.client).bring(ref, to: Machine.absolute(to))
    if options.json { return Console.json(answer) }
    print(
      "\(answer.ref) \(Console.number(answer.number)): \(answer.files.count) files, \(Console.bytes(answer.bytes)), verified, in \(to)"
    )
  }
}

struct EventsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "events", abstract: "Print events, one CloudEvents JSON object a line.",
    discussion: "EXAMPLE: sluice events --follow --type \"sluice.run.*\"")
  @Flag(help: "Stay and print what happens.") var follow = false
  @Option(help: "Only types like this.") var type: String?
  @Option(help: "Begin behind this position; the beginning where it is not said.") var from: String?
  @OptionGroup var options: ServerOptions

  func run() async throws {
    try await EventReader(client: options.client).printAll(from: from, type: type, follow: follow)
  }
}
