import Glibc
package import SluiceModel

/// The log's files on the real disk.
package struct DiskLogFiles: LogFiles {
  private let syncs: SyncSwitch

  package init(syncs: SyncSwitch = .all) { self.syncs = syncs }

  package func names(in folder: String) throws(SluiceError) -> [String]? {
    guard let listing = opendir(folder) else {
      if errno == ENOENT { return nil }
      throw DiskFault.now("list", folder)
    }
    closedir(listing)
    return Disk.names(in: folder)
  }

  package func open(_ path: String, _ access: LogFileAccess) throws(SluiceError) -> (any LogFile)? {
    let descriptor = Glibc.open(path, (access == .reading ? O_RDONLY : O_RDWR) | O_CLOEXEC)
    if descriptor < 0 && errno == ENOENT { return nil }
    guard descriptor >= 0 else { throw DiskFault.now("open", path) }
    return DiskLogFile(path, descriptor, syncs: syncs.log)
  }

  package func create(_ path: String) throws(SluiceError) -> any LogFile {
    let descriptor = Glibc.open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw DiskFault.now("make", path) }
    return DiskLogFile(path, descriptor, syncs: syncs.log)
  }

  package func rename(_ path: String, to other: String) throws(SluiceError) {
    guard Glibc.rename(path, other) == 0 else { throw DiskFault.now("rename", path) }
  }

  package func remove(_ path: String) throws(SluiceError) {
    guard unlink(path) == 0 || errno == ENOENT else { throw DiskFault.now("remove", path) }
  }

  package func makeFolder(_ path: String) throws(SluiceError) {
    let new = Disk.folders(from: "/", to: path).filter { Disk.status($0) == nil }
    for folder in new {
      guard mkdir(folder, 0o755) == 0 || errno == EEXIST else { throw DiskFault.now("make the folder", folder) }
      try syncFolder(Disk.parent(of: folder))
    }
  }

  package func syncFolder(_ path: String) throws(SluiceError) {
    guard syncs.folder else { return }
    let descriptor = Glibc.open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { throw DiskFault.now("open the folder", path) }
    defer { close(descriptor) }
    guard fsync(descriptor) == 0 else { throw DiskFault.now("sync the folder", path) }
  }
}

private final class DiskLogFile: LogFile {
  let path: String
  private let descriptor: Int32
  private let syncs: Bool

  init(_ path: String, _ descriptor: Int32, syncs: Bool) {
    (self.path, self.descriptor, self.syncs) = (path, descriptor, syncs)
  }

  deinit { close(descriptor) }

  func size() throws(SluiceError) -> Int {
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw DiskFault.now("look at", path) }
    return Int(status.st_size)
  }

  func read(at offset: Int, into buffer: UnsafeMutableRawBufferPointer) throws(SluiceError) -> Int {
    guard let start = buffer.baseAddress else { return 0 }
    var done = 0
    while done < buffer.count {
      let count = pread(descriptor, start + done, buffer.count - done, off_t(offset + done))
      if count < 0 && errno == EINTR { continue }
      guard count >= 0 else { throw DiskFault.now("read", path) }
      if count == 0 { break }
      done += count
    }
    return done
  }

  func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws(SluiceError) {
    guard let start = bytes.baseAddress else { return }
    var done = 0
    while done < bytes.count {
      let count = pwrite(descriptor, start + done, bytes.count - done, off_t(offset + done))
      if count < 0 && errno == EINTR { continue }
      if count == 0 { errno = ENOSPC }
      guard count > 0 else { throw DiskFault.now("write", path) }
      done += count
    }
  }

  func truncate(to size: Int) throws(SluiceError) {
    while ftruncate(descriptor, off_t(size)) != 0 {
      guard errno == EINTR else { throw DiskFault.now("cut", path) }
    }
  }

  func sync() throws(SluiceError) {
    // A sync that failed is not repeated: the kernel takes what it could not write for written.
    while syncs && fdatasync(descriptor) != 0 {
      guard errno == EINTR else { throw DiskFault.now("sync", path) }
    }
  }

  func forget() { posix_fadvise(descriptor, 0, 0, POSIX_FADV_DONTNEED) }
}

/// What the system says, as our errors.
private enum DiskFault {
  /// - Parameter doing: what was being done, as in "cannot write FILE".
  static func now(_ doing: String, _ path: String) -> SluiceError {
    let code = errno
    let words = String(cString: strerror(code))
    switch code {
    case ENOSPC, EDQUOT, EFBIG:
      return SluiceError(
        .logFull, what: "the disk is full, and nothing was recorded (\(words))", at: path,
        fix: "free some space; nothing else is needed, the next command goes through")
    case EROFS, EACCES, EPERM:
      return SluiceError(
        .logFailed, what: "cannot \(doing) the log: \(words)", at: path,
        fix: "give the server's user the right to write there, or mount the disk writable")
    case EMFILE, ENFILE:
      return SluiceError(
        .logFailed, what: "cannot \(doing) the log: \(words)", at: path,
        fix: "allow the server more open files (ulimit -n, LimitNOFILE=)")
    default:
      return SluiceError(
        .logFailed, what: "cannot \(doing) the log: \(words)", at: path,
        fix: "look at the disk; nothing that was acknowledged is touched")
    }
  }
}
