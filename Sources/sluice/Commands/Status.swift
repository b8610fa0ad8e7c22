import ArgumentParser
import SluiceModel

struct Status: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Say what is current and what is not, and why.",
    discussion: """
      EXAMPLE: sluice status demo --stale
      EXAMPLE: sluice status demo --select "changed:2h or state:failed"
      EXAMPLE: sluice status demo --frozen --held
      """)
  @Argument(help: "A project, a folder or a product; everything where it is not said.") var ref: String?
  @Flag(help: "Only what is not current.") var stale = false
  @Flag(help: "Only what is frozen; with --held, that or what is held.") var frozen = false
  @Flag(help: "Only what a person has in hand, so that its step leaves it alone.") var held = false
  @OptionGroup var selection: SelectOptions
  @OptionGroup var options: ServerOptions

  func run() async throws {
    let answer: StatusAnswer = try await options.client.get(
      "status",
      [
        ("ref", ref), ("stale", stale ? "true" : nil), ("frozen", frozen ? "true" : nil), ("held", held ? "true" : nil),
      ] + selection.query)
    if options.json { return Console.json(answer) }
    if answer.products.isEmpty { print(nothing) }
    Console.table(
      answer.products.map { product in
        let frames = product.staleFrames.map { $0.isEmpty ? "" : "frames \($0): " } ?? ""
        let gone = product.purged == true ? "its files were purged" : ""
        let unread = product.inPlace == .unhashed ? "in place, its bytes were not read yet" : gone
        let damaged = product.damaged.map { "damaged: \($0)" }
        let why = product.failure?.what ?? damaged ?? product.reasons.first.map { frames + $0.text } ?? unread
        let state = product.omitted == true ? "omitted" : product.state.rawValue
        let words = [why, product.frozen?.text ?? ""].filter { !$0.isEmpty }.joined(separator: "; ")
        return [state, "\(product.ref)", Console.number(product.number), words]
      })
    tellReactions(answer.products)
  }

  private var nothing: String {
    if frozen || held { return "Nothing is \(frozen ? held ? "frozen or held" : "frozen" : "held")." }
    return stale ? "Everything is current." : "There is nothing."
  }

  /// What Sluice does by itself, or why it does nothing: each once, with how many it is true of.
  private func tellReactions(_ products: [ProductStatus]) {
    let texts = Dictionary(grouping: products.compactMap(\.reaction?.text)) { $0 }.mapValues(\.count)
    let sorted = texts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
    guard !sorted.isEmpty else { return }
    print("")
    Console.table(sorted.prefix(12).map { ["\($0.value) ×", $0.key] })
    if sorted.count > 12 { print("… and \(sorted.count - 12) more; `sluice why REF` says it of one") }
  }
}
