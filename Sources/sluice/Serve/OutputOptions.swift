import ArgumentParser
import Glibc
import SluiceModel
import SluiceStorage

/// What `serve` takes about the files of versions.
struct OutputOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Whose the files of new versions are; the server's user and group where it is not said.",
      discussion: "The server is root then. Without a group, the user's own.", valueName: "user[:group]"))
  var outputOwner: String?
  @Option(help: ArgumentHelp("Who may read them, such as 0440.", valueName: "mode")) var outputMode = "0444"

  func validate() throws {
    guard StoredOwner.mode(outputMode) != nil else {
      throw ValidationError(
        "--output-mode takes an octal mode in which the owner reads and nobody writes or runs, such as 0440; "
          + "not '\(outputMode)'.")
    }
  }

  /// - Throws: `store.owner`.
  func owner() throws(SluiceError) -> StoredOwner {
    try StoredOwner.named(
      outputOwner, mode: StoredOwner.mode(outputMode) ?? StoredOwner.usualMode, caller: geteuid())
  }
}
