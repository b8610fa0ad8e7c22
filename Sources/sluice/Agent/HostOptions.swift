import ArgumentParser
import SluiceModel

/// What the server's own machine is and has for templates that ask for it.
struct HostOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "What this machine is, for steps and templates that ask for it; may be given several times.",
      valueName: "key=value"))
  var label: [String] = []
  @Option(
    help: ArgumentHelp(
      "How much of something this machine has that templates ask for as amount.NAME; may be given several times.",
      valueName: "name=count"))
  var amount: [String] = []

  func validate() throws {
    for text in label where HostOptions.pair(text) == nil {
      throw ValidationError("--label takes KEY=VALUE, not '\(text)'.")
    }
    for text in amount where HostOptions.amount(text) == nil {
      throw ValidationError("--amount takes NAME=COUNT, not '\(text)'.")
    }
  }

  var labels: [String: String] {
    Dictionary(label.compactMap(HostOptions.pair), uniquingKeysWith: { _, last in last })
  }

  var traits: HostTraits {
    HostTraits(
      labels: labels, amounts: Dictionary(amount.compactMap(HostOptions.amount), uniquingKeysWith: { _, last in last }),
      attributes: HostTraits.ofThisBuild)
  }

  static func pair(_ text: String) -> (String, String)? {
    guard let equals = text.firstIndex(of: "="), isName(text[..<equals]) else { return nil }
    return (String(text[..<equals]), String(text[text.index(after: equals)...]))
  }

  static func amount(_ text: String) -> (String, Double)? {
    guard let (name, value) = pair(text), let amount = Double(value), (0...Limits.agentAmount).contains(amount) else {
      return nil
    }
    return (name, amount)
  }

  /// A vendor's prefix may stand before the name: `vendor:attr.pool`.
  private static func isName(_ text: Substring) -> Bool {
    let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
    return parts.allSatisfy { NameRule.problem(in: $0) == nil }
  }
}
