import Glibc
package import SluiceModel

/// Files of agents on the local disk. Paths are absolute, and made by the engine.
package struct FileDock: Dock {
  private let disk = BlockingQueue("sluice.dock", width: 4)

  package init() {}

  package func size(of path: String) async -> Int64 {
    (try? await disk.run { () throws(SluiceError) in Disk.status(path).map { Int64($0.st_size) } ?? 0 }) ?? 0
  }

  package func write(
    _ bytes: [UInt8], to path: String, at offset: Int64
  ) async throws(SluiceError) -> Int64 {
    try await disk.run { () throws(SluiceError) in
      try Disk.makeDirectories(Disk.parent(of: path))
      let descriptor = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o644)
      guard descriptor >= 0 else { throw Disk.error("write", path) }
      defer { close(descriptor) }
      let size = Int64(lseek(descriptor, 0, SEEK_END))
      guard (0...size).contains(offset) else {
        throw SluiceError(
          .agentFile, what: "the piece begins at byte \(offset), and \(size) are there", at: path,
          fix: "go on from byte \(size)")
      }
      guard lseek(descriptor, off_t(offset), SEEK_SET) == off_t(offset) else { throw Disk.error("write", path) }
      try Disk.write(bytes, to: descriptor, path)
      return max(size, offset + Int64(bytes.count))
    }
  }

  package func accept(
    _ files: [AgentFinish.Output], from folder: String, to target: String
  ) async throws(SluiceError) {
    try await disk.run { () throws(SluiceError) in
      for file in files {
        let path = folder + "/" + file.path
        // No piece of an empty file was ever sent.
        if file.size == 0, Disk.status(path) == nil {
          try Disk.makeDirectories(Disk.parent(of: path))
          try Disk.write([], to: path)
        }
        guard Disk.status(path) != nil else { throw FileDock.wrong("did not arrive", file) }
        let (size, digest) = try Disk.digest(path)
        guard size == file.size, digest == file.sha256 else { throw FileDock.wrong("arrived with other bytes", file) }
      }
      for file in files {
        try Disk.makeDirectories(Disk.parent(of: target + "/" + file.path))
        try Disk.rename(folder + "/" + file.path, to: target + "/" + file.path)
      }
    }
  }

  package func remove(_ path: String) async {
    _ = try? await disk.run { () throws(SluiceError) in Disk.remove(path) }
  }

  package func leave(_ text: String, at path: String) async throws(SluiceError) {
    try await disk.run { () throws(SluiceError) in
      try Disk.makeDirectories(Disk.parent(of: path))
      try Disk.write(Array(text.utf8), to: path + ".new")
      try Disk.sync(path + ".new")
      try Disk.rename(path + ".new", to: path)
      try Disk.sync(Disk.parent(of: path))
    }
  }

  package func text(of path: String) async -> String? {
    let bytes = try? await disk.run { () throws(SluiceError) in try Disk.read(path, limit: 1024 * 1024) }
    return bytes.map { String(decoding: $0, as: UTF8.self) }
  }

  private static func wrong(_ what: String, _ file: AgentFinish.Output) -> SluiceError {
    SluiceError(
      .agentFile, what: "the output '\(file.path)' \(what)", at: "agent",
      fix: "retry the run; if it happens again, look at the agent's disk and network")
  }
}
