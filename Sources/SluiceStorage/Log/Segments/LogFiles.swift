package import SluiceModel

/// The disk under the log: what the log asks of files and folders, and nothing more.
///
/// A call that ended well counts as durable only after the file, or the folder for its names, was synced. Any call may
/// throw `log.full` where no room is left, else `log.failed`.
package protocol LogFiles: Sendable {
  /// Names in a folder, sorted; nil where there is no such folder.
  func names(in folder: String) throws(SluiceError) -> [String]?
  /// Nil for a file that is not there.
  func open(_ path: String, _ access: LogFileAccess) throws(SluiceError) -> (any LogFile)?
  /// A new, empty file; one of the same name is replaced.
  func create(_ path: String) throws(SluiceError) -> any LogFile
  /// In one step, and in place of a file of the new name.
  func rename(_ path: String, to other: String) throws(SluiceError)
  /// What is not there is no error.
  func remove(_ path: String) throws(SluiceError)
  /// With the folders above it that are missing, all of them durable.
  func makeFolder(_ path: String) throws(SluiceError)
  func syncFolder(_ path: String) throws(SluiceError)
}

package enum LogFileAccess: Sendable { case reading, writing }

package protocol LogFile: AnyObject, Sendable {
  var path: String { get }
  func size() throws(SluiceError) -> Int
  /// Fills the buffer; fewer bytes only where the file ends.
  func read(at offset: Int, into buffer: UnsafeMutableRawBufferPointer) throws(SluiceError) -> Int
  /// All of the bytes, or an error after some of them.
  func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws(SluiceError)
  func truncate(to size: Int) throws(SluiceError)
  func sync() throws(SluiceError)
  /// What is kept of the file in memory is given up, so that the next read comes from the disk itself.
  func forget()
}

extension LogFiles {
  /// Writes a small file whole, under a name of its own first, so that it is there completely or not at all.
  func put(_ bytes: [UInt8], at path: String) throws(SluiceError) {
    let unfinished = path + SegmentName.unfinished
    let file = try create(unfinished)
    try file.write(bytes, at: 0)
    try file.sync()
    try rename(unfinished, to: path)
  }
}

extension LogFile {
  func write(_ bytes: [UInt8], at offset: Int) throws(SluiceError) {
    try bytes.lend { (bytes) throws(SluiceError) in try write(bytes, at: offset) }
  }

  /// Up to `count` bytes from `offset` on.
  func bytes(at offset: Int, _ count: Int) throws(SluiceError) -> [UInt8] {
    var buffer = [UInt8](repeating: 0, count: count)
    let there = try buffer.lendMutable { (bytes) throws(SluiceError) in try read(at: offset, into: bytes) }
    return there == count ? buffer : Array(buffer.prefix(there))
  }
}
