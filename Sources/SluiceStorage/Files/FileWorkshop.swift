import Glibc
package import SluiceModel

/// Benches as folders: `<root>/<project>/<step>/<folder with + for />`, with `in/` of links and `out/` for results.
///
/// The path holds no version and no run, so that programs that write it into their results write the same each time.
package final class FileWorkshop: Workshop {
  private let root: String
  private let pixels: any PixelReader
  private let disk = BlockingQueue("sluice.workshop", width: 4)
  private let syncs: SyncSwitch

  package init(root: String, pixels: any PixelReader, syncs: SyncSwitch = .all) throws(SluiceError) {
    (self.root, self.pixels, self.syncs) = (root, pixels, syncs)
    try Disk.makeDirectories(root)
  }

  /// Writes a small file that others may read, beside the benches.
  package static func leave(_ text: String, at path: String) throws(SluiceError) {
    try Disk.makeDirectories(Disk.parent(of: path))
    try Disk.write(Array(text.utf8), to: path)
  }

  package func directory(of bench: Bench) -> String {
    let folder = bench.folder.isRoot ? "+" : bench.folder.parts.joined(separator: "+")
    return "\(root)/\(bench.project)/\(bench.step)/\(folder)"
  }

  package func open(_ bench: Bench, links: [WorkLink], keeping: [String]) async throws(SluiceError) {
    let directory = directory(of: bench)
    let kept = Set(keeping)
    try await disk.run { () throws(SluiceError) in
      Disk.remove(directory + "/in")
      try Disk.makeDirectories(directory + "/in")
      try Disk.makeDirectories(directory + "/out")
      self.clear(directory + "/out", below: "out", keeping: kept)
      for link in links {
        let path = directory + "/" + link.name
        try Disk.makeDirectories(Disk.parent(of: path))
        try Disk.symbolicLink(link.target, at: path)
      }
    }
  }

  package func hasRoom() async -> Bool {
    var status = statvfs()
    guard statvfs(root, &status) == 0 else { return true }
    return UInt64(status.f_bavail) * UInt64(status.f_frsize) >= Limits.agentRoomBytes
  }

  private func clear(_ directory: String, below name: String, keeping: Set<String>) {
    for entry in Disk.names(in: directory) {
      let (path, relative) = (directory + "/" + entry, name + "/" + entry)
      if let status = Disk.status(path), Disk.isDirectory(status) {
        clear(path, below: relative, keeping: keeping)
      } else if !keeping.contains(relative) {
        Disk.remove(path)
      }
    }
  }

  package func makeOutputFolders(_ names: [String], of bench: Bench) async throws(SluiceError) {
    let directory = directory(of: bench)
    try await disk.run { () throws(SluiceError) in
      for name in names { try Disk.makeDirectories(directory + "/" + name) }
    }
  }

  package func names(in folder: String, of bench: Bench) async -> [String] {
    let path = directory(of: bench) + "/" + folder
    return (try? await disk.run { () throws(SluiceError) in Disk.names(in: path) }) ?? []
  }

  package func measure(_ outputs: [WorkOutput], of bench: Bench) async throws(SluiceError) -> [StoredFile?] {
    let (directory, syncs) = (directory(of: bench), syncs)
    var files: [StoredFile?] = try await disk.run { () throws(SluiceError) in
      var found: [StoredFile?] = []
      for output in outputs {
        let path = directory + "/" + output.path
        guard let status = Disk.status(path), Disk.isRegular(status) else {
          found.append(nil)
          continue
        }
        if syncs.file { try Disk.sync(path) }
        let (size, digest) = try Disk.digest(path)
        found.append(
          StoredFile(path: output.name, frame: output.frame, size: size, sha256: digest, recipe: output.recipe))
      }
      if syncs.folder {
        for folder in Set(outputs.map { Disk.parent(of: directory + "/" + $0.path) }) where Disk.status(folder) != nil {
          try Disk.sync(folder)
        }
      }
      return found
    }
    let images = outputs.indices.filter { files[$0] != nil && outputs[$0].identity == .pixels }
    let digests = await pixels.digests(of: images.map { directory + "/" + outputs[$0].path })
    for (index, digest) in zip(images, digests) { files[index]?.pixels = digest }
    return files
  }

  package func discard(_ paths: [String], of bench: Bench) async {
    let directory = directory(of: bench)
    _ = try? await disk.run { () throws(SluiceError) in
      for path in paths { Disk.remove(directory + "/" + path) }
    }
  }

  package func close(_ bench: Bench) async {
    let directory = directory(of: bench)
    _ = try? await disk.run { () throws(SluiceError) in Disk.remove(directory) }
  }
}
