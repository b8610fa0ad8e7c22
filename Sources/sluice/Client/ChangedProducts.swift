import FoundationEssentials
import SluiceModel

/// Reads `--changed REF[=FILE]`: the files stay here, and only their digests are told.
enum ChangedProducts {
  /// - Throws: `reference.invalid`, `publish.fileMissing`, `usage`.
  static func read(_ words: [String], allowMissing: Bool) throws -> [ChangedProduct] {
    var order: [String] = []
    var files: [String: [String]] = [:]
    for word in words {
      let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      let ref = String(parts[0])
      _ = try Reference(ref)
      if files[ref] == nil { order.append(ref) }
      files[ref, default: []] += parts.count > 1 ? try named(String(parts[1])) : []
    }
    let found = try order.map { ref in (ref, try LocalFiles.find(files[ref] ?? [])) }
    let progress = Progress("hashing", total: found.flatMap(\.1.files).reduce(0) { $0 + $1.size })
    defer { progress.finish() }
    return try found.map { ref, found in
      guard files[ref]?.isEmpty == false else { return ChangedProduct(ref: ref) }
      let hashed = try found.files.map { file in
        let digest = try LocalFiles.digest(file.source)
        progress.advance(file.size)
        return ChangedProduct.File(path: file.path, size: file.size, sha256: digest)
      }
      return ChangedProduct(
        ref: ref, files: hashed, tree: found.isTree ? true : nil, allowMissing: allowMissing ? true : nil)
    }
  }

  /// A path as it is, or the files of its folder whose names a pattern fits: `plate.*.exr`, `plate.####.exr`.
  private static func named(_ path: String) throws(SluiceError) -> [String] {
    let name = FileName.last(path)
    guard !path.isEmpty else {
      throw SluiceError(
        .usage, what: "there is no file behind '='", at: "--changed", fix: "write REF=FILE, or REF alone")
    }
    let isPattern = Glob.isPattern(name) || name.contains("#")
    guard isPattern, !FileManager.default.fileExists(atPath: Machine.absolute(path)) else { return [path] }
    let folder = FileName.parent(path)
    let pattern = Glob(String(name.map { $0 == "#" ? "*" : $0 }))
    let names = (try? FileManager.default.contentsOfDirectory(atPath: Machine.absolute(folder))) ?? []
    let found = names.filter { pattern.matches($0) && (!name.contains("#") || FileName($0).frame != nil) }.sorted()
    guard !found.isEmpty else {
      throw SluiceError(
        .publishFileMissing, what: "no file fits '\(NameRule.printable(name))'", at: Machine.absolute(folder),
        fix: "look at the path")
    }
    return found.map { "\(folder)/\($0)" }
  }
}
