import SluiceModel
import SluiceStorage
import Synchronization

/// The real disk, but for one write that it can be told to break off.
final class FailingLogFiles: LogFiles {
  private let disk = DiskLogFiles()
  private let refuses = Mutex(false)

  /// The next write ends after half of its bytes, as on a disk that is full.
  func refuse() { refuses.withLock { $0 = true } }

  fileprivate func takesRefusal() -> Bool {
    refuses.withLock { refuses in
      defer { refuses = false }
      return refuses
    }
  }

  func names(in folder: String) throws(SluiceError) -> [String]? { try disk.names(in: folder) }
  func open(_ path: String, _ access: LogFileAccess) throws(SluiceError) -> (any LogFile)? {
    try disk.open(path, access).map { FailingLogFile($0, self) }
  }
  func create(_ path: String) throws(SluiceError) -> any LogFile { FailingLogFile(try disk.create(path), self) }
  func rename(_ path: String, to other: String) throws(SluiceError) { try disk.rename(path, to: other) }
  func remove(_ path: String) throws(SluiceError) { try disk.remove(path) }
  func makeFolder(_ path: String) throws(SluiceError) { try disk.makeFolder(path) }
  func syncFolder(_ path: String) throws(SluiceError) { try disk.syncFolder(path) }
}

private final class FailingLogFile: LogFile {
  private let file: any LogFile
  private let files: FailingLogFiles

  init(_ file: any LogFile, _ files: FailingLogFiles) { (self.file, self.files) = (file, files) }

  var path: String { file.path }
  func size() throws(SluiceError) -> Int { try file.size() }
  func read(at offset: Int, into buffer: UnsafeMutableRawBufferPointer) throws(SluiceError) -> Int {
    try file.read(at: offset, into: buffer)
  }
  func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws(SluiceError) {
    guard files.takesRefusal() else { return try file.write(bytes, at: offset) }
    try file.write(UnsafeRawBufferPointer(rebasing: bytes[..<(bytes.count / 2)]), at: offset)
    throw SluiceError(.logFull, what: "the disk is full", at: path, fix: "free some space")
  }
  func truncate(to size: Int) throws(SluiceError) { try file.truncate(to: size) }
  func sync() throws(SluiceError) { try file.sync() }
  func forget() { file.forget() }
}
