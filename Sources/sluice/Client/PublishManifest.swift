import FoundationEssentials
import SluiceModel

/// Reads a manifest: products with representations whose files are paths, relative to the manifest.
struct PublishManifest {
  struct Document: Decodable {
    var products: [Product]
  }
  struct Product: Decodable {
    var ref: String
    var representations: [Representation]
    var patch: Bool?
    var base: String?
    var allowMissing: Bool?
    var note: String?
    var label: String?
    var tag: String?
    var from: [String]?
    var override: Bool?
    var because: String?
    var inPlace: Bool?
    var hash: HashTime?
  }
  struct Representation: Decodable {
    var name: String?
    var files: [File]
    var tree: Bool?
  }
  /// A path, or a path with the name it shall have in the version.
  struct File: Decodable {
    var path: String
    var name: String?

    private enum Key: String, CodingKey { case path, name }

    init(from decoder: any Decoder) throws {
      if let text = try? decoder.singleValueContainer().decode(String.self) {
        path = text
        return
      }
      let container = try decoder.container(keyedBy: Key.self)
      path = try container.decode(String.self, forKey: .path)
      name = try container.decodeIfPresent(String.self, forKey: .name)
    }
  }

  let client: Client
  /// Whether every product is recorded where its files lie, and when their bytes are read then; a product may say both
  /// by itself.
  var inPlace = false
  var hash: HashTime?

  func publish(_ manifest: String) async throws -> BatchPublishAnswer {
    let (document, folder) = try read(manifest)
    var products: [(ProductPublish, [[LocalFile]])] = []
    for product in document.products {
      var groups: [[LocalFile]] = []
      var shapes: [RepresentationPublish] = []
      let isInPlace = product.inPlace ?? inPlace
      for representation in isInPlace ? [] : product.representations {
        var files: [LocalFile] = []
        var isTree = representation.tree ?? false
        for file in representation.files {
          let path = file.path.hasPrefix("/") ? file.path : folder + "/" + file.path
          let found = try LocalFiles.find([path])
          isTree = isTree || found.isTree
          files += found.files.map { LocalFile(source: $0.source, path: file.name ?? $0.path, size: $0.size) }
        }
        groups.append(files)
        shapes.append(RepresentationPublish(name: representation.name, files: [], tree: isTree ? true : nil))
      }
      var published = ProductPublish(
        ref: product.ref, representations: shapes, patch: product.patch, base: product.base,
        allowMissing: product.allowMissing, note: product.note, label: product.label, tag: product.tag,
        from: try await Publish.references(product.from ?? [], client), override: product.override,
        because: product.because)
      if isInPlace { try record(inPlace: product, from: folder, &published) }
      products.append((published, groups))
    }
    return try await Publish.send(products, client)
  }

  /// Sends paths and no bytes.
  private func record(
    inPlace product: Product, from folder: String, _ published: inout ProductPublish
  ) throws(SluiceError) {
    guard let only = product.representations.first, product.representations.count == 1,
      only.files.allSatisfy({ $0.name == nil })
    else {
      throw SluiceError(
        .publishManifest, what: "files in place are one representation, and keep their names",
        at: "product '\(NameRule.printable(product.ref))'",
        fix: "leave out other representations and each file's 'name', or publish it without 'inPlace'")
    }
    published.inPlace = only.files.map { $0.path.hasPrefix("/") ? $0.path : folder + "/" + $0.path }
    published.hash = product.hash ?? hash
    guard only.name != nil || only.tree == true else { return }
    published.representations = [RepresentationPublish(name: only.name, files: [], tree: only.tree)]
  }

  private func read(_ manifest: String) throws(SluiceError) -> (Document, folder: String) {
    let isInput = manifest == "-"
    let path = isInput ? "/dev/stdin" : Machine.absolute(manifest)
    var bytes: [UInt8] = []
    do {
      try LocalFiles.read(path) { bytes += $0 }
    } catch {
      throw SluiceError(
        .publishFileMissing, what: "the manifest cannot be read", at: manifest, fix: "look at the path")
    }
    do {
      let document = try StableJSON.decode(Document.self, from: bytes)
      return (document, isInput ? Machine.currentFolder : FileName.parent(path))
    } catch {
      throw SluiceError(
        .publishManifest, what: "the manifest is not what it should be: \(Self.words(error))", at: manifest,
        fix: "write {\"products\": [{\"ref\": …, \"representations\": [{\"files\": [\"path\"]}]}]}")
    }
  }

  private static func words(_ error: any Error) -> String {
    guard let error = error as? DecodingError else { return "\(error)" }
    switch error {
    case .keyNotFound(let key, _): return "'\(key.stringValue)' is missing"
    case .typeMismatch(_, let context), .valueNotFound(_, let context), .dataCorrupted(let context):
      let place = context.codingPath.map { $0.intValue.map { "[\($0)]" } ?? $0.stringValue }.joined(separator: ".")
      return place.isEmpty ? context.debugDescription : "\(place): \(context.debugDescription)"
    @unknown default: return "\(error)"
    }
  }
}
