package import SluiceModel

/// Asks a program for each limit: it prints how many there are, and how many others have.
///
/// It sees `SLUICE_LIMIT`, the limit's name, and `SLUICE_LIMIT_USED`, how many tasks have.
package struct LimitPrograms: LimitSource {
  private let programs: [String: String]
  private let environment: [String: String]
  private let ambient: Ambient

  package init(_ programs: [String: String], environment: [String: String], ambient: Ambient) {
    (self.programs, self.environment, self.ambient) = (programs, environment, ambient)
  }

  package func ask(_ name: String, used: Int) async -> LimitReply {
    guard let program = programs[name] else { return .failed("no program is said for it") }
    let seen = environment.merging(["SLUICE_LIMIT": name, "SLUICE_LIMIT_USED": "\(used)"]) { $1 }
    let output = await Program.output(
      program, [], environment: seen, within: .seconds(Limits.limitProgramSeconds), atMost: 64 * 1_024,
      sleep: ambient.sleep)
    guard let output else {
      return .failed("\(program) cannot be run, or has not answered within \(Limits.limitProgramSeconds) s")
    }
    let said = NameRule.printable(
      String(output.text.split(whereSeparator: \.isNewline).joined(separator: " ").suffix(200)))
    guard output.isSuccess else { return .failed("\(program) failed and said '\(said)'") }
    guard let count = LimitCount(output.text) else {
      return .failed("\(program) said '\(said)' and not how many there are, such as '20' or '20 7'")
    }
    return .counted(count)
  }
}
