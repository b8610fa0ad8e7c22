import FoundationEssentials
import Glibc
import SluiceModel

/// A file on this machine that is to be published, and its path in the version.
struct LocalFile: Sendable {
  let source: String
  let path: String
  let size: Int64
}

/// Finds what arguments stand for on disk.
enum LocalFiles {
  /// The files of a publish: named ones by their name, those of a directory by their path in it.
  /// - Throws: `publish.fileMissing`, `publish.outside`, `path.invalid`.
  static func find(_ arguments: [String]) throws(SluiceError) -> (files: [LocalFile], isTree: Bool) {
    var files: [LocalFile] = []
    var isTree = false
    for argument in arguments {
      let path = Machine.absolute(argument)
      var status = stat()
      guard stat(path, &status) == 0 else {
        throw SluiceError(
          .publishFileMissing, what: "the file '\(NameRule.printable(argument))' is not there", at: path,
          fix: "look at the path; nothing was published")
      }
      if status.st_mode & S_IFMT == S_IFDIR {
        isTree = true
        let before = files.count
        try walk(path, below: path, prefix: arguments.count > 1 ? FileName.last(path) + "/" : "", into: &files)
        guard files.count > before else {
          throw SluiceError(
            .publishNothing, what: "the directory '\(argument)' has no files", at: path, fix: "publish one that has")
        }
      } else {
        files.append(try file(path, status, as: FileName.last(path)))
      }
    }
    return (files, isTree)
  }

  private static func file(_ path: String, _ status: stat, as name: String) throws(SluiceError) -> LocalFile {
    guard status.st_mode & S_IFMT == S_IFREG else {
      throw SluiceError(
        .pathInvalid, what: "'\(NameRule.printable(path))' is neither a file nor a directory", at: path,
        fix: "leave sockets, pipes and devices out")
    }
    guard access(path, R_OK) == 0 else {
      throw SluiceError(
        .publishFileMissing, what: "the file '\(NameRule.printable(path))' may not be read", at: path,
        fix: "give yourself the right to read it")
    }
    try PathRule.require(name)
    return LocalFile(source: path, path: name, size: Int64(status.st_size))
  }

  private static func walk(
    _ folder: String, below root: String, prefix: String, into files: inout [LocalFile]
  ) throws(SluiceError) {
    guard let entries = try? FileManager.default.contentsOfDirectory(atPath: folder) else {
      throw SluiceError(
        .publishFileMissing, what: "the directory '\(NameRule.printable(folder))' may not be read", at: folder,
        fix: "give yourself the right to read it")
    }
    for name in entries.sorted() {
      let path = folder + "/" + name
      var status = stat()
      guard lstat(path, &status) == 0 else {
        throw SluiceError(
          .pathInvalid, what: "'\(NameRule.printable(name))' cannot be read under that name (is it UTF-8?)", at: folder,
          fix: "rename it")
      }
      if status.st_mode & S_IFMT == S_IFLNK {
        try requireInside(path, root)
        guard stat(path, &status) == 0 else {
          throw SluiceError(
            .publishFileMissing, what: "the link '\(NameRule.printable(path))' leads nowhere", at: path,
            fix: "mend or remove the link")
        }
        guard status.st_mode & S_IFMT == S_IFREG else {
          throw SluiceError(
            .publishOutside, what: "the link '\(NameRule.printable(path))' leads to a directory", at: path,
            fix: "put the files themselves there")
        }
      }
      if status.st_mode & S_IFMT == S_IFDIR {
        try walk(path, below: root, prefix: prefix + name + "/", into: &files)
      } else {
        files.append(try file(path, status, as: prefix + name))
      }
    }
  }

  /// A link out of the directory would publish what nobody meant.
  private static func requireInside(_ link: String, _ root: String) throws(SluiceError) {
    guard let target = realpath(link, nil), let base = realpath(root, nil) else { return }
    defer {
      free(target)
      free(base)
    }
    let (inside, whole) = (String(cString: target), String(cString: base))
    guard inside.hasPrefix(whole + "/") else {
      throw SluiceError(
        .publishOutside, what: "the link '\(NameRule.printable(link))' leads out of the directory, to \(inside)",
        at: link,
        fix: "copy the file into the directory, or leave the link out")
    }
  }

  /// Reads a file once, in pieces of 1 MiB, handing each to `take`.
  static func read(_ path: String, take: (UnsafeRawBufferPointer) throws -> Void) throws {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw failure("read", path) }
    defer { close(descriptor) }
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 4_096)
    defer { buffer.deallocate() }
    while true {
      let count = Glibc.read(descriptor, buffer.baseAddress, buffer.count)
      if count < 0 && errno == EINTR { continue }
      guard count >= 0 else { throw failure("read", path) }
      if count == 0 { return }
      try take(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
    }
  }

  /// At most so many bytes from a place on; fewer at the end.
  static func piece(of path: String, at offset: Int64, _ count: Int) throws(SluiceError) -> [UInt8] {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw failure("read", path) }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw failure("read", path) }
    var bytes = [UInt8](repeating: 0, count: max(0, min(count, Int(Int64(status.st_size) - offset))))
    let got = bytes.withUnsafeMutableBytes { pread(descriptor, $0.baseAddress, $0.count, off_t(offset)) }
    guard got >= 0 else { throw failure("read", path) }
    return Array(bytes.prefix(got))
  }

  static func isWritable(_ path: String) -> Bool { access(path, W_OK) == 0 }

  /// At most the last `count` bytes of a file; none where it cannot be read.
  @Sendable static func tail(_ path: String, _ count: Int) -> [UInt8] {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return [] }
    defer { close(descriptor) }
    var bytes = [UInt8](repeating: 0, count: count)
    let start = max(0, Int(lseek(descriptor, 0, SEEK_END)) - count)
    let read = pread(descriptor, &bytes, count, off_t(start))
    return Array(bytes[..<max(0, read)])
  }

  static func digest(_ path: String) throws -> Digest {
    var hash = Digest.Stream()
    try read(path) { hash.update($0) }
    return hash.finish()
  }

  /// Copies and hashes in one pass.
  static func copy(_ source: String, to target: String) throws -> Digest {
    try? FileManager.default.createDirectory(
      atPath: FileName.parent(target), withIntermediateDirectories: true)
    let output = open(target, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
    guard output >= 0 else { throw failure("write", target) }
    defer { close(output) }
    var hash = Digest.Stream()
    try read(source) { piece in
      hash.update(piece)
      try write(piece, to: output, target)
    }
    return hash.finish()
  }

  /// Writes all of it: a disk that is nearly full takes a part first, and says why only at the next.
  static func write(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32, _ path: String) throws {
    var done = 0
    while done < bytes.count {
      let count = Glibc.write(descriptor, bytes.baseAddress.map { $0 + done }, bytes.count - done)
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else { throw failure("write", path) }
      done += count
    }
  }

  static func failure(_ what: String, _ path: String) -> SluiceError {
    let code = errno
    let words = String(cString: strerror(code))
    switch code {
    case ENOSPC, EDQUOT:
      return SluiceError(
        .storeFull, what: "the disk is full", at: path, fix: "free some space and publish again; nothing was half-done")
    default:
      return SluiceError(
        .storeDenied, what: "cannot \(what) '\(NameRule.printable(path))': \(words)", at: path,
        fix: "look at the file's rights")
    }
  }
}

extension FileName {
  static func last(_ path: String) -> String {
    path.lastIndex(of: "/").map { String(path[path.index(after: $0)...]) } ?? path
  }
  static func parent(_ path: String) -> String {
    path.lastIndex(of: "/").map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
  }
}
