/// The files of one version, by representation; a content-addressed blob.
package struct Manifest: Sendable, Hashable, Codable {
  package var representations: [Representation]
  package init(representations: [Representation]) { self.representations = representations }

  package func representation(named name: String?) -> Representation? {
    guard let name else { return representations.count == 1 ? representations[0] : nil }
    return representations.first { $0.name == name }
  }
}

/// One form of a version: exr, usd, mov.
package struct Representation: Sendable, Hashable, Codable {
  package var name: String
  package var kind: RepresentationKind
  /// By frame, then by path.
  package var files: [StoredFile]

  package init(name: String, kind: RepresentationKind, files: [StoredFile]) {
    (self.name, self.kind) = (name, kind)
    self.files = files.sorted { ($0.frame ?? .min, $0.path) < ($1.frame ?? .min, $1.path) }
  }

  package var frames: FrameSet? {
    kind == .sequence ? FrameSet(files.compactMap(\.frame)) : nil
  }

  /// - Complexity: O(log files).
  package func file(atFrame frame: Int) -> StoredFile? {
    var low = 0
    var high = files.count
    while low < high {
      let middle = (low + high) / 2
      if (files[middle].frame ?? .min) < frame { low = middle + 1 } else { high = middle }
    }
    return low < files.count && files[low].frame == frame ? files[low] : nil
  }

  /// Only what lies within these frames; anything but a sequence stays as it is.
  package func within(_ frames: FrameSet) -> Representation {
    guard kind == .sequence else { return self }
    return Representation(name: name, kind: kind, files: files.filter { $0.frame.map(frames.contains) == true })
  }

  package var summary: RepresentationSummary {
    RepresentationSummary(
      name: name, kind: kind, files: files.count, bytes: files.reduce(0) { $0 + $1.size }, sha256: listedDigest,
      content: content, frames: frames)
  }

  /// Of the one file, or of what `sha256sum` prints for all of them sorted by path.
  private var listedDigest: Digest {
    if files.count == 1, kind != .tree { return files[0].sha256 }
    var hash = Digest.Stream()
    for file in files.sorted(by: { $0.path < $1.path }) { hash.update(Array("\(file.sha256)  \(file.path)\n".utf8)) }
    return hash.finish()
  }

  /// What staleness compares. Names of single files and of sequences do not count, their extension does:
  /// programs choose a reader by it.
  package var content: Digest {
    var hash = Digest.Stream()
    for file in files {
      let place =
        switch kind {
        case .file: file.fileExtension
        case .sequence: "\(file.frame ?? 0).\(file.fileExtension)"
        case .tree: file.path
        }
      hash.update(Array("\(place)\n\(file.identity)\n".utf8))
    }
    return hash.finish()
  }
}

package struct StoredFile: Sendable, Hashable, Codable {
  /// Relative to the representation's folder.
  package var path: String
  package var frame: Int?
  package var size: Int64
  package var sha256: Digest
  /// Digest of the decoded pixels, where the step's output counts by them.
  package var pixels: Digest?
  /// Of the task that made it.
  package var recipe: Digest?
  /// Where it lies, of a version that was recorded in place; nil for a file in the store.
  package var place: FilePlace?

  package init(
    path: String, frame: Int?, size: Int64, sha256: Digest, pixels: Digest? = nil, recipe: Digest? = nil
  ) {
    (self.path, self.frame, self.size, self.sha256) = (path, frame, size, sha256)
    (self.pixels, self.recipe) = (pixels, recipe)
  }

  /// What says whether two files are the same.
  package var identity: Digest { pixels ?? sha256 }
  package var fileExtension: String {
    // Each frame is asked for it, and its name is mostly plain.
    let text = path.utf8
    guard text.allSatisfy({ $0 < 0x80 }) else { return FileName(path).fileExtension }
    let name = text.lastIndex(of: UInt8(ascii: "/")).map { text[text.index(after: $0)...] } ?? text[...]
    guard let dot = name.lastIndex(of: UInt8(ascii: ".")), dot != name.startIndex else { return "" }
    let suffix = name[name.index(after: dot)...]
    return suffix.allSatisfy { (0x30...0x39).contains($0) } ? "" : String(Substring(suffix))
  }
}
