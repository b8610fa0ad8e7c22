import Glibc
import SluiceModel

/// File system calls with our errors; each says what it was about to do and where.
enum Disk {
  static func makeDirectories(_ path: String) throws(SluiceError) {
    if mkdir(path, 0o755) == 0 || errno == EEXIST { return }
    guard errno == ENOENT, let slash = path.lastIndex(of: "/"), slash != path.startIndex else {
      throw error("make the folder", path)
    }
    try makeDirectories(String(path[..<slash]))
    guard mkdir(path, 0o755) == 0 || errno == EEXIST else { throw error("make the folder", path) }
  }

  /// The folders on the way from `root`, which is not among them, to `path`, which is.
  static func folders(from root: String, to path: String) -> [String] {
    Array(sequence(first: path, next: { parent(of: $0) }).prefix { $0.count > root.count }).reversed()
  }

  static func parent(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/"), slash != path.startIndex else { return "/" }
    return String(path[..<slash])
  }

  static func rename(_ from: String, to: String) throws(SluiceError) {
    guard Glibc.rename(from, to) == 0 else { throw error("move \(from) to", to) }
  }

  static func hardLink(_ from: String, to: String) throws(SluiceError) {
    guard link(from, to) == 0 else { throw error("link \(from) to", to) }
  }

  static func symbolicLink(_ target: String, at path: String) throws(SluiceError) {
    guard symlink(target, path) == 0 else { throw error("make the link", path) }
  }

  /// Syncs a file's bytes, or a folder's entries.
  static func sync(_ path: String) throws(SluiceError) {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw error("open", path) }
    defer { close(descriptor) }
    guard fsync(descriptor) == 0 else { throw error("sync", path) }
  }

  /// Only the user that the server runs as may read it from now on.
  static func closeToOthers(_ path: String) throws(SluiceError) {
    guard chmod(path, 0o600) == 0 else { throw error("close to others", path) }
  }

  static func write(_ bytes: [UInt8], to path: String) throws(SluiceError) {
    let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw error("write", path) }
    defer { close(descriptor) }
    try write(bytes, to: descriptor, path)
  }

  static func write(_ bytes: [UInt8], to descriptor: Int32, _ path: String) throws(SluiceError) {
    var done = 0
    while done < bytes.count {
      let count = bytes[done...].withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else { throw error("write", path) }
      done += count
    }
  }

  static func read(_ path: String, limit: Int) throws(SluiceError) -> [UInt8] {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw error("read", path) }
    defer { close(descriptor) }
    var bytes = [UInt8](repeating: 0, count: limit)
    let count = bytes.withUnsafeMutableBytes { Glibc.read(descriptor, $0.baseAddress, limit) }
    guard count >= 0 else { throw error("read", path) }
    return Array(bytes.prefix(count))
  }

  /// A regular file's status, links not followed; nil for what is not there.
  static func status(_ path: String) -> stat? {
    var status = stat()
    return lstat(path, &status) == 0 ? status : nil
  }

  static func isRegular(_ status: stat) -> Bool { status.st_mode & S_IFMT == S_IFREG }
  static func isDirectory(_ status: stat) -> Bool { status.st_mode & S_IFMT == S_IFDIR }

  /// Reads a file once and hashes it, in pieces of 1 MiB.
  static func digest(_ path: String) throws(SluiceError) -> (size: Int64, sha256: Digest) {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
    guard descriptor >= 0 else { throw error("read", path) }
    defer { close(descriptor) }
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 4_096)
    defer { buffer.deallocate() }
    var hash = Digest.Stream()
    var size: Int64 = 0
    while true {
      let count = Glibc.read(descriptor, buffer.baseAddress, buffer.count)
      if count < 0 && errno == EINTR { continue }
      guard count >= 0 else { throw error("read", path) }
      if count == 0 { return (size, hash.finish()) }
      hash.update(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
      size += Int64(count)
    }
  }

  /// Names in a folder, sorted; empty for one that is not there.
  static func names(in path: String) -> [String] {
    opendir(path).map { names(in: $0) } ?? []
  }

  /// The same of an open folder, which is closed.
  static func names(in folder: OpaquePointer) -> [String] {
    defer { closedir(folder) }
    var names: [String] = []
    while let entry = readdir(folder) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name != "." && name != ".." { names.append(name) }
    }
    return names.sorted()
  }

  /// The files below a folder, by what lies on the disk of them, in order of their paths.
  static func links(below folder: String) -> [StoredLink] {
    names(in: folder).flatMap { name -> [StoredLink] in
      let path = folder + "/" + name
      guard let status = status(path) else { return [] }
      if isDirectory(status) { return links(below: path) }
      let inode = StoredLink.Inode(device: UInt64(status.st_dev), number: UInt64(status.st_ino))
      return [StoredLink(inode: inode, names: Int(status.st_nlink), bytes: Int64(status.st_size))]
    }
  }

  /// Takes a file or a whole folder away; what is not there is no error. Links are removed, not followed.
  static func remove(_ path: String) {
    guard let status = status(path) else { return }
    guard isDirectory(status) else {
      unlink(path)
      return
    }
    for name in names(in: path) { remove(path + "/" + name) }
    rmdir(path)
  }

  static func error(_ what: String, _ path: String) -> SluiceError {
    let code = errno
    let words = String(cString: strerror(code))
    switch code {
    case ENOSPC, EDQUOT:
      return SluiceError(
        .storeFull, what: "cannot \(what) \(path): the disk is full", at: path,
        fix: "free some space and repeat the command; nothing was half-done")
    case EROFS, EACCES, EPERM:
      return SluiceError(
        .storeDenied, what: "cannot \(what) \(path): \(words)", at: path,
        fix: "give the server's user the right to write there, or mount the disk writable")
    case ENOENT:
      return SluiceError(
        .fileUnknown, what: "cannot \(what) \(path): it is not there", at: path, fix: "look whether it was removed")
    default:
      return SluiceError(.storeDamaged, what: "cannot \(what) \(path): \(words)", at: path, fix: "look at the disk")
    }
  }
}
