import ArgumentParser
import SluiceModel

struct Why: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Lead from a thing back to its first cause, link by link.",
    discussion: "EXAMPLE: sluice why demo/sq010/contact")
  @Argument(help: "A product, with @version for an older one.") var ref: String
  @OptionGroup var options: ServerOptions

  func run() async throws {
    let answer: WhyAnswer = try await options.client.get("why", [("ref", ref)])
    if options.json { return Console.json(answer) }
    for reason in answer.reasons { print(reason.isNote ? reason.text : "not current, because \(reason.text)") }
    if let reaction = answer.reaction { print(reaction.text) }
    for (depth, link) in answer.chain.enumerated() {
      print("\(String(repeating: "  ", count: depth))\(depth == 0 ? "" : "← ")\(link.text)")
      print("\(String(repeating: "  ", count: depth))    \(Timestamp.text(link.time)) · \(link.actor) · \(link.event)")
    }
  }
}
