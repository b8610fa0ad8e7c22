import ArgumentParser
import SluiceModel

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
      "\(answer.ref) \(Console.number(answer.number)): "
        + "\(answer.files.count) files, \(Console.bytes(answer.bytes)), verified, in \(to)"
    )
  }
}
