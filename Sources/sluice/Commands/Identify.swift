import ArgumentParser
import FoundationEssentials
import SluiceModel

struct Identify: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Say which version a file is, by its place in the store or by its content.",
    discussion: "EXAMPLE: sluice identify ~/Downloads/show_lut.cube")

  @Argument(help: "Files.") var paths: [String]
  @OptionGroup var options: ServerOptions

  private struct Ask: Encodable {
    struct File: Encodable {
      var path: String
      var sha256: Digest?
    }
    var files: [File]
  }
  private struct Answers: Codable { var files: [IdentifyAnswer] }

  /// Hashes here and asks there; a path that cannot be read is an answer of its own.
  static func identify(_ paths: [String], _ client: Client) async throws -> [IdentifyAnswer] {
    var files: [Ask.File] = []
    var failures: [Int: Failure] = [:]
    for (index, path) in paths.enumerated() {
      let absolute = Machine.absolute(path)
      do {
        files.append(Ask.File(path: absolute, sha256: try LocalFiles.digest(absolute)))
      } catch {
        files.append(Ask.File(path: absolute, sha256: nil))
        failures[index] = Failure(
          SluiceError(.publishFileMissing, what: "the file cannot be read", at: absolute, fix: "look at the path"))
      }
    }
    let answers: Answers = try await client.post("identify", Ask(files: files))
    return answers.files.enumerated().map { index, answer in
      var answer = answer
      answer.path = paths[index]
      if answer.ref == nil { answer.error = answer.error ?? failures[index] }
      return answer
    }
  }

  func run() async throws {
    let answers = try await Identify.identify(paths, options.client)
    if options.json {
      Console.json(Answers(files: answers))
    } else {
      for answer in answers {
        if let ref = answer.ref, let version = answer.version {
          let also = answer.also.isEmpty ? "" : " (also \(answer.also.joined(separator: ", ")))"
          print("\(answer.path): \(ref)@\(version) \(Console.number(answer.number)), by \(answer.by ?? "?")\(also)")
          if let damaged = answer.damaged { print("  damaged: \(damaged)") }
        } else {
          print("\(answer.path): \(answer.error.map { "\($0.what)" } ?? "nobody has published this")")
        }
      }
    }
    if answers.contains(where: { $0.ref == nil }) { throw ExitCode(1) }
  }
}
