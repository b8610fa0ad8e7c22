import ArgumentParser
import FoundationEssentials
import SluiceModel

struct Publish: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Publish a version of a product.",
    discussion: """
      Files that differ only in the last number before the extension are one sequence; a directory is a tree.
      EXAMPLE: sluice publish demo/sq010/sh0010/plate plates/plate.*.exr --note "from the scanner"
      EXAMPLE: sluice publish demo/sq010/sh0010/plate fixed/plate.1012.exr --patch
      EXAMPLE: sluice publish demo/sq010/sh0010/animation shot.usd --from inputs
      EXAMPLE: sluice publish demo/sq010/sh0010/comp comp.*.exr --override --because "wires painted out"
      EXAMPLE: sluice publish demo/sq010/sh0010/scan /mnt/scans/sh0010 --in-place --hash later
      EXAMPLE: sluice publish demo/sq010/sh0010/scan /mnt/scans/fixed/plate.1012.exr --in-place --patch
      EXAMPLE: sluice publish --manifest turnover.json
      EXAMPLE: sluice publish --manifest scans.json --in-place --hash later
      """)

  @Argument(help: "The product, then its files or directories.") var arguments: [String] = []
  @Option(help: "The representation's name; the extension where it is not said.") var representation: String?
  @Option(
    parsing: .upToNextOption,
    help: "What it was made from: references, paths of published files, or 'inputs' for all that its step declares.")
  var from: [String] = []
  @Option(help: "A note for the history.") var note: String?
  @Option(help: "A tag to move to the new version.") var tag: String?
  @Option(help: "A label, such as the name in the edit.") var label: String?
  @Flag(help: "Bring only the changed frames; the rest is carried.") var patch = false
  @Flag(help: "Allow a sequence with missing frames.") var allowMissing = false
  @Flag(help: "Lay it over what a step makes, and hold it against that step until 'sluice release'.")
  var override = false
  @Option(help: "With --override: why.") var because: String?
  @Flag(help: "Record the files where they lie, below a root of the server; nothing is copied.") var inPlace = false
  @Option(help: "With --in-place: read the bytes now or later; by their size where it is not said.") var hash: HashTime?
  @Option(help: "A JSON file with many products to publish at once; - for stdin.") var manifest: String?
  @OptionGroup var options: ServerOptions

  func validate() throws {
    if hash != nil, !inPlace { throw ValidationError("--hash goes with --in-place.") }
    if manifest == nil, arguments.count < 2 { throw ValidationError("Name a product and at least one file.") }
    if override, because == nil { throw ValidationError("--override wants --because TEXT: why is it painted over?") }
    if !override, because != nil { throw ValidationError("--because goes with --override.") }
    if manifest != nil, !arguments.isEmpty { throw ValidationError("--manifest takes no products or files beside it.") }
  }

  func run() async throws {
    let client = options.client
    if let manifest {
      let answer = try await PublishManifest(client: client, inPlace: inPlace, hash: hash).publish(manifest)
      if options.json { return Console.json(answer) }
      for published in answer.published { Publish.tell(published) }
      return
    }
    _ = try Reference(arguments[0])
    if inPlace { return try await recordInPlace(client) }
    let (files, isTree) = try LocalFiles.find(Array(arguments.dropFirst()))
    let sources = try await Publish.references(from, client)
    let product = ProductPublish(
      ref: arguments[0],
      representations: [RepresentationPublish(name: representation, files: [], tree: isTree ? true : nil)],
      patch: patch ? true : nil, allowMissing: allowMissing ? true : nil, note: note, label: label, tag: tag,
      from: sources.isEmpty ? nil : sources, override: override ? true : nil, because: because)
    let answer = try await Publish.send([(product, [files])], client)
    guard let published = answer.published.first else { return }
    if options.json { return Console.json(published) }
    Publish.tell(published)
  }

  /// Sends paths and no bytes: the server has to see the files under the same names.
  private func recordInPlace(_ client: Client) async throws {
    let sources = try await Publish.references(from, client)
    var product = ProductPublish(
      ref: arguments[0], representations: representation.map { [RepresentationPublish(name: $0, files: [])] } ?? [],
      patch: patch ? true : nil, allowMissing: allowMissing ? true : nil, note: note, label: label, tag: tag,
      from: sources.isEmpty ? nil : sources)
    (product.override, product.because) = (override ? true : nil, because)
    product.inPlace = arguments.dropFirst().map(Machine.absolute)
    product.hash = hash
    let command = CommandID(Machine.ambient.makeEventID().description)
    let answer: BatchPublishAnswer = try await client.post(
      "publish", PublishRequest(command: command, products: [product]))
    guard let published = answer.published.first else { return }
    if options.json { return Console.json(published) }
    Publish.tell(published)
  }

  /// Brings the bytes and publishes; small publishes take one request.
  static func send(
    _ products: [(product: ProductPublish, files: [[LocalFile]])], _ client: Client
  ) async throws -> BatchPublishAnswer {
    let all = products.flatMap { $0.files.flatMap { $0 } }
    let total = all.reduce(0) { $0 + $1.size }
    let isSmall = total <= Int64(Limits.inlineFileBytes) && all.count <= 16
    var request = PublishRequest(command: CommandID(Machine.ambient.makeEventID().description), products: [])
    let progress = Progress("publishing", total: total)
    var digests: [Digest] = []
    if !isSmall {
      let numbered = all.enumerated().map { LocalFile(source: $1.source, path: "\($0)", size: $1.size) }
      (request.upload, digests) = try await Upload(client: client, progress: progress).bring(numbered)
    }
    var index = 0
    for (product, groups) in products {
      var product = product
      for (place, group) in groups.enumerated() {
        for file in group {
          var entry = FilePublish(path: file.path, size: isSmall ? nil : file.size)
          if isSmall {
            var content = Data()
            try LocalFiles.read(file.source) { content.append(contentsOf: $0) }
            entry.content = content
            entry.sha256 = Digest.of(content)
          } else {
            (entry.upload, entry.sha256) = ("\(index)", digests[index])
          }
          product.representations[place].files.append(entry)
          index += 1
        }
      }
      request.products.append(product)
    }
    progress.finish()
    do {
      return try await client.post("publish", request)
    } catch {
      if let upload = request.upload { _ = try? await client.send(.DELETE, "uploads/\(upload)") }
      throw error
    }
  }

  /// References as they are; paths as the version that they belong to.
  static func references(_ from: [String], _ client: Client) async throws -> [String] {
    var found: [String] = []
    for text in from {
      if text == "inputs" {
        found.append(text)
        continue
      }
      guard FileManager.default.fileExists(atPath: Machine.absolute(text)) else {
        _ = try Reference(text)
        found.append(text)
        continue
      }
      let answer = try await Identify.identify([text], client)[0]
      guard let ref = answer.ref, let version = answer.version else {
        throw SluiceError(
          .publishSource, what: "nobody has published '\(NameRule.printable(text))'", at: "--from \(text)",
          fix: "publish it first, or leave it out")
      }
      found.append("\(ref)@\(version)")
    }
    return found
  }

  static func tell(_ answer: PublishAnswer) {
    let changed = answer.changed.map { $0.isEmpty ? "; nothing changed" : "; frames \($0) changed" } ?? ""
    let place = answer.inPlace.map { $0 == .hashed ? ", in place" : ", in place, not hashed yet" } ?? ""
    print(
      "\(answer.ref) \(Console.number(answer.number)) (\(answer.version)): "
        + "\(answer.files) file\(answer.files == 1 ? "" : "s"), \(Console.bytes(answer.bytes))\(place)\(changed)")
  }
}

extension HashTime: ExpressibleByArgument {}
