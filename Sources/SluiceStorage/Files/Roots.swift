import Glibc
package import SluiceModel

/// Files below configured folders, opened one folder at a time from there and never through a link, so that nobody who
/// renames things meanwhile can lead the server elsewhere.
package final class Roots: OutsideFiles {
  package let roots: [String]
  private let disk = BlockingQueue("sluice.roots", width: 4)

  /// - Throws: `usage` for what is not an absolute path of a folder that can be read.
  package init(_ folders: [String]) throws(SluiceError) {
    var found: [String] = []
    for folder in folders {
      guard folder.hasPrefix("/"), let real = Roots.real(folder),
        Disk.status(real).map(Disk.isDirectory) == true, access(real, R_OK | X_OK) == 0
      else {
        throw SluiceError(
          .usage, what: "'\(NameRule.printable(folder))' is no folder that can be read", at: "--root",
          fix: "name an absolute path of a folder that the server's user may read")
      }
      found.append(real)
    }
    roots = found.sorted()
  }

  package func find(_ paths: [String]) async throws(SluiceError) -> (files: [OutsideFile], isTree: Bool) {
    guard !roots.isEmpty else { throw NoOutsideFiles.refusal }
    return try await disk.run { () throws(SluiceError) in
      var files: [OutsideFile] = []
      var isTree = false
      for path in paths {
        let real = try self.resolved(path)
        let opened = try self.open(real)
        if Disk.isDirectory(opened.status) {
          isTree = true
          let prefix = paths.count > 1 ? Roots.last(real) + "/" : ""
          try self.walk(real, prefix: prefix, depth: 0, into: &files)
        } else {
          files.append(try Roots.file(opened, real, as: Roots.last(path)))
        }
        guard files.count <= Limits.filesPerVersion else {
          throw SluiceError(
            .publishManifest, what: "there are more than \(Limits.filesPerVersion) files", at: path,
            fix: "publish a part of them")
        }
      }
      guard !files.isEmpty else {
        throw SluiceError(
          .publishNothing, what: "there is no file to record", at: paths.first ?? "in place", fix: "name one")
      }
      return (files, isTree)
    }
  }

  package func digest(_ file: StoredFile) async throws(SluiceError) -> Digest {
    let opened = try await opened(file)
    return try await disk.run { () throws(SluiceError) in
      var (hash, offset) = (Digest.Stream(), Int64(0))
      while true {
        let bytes = try opened.descriptor.read(at: offset, count: 1 << 20)
        if bytes.isEmpty { break }
        bytes.withUnsafeBytes { hash.update($0) }
        offset += Int64(bytes.count)
      }
      try Roots.requireSame(file, try opened.descriptor.status())
      return hash.finish()
    }
  }

  package func differences(_ files: [StoredFile]) async -> [FileDifference] {
    let found = try? await disk.run { () throws(SluiceError) in
      files.compactMap { file -> FileDifference? in
        guard let place = file.place else { return nil }
        guard let status = try? self.open(place.path).status, Disk.isRegular(status) else {
          return FileDifference(file, at: place, now: nil)
        }
        guard !Roots.isSame(file, place, status) else { return nil }
        return FileDifference(
          file, at: place,
          now: FileDifference.State(size: Int64(status.st_size), modified: Roots.modified(status)))
      }
    }
    return found ?? []
  }

  package func open(_ file: StoredFile) async throws(SluiceError) -> any OutsideReader {
    Reader(descriptor: try await opened(file).descriptor, disk: disk)
  }

  private func opened(_ file: StoredFile) async throws(SluiceError) -> Opened {
    guard let place = file.place else {
      throw SluiceError(.internalError, what: "'\(file.path)' is not in place", at: file.path, fix: "report this")
    }
    return try await disk.run { () throws(SluiceError) in
      let opened = try self.open(place.path)
      try Roots.requireSame(file, opened.status)
      return opened
    }
  }
}

// MARK: Opening

extension Roots {
  /// A descriptor that is closed with its last user.
  final class Descriptor: Sendable {
    let number: Int32
    init(_ number: Int32) { self.number = number }
    deinit { close(number) }

    func status() throws(SluiceError) -> stat {
      var status = stat()
      guard fstat(number, &status) == 0 else { throw Disk.error("look at", "a file in place") }
      return status
    }

    func read(at offset: Int64, count: Int) throws(SluiceError) -> [UInt8] {
      var bytes = [UInt8](repeating: 0, count: count)
      while true {
        let got = bytes.withUnsafeMutableBytes { pread(number, $0.baseAddress, count, off_t(offset)) }
        if got < 0, errno == EINTR { continue }
        guard got >= 0 else { throw Disk.error("read", "a file in place") }
        return Array(bytes.prefix(got))
      }
    }
  }

  struct Opened: Sendable {
    let descriptor: Descriptor
    let status: stat
  }

  private struct Reader: OutsideReader {
    let descriptor: Descriptor
    let disk: BlockingQueue
    func read(at offset: Int64, count: Int) async throws(SluiceError) -> [UInt8] {
      try await disk.run { () throws(SluiceError) in try descriptor.read(at: offset, count: count) }
    }
  }

  /// Where a path leads, links followed.
  private func resolved(_ path: String) throws(SluiceError) -> String {
    guard path.hasPrefix("/"), path.utf8.count <= Limits.referenceBytes, !path.utf8.contains(0) else {
      throw SluiceError(
        .pathInvalid, what: "'\(NameRule.printable(path))' is no absolute path", at: "in place",
        fix: "name the file as the server sees it, from / on")
    }
    // Nothing is said of what lies elsewhere, not even whether it is there.
    guard isInside(path) || roots.contains(where: { Roots.real(path)?.hasPrefix($0 + "/") == true }) else {
      throw outside(path)
    }
    guard let real = Roots.real(path) else { throw Roots.vanished(path) }
    guard isInside(real) || roots.contains(real) else { throw outside(path) }
    return real
  }

  private func isInside(_ path: String) -> Bool { roots.contains { path == $0 || path.hasPrefix($0 + "/") } }

  private func outside(_ path: String) -> SluiceError {
    SluiceError(
      .placeOutside, what: "'\(NameRule.printable(path))' is not, or leads not, below a root of this server",
      at: NameRule.printable(path), fix: "use a file below \(roots.joined(separator: ", ")), or publish without --in-place")
  }

  private static func vanished(_ path: String) -> SluiceError {
    SluiceError(
      .placeVanished, what: "'\(NameRule.printable(path))' is not there, or may not be read by the server",
      at: NameRule.printable(path), fix: "look at the path and its rights; the server has to see it under this name")
  }

  /// Opens a path without links, folder by folder from its root.
  private func open(_ path: String) throws(SluiceError) -> Opened {
    guard let root = roots.filter({ path == $0 || path.hasPrefix($0 + "/") }).max(by: { $0.count < $1.count }) else {
      throw outside(path)
    }
    let parts = path.dropFirst(root.count).split(separator: "/").map(String.init)
    guard !parts.contains(".."), !parts.contains(".") else { throw outside(path) }
    var current = Descriptor(Glibc.open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW))
    guard current.number >= 0 else { throw Roots.vanished(path) }
    for (index, part) in parts.enumerated() {
      let isLast = index == parts.count - 1
      let flags = O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | (isLast ? 0 : O_DIRECTORY)
      let next = openat(current.number, part, flags)
      guard next >= 0 else { throw errno == ELOOP ? outside(path) : Roots.vanished(path) }
      current = Descriptor(next)
    }
    return Opened(descriptor: current, status: try current.status())
  }

  private func walk(
    _ folder: String, prefix: String, depth: Int, into files: inout [OutsideFile]
  ) throws(SluiceError) {
    guard depth < Limits.inPlaceDepth, files.count <= Limits.filesPerVersion else {
      throw SluiceError(
        .publishManifest, what: "the folder has too many files, or folders too deep", at: folder,
        fix: "record a part of it")
    }
    for name in Disk.names(in: folder) {
      let path = folder + "/" + name
      // Links are resolved, and followed where they stay below the roots.
      let real = Disk.status(path).map { $0.st_mode & S_IFMT == S_IFLNK } == true ? try resolved(path) : path
      let opened = try open(real)
      if Disk.isDirectory(opened.status) {
        guard real == path else {
          throw SluiceError(
            .placeOutside, what: "the link '\(NameRule.printable(path))' leads to a folder", at: path,
            fix: "record that folder itself")
        }
        try walk(path, prefix: prefix + name + "/", depth: depth + 1, into: &files)
      } else {
        files.append(try Roots.file(opened, real, as: prefix + name))
      }
    }
  }

  private static func file(_ opened: Opened, _ real: String, as name: String) throws(SluiceError) -> OutsideFile {
    guard Disk.isRegular(opened.status) else {
      throw SluiceError(
        .pathInvalid, what: "'\(NameRule.printable(real))' is neither a file nor a folder", at: real,
        fix: "leave sockets, pipes and devices out")
    }
    try PathRule.require(name)
    return OutsideFile(
      path: name, size: Int64(opened.status.st_size),
      place: FilePlace(
        path: real, modified: modified(opened.status), inode: Int64(truncatingIfNeeded: opened.status.st_ino)))
  }

  private static func modified(_ status: stat) -> Int64 {
    Int64(status.st_mtim.tv_sec) * 1_000_000_000 + Int64(status.st_mtim.tv_nsec)
  }

  private static func isSame(_ file: StoredFile, _ place: FilePlace, _ status: stat) -> Bool {
    Int64(status.st_size) == file.size && modified(status) == place.modified
  }

  private static func requireSame(_ file: StoredFile, _ status: stat) throws(SluiceError) {
    guard let place = file.place, Disk.isRegular(status), isSame(file, place, status) else {
      throw SluiceError(
        .placeChanged, what: "'\(file.place?.path ?? file.path)' is not what it was when it was recorded",
        at: file.place?.path ?? file.path, fix: "publish it anew when nobody writes to it any more")
    }
  }

  private static func real(_ path: String) -> String? {
    guard let found = realpath(path, nil) else { return nil }
    defer { free(found) }
    return String(cString: found)
  }

  private static func last(_ path: String) -> String {
    path.split(separator: "/").last.map(String.init) ?? path
  }
}
