package import Glibc
package import SluiceModel

/// A folder whose content the user of a task may change at any time, as root has to reach it: step by step from one
/// that is open, and never through a link. What leads to the folder itself must be closed to that user.
package final class GuardedFolder: Sendable {
  private let descriptor: Int32

  private init(_ descriptor: Int32) { self.descriptor = descriptor }
  deinit { close(descriptor) }

  /// - Returns: nil where there is none, or something else stands in its place.
  package static func open(_ path: String) -> GuardedFolder? {
    let descriptor = Glibc.open(path, folderFlags)
    return descriptor < 0 ? nil : GuardedFolder(descriptor)
  }

  private static let folderFlags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC

  private func folder(_ name: String) -> GuardedFolder? {
    guard GuardedFolder.isPlain(name) else { return nil }
    let next = openat(descriptor, name, GuardedFolder.folderFlags)
    return next < 0 ? nil : GuardedFolder(next)
  }

  /// The folder of a relative path and the last name of that.
  private func place(of path: String) -> (folder: GuardedFolder, name: String)? {
    let parts = path.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
    guard let last = parts.last, GuardedFolder.isPlain(last) else { return nil }
    var folder = self
    for part in parts.dropLast() {
      guard let next = folder.folder(part) else { return nil }
      folder = next
    }
    return (folder, last)
  }

  private static func isPlain(_ name: String) -> Bool {
    !name.isEmpty && name != "." && name != ".." && !name.contains("/")
  }

  // MARK: Making

  /// Makes a folder and what leads to it; those that lead to it are the caller's alone.
  /// - Parameters:
  ///   - path: relative to this folder.
  ///   - owner: of the last one; nil for the caller.
  ///   - group: of the last one; nil for the caller's.
  /// - Throws: `store.denied`, `store.full`; also where something is there that is neither the caller's nor `owner`'s.
  package func make(_ path: String, owner: uid_t?, group: gid_t?, mode: mode_t) throws(SluiceError) {
    let parts = path.split(separator: "/").map(String.init)
    var folder = self
    for (index, part) in parts.enumerated() {
      let isLast = index == parts.count - 1
      let isMade = mkdirat(folder.descriptor, part, 0o700) == 0
      guard isMade || errno == EEXIST else { throw GuardedFolder.failure("make", path) }
      guard let next = folder.folder(part) else { throw GuardedFolder.foreign(path) }
      var status = stat()
      guard fstat(next.descriptor, &status) == 0,
        status.st_uid == geteuid() || isLast && status.st_uid == owner
      else { throw GuardedFolder.foreign(path) }
      if isMade || isLast {
        // What is not named stays as it is.
        let (user, its) = isLast ? (owner ?? uid_t.max, group ?? gid_t.max) : (uid_t.max, gid_t.max)
        guard fchown(next.descriptor, user, its) == 0, fchmod(next.descriptor, isLast ? mode : 0o755) == 0 else {
          throw GuardedFolder.failure("change", path)
        }
      }
      folder = next
    }
  }

  // MARK: Reading

  /// A file that a task has made, open for reading.
  /// - Parameter owner: whose it has to be: a hard link to a file of another would let a task have read what it may not
  ///   read itself. Nil takes any.
  /// - Returns: nil where there is none, or something that is no file, or not that user's.
  package func file(_ path: String, owner: uid_t?) -> GuardedFile? {
    guard let (folder, name) = place(of: path) else { return nil }
    // A pipe without a writer would keep whoever opens it waiting.
    let file = openat(folder.descriptor, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
    guard file >= 0 else { return nil }
    var status = stat()
    guard fstat(file, &status) == 0, status.st_mode & S_IFMT == S_IFREG, owner == nil || status.st_uid == owner else {
      close(file)
      return nil
    }
    return GuardedFile(file, size: Int64(status.st_size), path: path)
  }

  /// Files below, by their paths, sorted; links, and what lies deeper than 16 folders, is left out.
  package func names(depth: Int = 16) -> [String] {
    var found: [String] = []
    for name in entries().map({ String(decoding: $0.map { UInt8(bitPattern: $0) }.dropLast(), as: UTF8.self) }) {
      var status = stat()
      guard fstatat(descriptor, name, &status, AT_SYMLINK_NOFOLLOW) == 0 else { continue }
      if status.st_mode & S_IFMT == S_IFREG { found.append(name) }
      if status.st_mode & S_IFMT == S_IFDIR, depth > 1, let below = folder(name) {
        found += below.names(depth: depth - 1).map { name + "/" + $0 }
      }
    }
    return found.sorted()
  }

  /// The same of a folder in it.
  package func names(in path: String) -> [String] {
    guard let (folder, name) = place(of: path) else { return [] }
    return folder.folder(name)?.names().map { path + "/" + $0 } ?? []
  }

  // MARK: Taking away

  /// Takes away one name.
  package func unlink(_ path: String) {
    guard let (folder, name) = place(of: path) else { return }
    unlinkat(folder.descriptor, name, 0)
  }

  /// Takes away a folder with all that is in it.
  /// - Parameter path: what leads to it must be closed to the task's user.
  package static func remove(_ path: String) {
    // One in which somebody makes folders faster than they go stays.
    var taken = 0
    for _ in 0..<10_000 {
      guard let folder = open(path) else {
        Glibc.unlink(path)
        return
      }
      folder.sweep(depth: 0, top: folder.descriptor, &taken)
      if rmdir(path) == 0 || !folder.hasDeep { return }
    }
  }

  private static let deep = ".sluice-deep-"
  private var hasDeep: Bool {
    entries().contains { $0.starts(with: GuardedFolder.deep.utf8.map { CChar(bitPattern: $0) }) }
  }

  /// One that is nested deeper than folders can be held open is taken to the top, and is swept from there.
  /// - Parameter taken: how many were; each has a name of its own, since the earlier ones may still be there.
  private func sweep(depth: Int, top: Int32, _ taken: inout Int) {
    for name in entries() {
      if unlinkat(descriptor, name, 0) == 0 { continue }
      let next = openat(descriptor, name, GuardedFolder.folderFlags)
      guard next >= 0 else { continue }
      let below = GuardedFolder(next)
      if depth < 64 {
        below.sweep(depth: depth + 1, top: top, &taken)
      } else {
        taken += 1
        renameat(descriptor, name, top, "\(GuardedFolder.deep)\(taken)")
      }
      unlinkat(descriptor, name, AT_REMOVEDIR)
    }
  }

  /// Names as they stand there, whatever their bytes, each with its closing 0.
  private func entries() -> [[CChar]] {
    let copy = openat(descriptor, ".", GuardedFolder.folderFlags)
    guard copy >= 0, let stream = fdopendir(copy) else { return [] }
    defer { closedir(stream) }
    var found: [[CChar]] = []
    while let entry = readdir(stream) {
      let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
        bytes.prefix { $0 != 0 }.map { CChar(bitPattern: $0) }
      }
      if name != [0x2E], name != [0x2E, 0x2E] { found.append(name + [0]) }
    }
    return found
  }

  // MARK: Failures

  private static func failure(_ what: String, _ path: String) -> SluiceError {
    let code = errno
    return SluiceError(
      code == ENOSPC || code == EDQUOT ? .storeFull : .storeDenied,
      what: "cannot \(what) '\(NameRule.printable(path))': \(String(cString: strerror(code)))", at: path,
      fix: "look at the folder's rights, and at the room on its disk")
  }

  private static func foreign(_ path: String) -> SluiceError {
    SluiceError(
      .storeDenied, what: "something that a task has put there stands in the way of '\(NameRule.printable(path))'",
      at: path, fix: "look at what the step's command does on its bench")
  }
}

/// A file that stays the same one, whatever becomes of its name.
package final class GuardedFile: Sendable {
  private let descriptor: Int32
  package let size: Int64
  private let path: String

  fileprivate init(_ descriptor: Int32, size: Int64, path: String) {
    (self.descriptor, self.size, self.path) = (descriptor, size, path)
  }
  deinit { close(descriptor) }

  /// At most so many bytes from a place on; fewer at the end.
  /// - Throws: `store.denied`.
  package func piece(at offset: Int64, _ count: Int) throws(SluiceError) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: max(0, min(count, Int(size - offset))))
    let got = bytes.withUnsafeMutableBytes { pread(descriptor, $0.baseAddress, $0.count, off_t(offset)) }
    guard got >= 0 else {
      throw SluiceError(
        .storeDenied, what: "cannot read '\(NameRule.printable(path))': \(String(cString: strerror(errno)))", at: path,
        fix: "look at the disk")
    }
    return Array(bytes.prefix(got))
  }

  /// - Throws: `store.denied`.
  package func digest() throws(SluiceError) -> Digest {
    var hash = Digest.Stream()
    var offset: Int64 = 0
    while offset < size {
      let bytes = try piece(at: offset, 1 << 20)
      if bytes.isEmpty { break }
      hash.update(bytes)
      offset += Int64(bytes.count)
    }
    return hash.finish()
  }
}
