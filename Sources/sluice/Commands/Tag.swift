import ArgumentParser
import SluiceModel

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
