import ArgumentParser
import SluiceModel

struct Impact: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Show what a change of a product reaches.",
    discussion: "EXAMPLE: sluice impact demo/look/show_lut")
  @Argument(help: "A product.") var ref: String
  @OptionGroup var selection: SelectOptions
  @OptionGroup var options: ServerOptions

  func run() async throws {
    let answer: ImpactAnswer = try await options.client.get("impact", [("ref", ref)] + selection.query)
    if options.json { return Console.json(answer) }
    if answer.products.isEmpty {
      print("Nothing\(selection.isEmpty ? "" : " that is selected") is made from \(answer.ref).")
    }
    Console.table(answer.products.map { ["\($0.distance)", "\($0.ref)", "through \($0.via)"] })
  }
}
