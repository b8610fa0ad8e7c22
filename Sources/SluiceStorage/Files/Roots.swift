import Glibc
package import SluiceModel

/// Files below configured folders, opened one folder at a time from there and never through a link, so that nobody who
/// renames things meanwhile can lead the server elsewhere. Source: ADR 0018.
package struct Roots: OutsideFiles {
  struct Root: Sendable {
    let path: String
    /// Another one means that something else is mounted there now, or nothing.
    let inode: ino_t
  }
  let known: [Root]
  /// Sluice's own folder, which is not handed out wherever it lies.
  private let own: String
  private let disk = BlockingQueue("sluice.roots", width: 4)

  package var roots: [String] { known.map(\.path) }

  /// - Parameter own: the data folder.
  /// - Throws: `usage` for what is not an absolute path of a folder that can be read, or lies in the data folder.
  package init(_ folders: [String], except own: String) throws(SluiceError) {
    self.own = Roots.real(own) ?? own
    var found: [Root] = []
    for folder in folders {
      guard folder.hasPrefix("/"), let real = Roots.real(folder), let status = Disk.status(real),
        Disk.isDirectory(status), access(real, R_OK | X_OK) == 0
      else {
        throw SluiceError(
          .usage, what: "'\(NameRule.printable(folder))' is no folder that can be read", at: "--root",
          fix: "name an absolute path of a folder that the server's user may read")
      }
      guard !Roots.lies(real, in: self.own) else {
        throw SluiceError(
          .usage, what: "'\(NameRule.printable(folder))' lies in the data folder, whose files are Sluice's own",
          at: "--root", fix: "name a folder outside of it")
      }
      if !found.contains(where: { $0.path == real }) { found.append(Root(path: real, inode: status.st_ino)) }
    }
    known = found.sorted { $0.path < $1.path }
  }

  package func find(_ paths: [String]) async throws(SluiceError) -> (files: [OutsideFile], isTree: Bool) {
    guard !known.isEmpty else { throw NoOutsideFiles.refusal }
    return try await disk.run { () throws(SluiceError) in
      var files: [OutsideFile] = []
      var isTree = false
      for path in paths {
        let real = try self.resolved(path)
        let opened = try self.open(real)
        if Disk.isDirectory(opened.status) {
          isTree = true
          let prefix = paths.count > 1 ? Roots.last(real) + "/" : ""
          try self.walk(opened.descriptor, real, prefix: prefix, depth: 0, into: &files)
        } else {
          files.append(try Roots.file(opened.status, real, as: Roots.last(path)))
        }
        try Roots.requireFew(files, path)
      }
      guard !files.isEmpty else {
        throw SluiceError(
          .publishNothing, what: "there is no file to record", at: paths.first ?? "in place", fix: "name one")
      }
      return (files, isTree)
    }
  }

  package func digest(_ file: StoredFile) async throws(SluiceError) -> Digest {
    let reader = try await open(file)
    var (hash, offset) = (Digest.Stream(), Int64(0))
    while true {
      // A file of hours must not hold up the end of the server.
      guard !Task.isCancelled else { throw SluiceError.stopping }
      let bytes = try await reader.read(at: offset, count: 4 << 20)
      if bytes.isEmpty { break }
      hash.update(bytes)
      offset += Int64(bytes.count)
    }
    try await reader.requireSame(file)
    return hash.finish()
  }

  package func differences(_ files: [StoredFile]) async throws(SluiceError) -> [FileDifference] {
    try await disk.run { () throws(SluiceError) in
      var found: [FileDifference] = []
      var folder: (path: String, descriptor: Descriptor?)?
      for file in files {
        guard let place = file.place else { continue }
        let parent = Disk.parent(of: place.path)
        if folder?.path != parent { folder = (parent, try self.look(at: parent)?.descriptor) }
        let status = try folder?.descriptor.flatMap { (descriptor) throws(SluiceError) in
          try descriptor.status(of: Roots.last(place.path))
        }
        guard let status, Disk.isRegular(status) else {
          found.append(FileDifference(file, at: place, now: nil))
          continue
        }
        guard !Roots.isSame(file, place, status) else { continue }
        let now = FileDifference.State(size: Int64(status.st_size), modified: Roots.modified(status))
        found.append(FileDifference(file, at: place, now: now))
      }
      return found
    }
  }

  package func open(_ file: StoredFile) async throws(SluiceError) -> any OutsideReader {
    guard let place = file.place else {
      throw SluiceError(.internalError, what: "'\(file.path)' is not in place", at: file.path, fix: "report this")
    }
    let opened = try await disk.run { () throws(SluiceError) in
      let opened = try self.open(place.path)
      try Roots.requireSame(file, opened.status)
      return opened
    }
    return Reader(descriptor: opened.descriptor, disk: disk)
  }

  private struct Reader: OutsideReader {
    let descriptor: Descriptor
    let disk: BlockingQueue

    func read(at offset: Int64, count: Int) async throws(SluiceError) -> [UInt8] {
      try await disk.run { () throws(SluiceError) in try descriptor.read(at: offset, count: count) }
    }

    func requireSame(_ file: StoredFile) async throws(SluiceError) {
      try await disk.run { () throws(SluiceError) in try Roots.requireSame(file, try descriptor.status()) }
    }

    var pathForPrograms: String? { "/proc/\(getpid())/fd/\(descriptor.number)" }
  }
}

// MARK: Names

extension Roots {
  /// Where a path leads, links followed. Nothing is said of what lies elsewhere, not even whether it is there.
  private func resolved(_ path: String) throws(SluiceError) -> String {
    guard path.hasPrefix("/"), path.utf8.count <= Limits.referenceBytes, !path.utf8.contains(0) else {
      throw SluiceError(
        .pathInvalid, what: "'\(NameRule.printable(path))' is no absolute path", at: "in place",
        fix: "name the file as the server sees it, from / on")
    }
    if let real = Roots.real(path) {
      guard isOpen(real) else { throw outside(path) }
      return real
    }
    var above = path
    while above != "/" {
      above = Disk.parent(of: above)
      if above.isEmpty { above = "/" }
      guard let real = Roots.real(above) else { continue }
      guard isOpen(real) else { throw outside(path) }
      throw Roots.vanished(path)
    }
    throw outside(path)
  }

  private func root(of path: String) -> Root? {
    guard !Roots.lies(path, in: own) else { return nil }
    return known.filter { Roots.lies(path, in: $0.path) }.max { $0.path.count < $1.path.count }
  }

  private func isOpen(_ path: String) -> Bool { root(of: path) != nil }

  private static func lies(_ path: String, in folder: String) -> Bool {
    path == folder || path.hasPrefix(folder == "/" ? folder : folder + "/")
  }

  private func outside(_ path: String) -> SluiceError {
    SluiceError(
      .placeOutside, what: "'\(NameRule.printable(path))' is not, or leads not, below a root of this server",
      at: NameRule.printable(path),
      fix: "use a file below \(roots.joined(separator: ", ")), or publish without --in-place")
  }

  private static func vanished(_ path: String) -> SluiceError {
    SluiceError(
      .placeVanished, what: "'\(NameRule.printable(path))' is not there, or may not be read by the server",
      at: NameRule.printable(path), fix: "look at the path and its rights; the server has to see it under this name")
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

// MARK: Opening

extension Roots {
  private struct Opened: Sendable {
    let descriptor: Descriptor
    let status: stat
  }

  private func open(_ path: String) throws(SluiceError) -> Opened {
    guard let opened = try look(at: path) else { throw Roots.vanished(path) }
    return opened
  }

  /// Opens a path without links, folder by folder from its root.
  /// - Returns: nil where nothing is there under this name, or a link is.
  /// - Throws: `place.noRoots`, `place.outside`; `place.vanished` where nobody can say what is there.
  private func look(at path: String) throws(SluiceError) -> Opened? {
    guard !known.isEmpty else { throw NoOutsideFiles.refusal }
    guard let root = root(of: path) else { throw outside(path) }
    let parts = path.dropFirst(root.path.count).split(separator: "/").map(String.init)
    guard !parts.contains(".."), !parts.contains(".") else { throw outside(path) }
    var current = Descriptor(Glibc.open(root.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW))
    guard current.number >= 0, try current.status().st_ino == root.inode else {
      throw SluiceError(
        .placeVanished, what: "the root '\(root.path)' is not what it was when the server started", at: path,
        fix: "look whether it is mounted; if it was moved on purpose, start the server again")
    }
    for (index, part) in parts.enumerated() {
      let isLast = index == parts.count - 1
      let flags = O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | (isLast ? 0 : O_DIRECTORY)
      let next = openat(current.number, part, flags)
      guard next >= 0 else {
        if [ENOENT, ENOTDIR, ELOOP, ENXIO].contains(errno) { return nil }
        throw Roots.vanished(path)
      }
      current = Descriptor(next)
    }
    return Opened(descriptor: current, status: try current.status())
  }

  private func walk(
    _ folder: Descriptor, _ path: String, prefix: String, depth: Int, into files: inout [OutsideFile]
  ) throws(SluiceError) {
    guard depth < Limits.inPlaceDepth else {
      throw SluiceError(
        .publishManifest, what: "the folder has folders more than \(Limits.inPlaceDepth) deep", at: path,
        fix: "record a part of it")
    }
    for name in folder.names() {
      let here = path + "/" + name
      // Sluice's own folder may lie below a root.
      if here == own { continue }
      guard let status = try folder.status(of: name) else { continue }
      if Disk.isDirectory(status) {
        try walk(try open(here).descriptor, here, prefix: prefix + name + "/", depth: depth + 1, into: &files)
        continue
      }
      // Links are resolved, and taken where they lead to a file below the roots.
      let real = status.st_mode & S_IFMT == S_IFLNK ? try resolved(here) : here
      let opened = try open(real)
      guard !Disk.isDirectory(opened.status) else {
        throw SluiceError(
          .placeOutside, what: "the link '\(NameRule.printable(here))' leads to a folder", at: here,
          fix: "record that folder itself")
      }
      files.append(try Roots.file(opened.status, real, as: prefix + name))
      try Roots.requireFew(files, path)
    }
  }

  private static func requireFew(_ files: [OutsideFile], _ path: String) throws(SluiceError) {
    guard files.count <= Limits.filesPerVersion else {
      throw SluiceError(
        .publishManifest, what: "there are more than \(Limits.filesPerVersion) files", at: path,
        fix: "record a part of them")
    }
  }

  private static func file(_ status: stat, _ real: String, as name: String) throws(SluiceError) -> OutsideFile {
    guard Disk.isRegular(status) else {
      throw SluiceError(
        .pathInvalid, what: "'\(NameRule.printable(real))' is neither a file nor a folder", at: real,
        fix: "leave sockets, pipes and devices out")
    }
    try PathRule.require(name)
    return OutsideFile(
      path: name, size: Int64(status.st_size),
      place: FilePlace(path: real, modified: modified(status), inode: Int64(truncatingIfNeeded: status.st_ino)))
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
}

extension Roots {
  /// A descriptor that is closed with its last user.
  final class Descriptor: Sendable {
    let number: Int32
    init(_ number: Int32) { self.number = number }
    deinit { if number >= 0 { close(number) } }

    func status() throws(SluiceError) -> stat {
      var status = stat()
      guard fstat(number, &status) == 0 else { throw Disk.error("look at", "a file in place") }
      return status
    }

    /// What has this name in a folder, links not followed; nil where nothing has.
    func status(of name: String) throws(SluiceError) -> stat? {
      var status = stat()
      if fstatat(number, name, &status, AT_SYMLINK_NOFOLLOW) == 0 { return status }
      if errno == ENOENT { return nil }
      throw Disk.error("look at", name)
    }

    func read(at offset: Int64, count: Int) throws(SluiceError) -> [UInt8] {
      var bytes = [UInt8](repeating: 0, count: count)
      while true {
        let got = bytes.withUnsafeMutableBytes { pread(number, $0.baseAddress, count, off_t(offset)) }
        if got < 0, errno == EINTR { continue }
        guard got >= 0 else { throw Disk.error("read", "a file in place") }
        if got < count { bytes.removeLast(count - got) }
        return bytes
      }
    }

    /// Names in a folder, sorted.
    func names() -> [String] {
      let copy = openat(number, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
      guard copy >= 0 else { return [] }
      guard let folder = fdopendir(copy) else {
        close(copy)
        return []
      }
      return Disk.names(in: folder)
    }
  }
}
