import Glibc
import SluiceModel

/// How names lie in their file.
enum NamesLines {
  /// Reads the file, or makes an empty one; what follows the last line's end is cut off.
  /// - Throws: `names.damaged` for a line that is none of ours.
  static func read(_ path: String) throws(SluiceError) -> [Person] {
    guard let status = Disk.status(path) else {
      close(try open(path, O_CREAT))
      return []
    }
    // A copy out of a backup may be open to everybody.
    try Disk.closeToOthers(path)
    let bytes = try Disk.read(path, limit: Int(status.st_size))
    let whole = (bytes.lastIndex(of: UInt8(ascii: "\n")) ?? -1) + 1
    if whole < bytes.count { try cut(path, to: whole) }
    var people: [Person] = []
    for (index, line) in bytes[..<whole].split(separator: UInt8(ascii: "\n")).enumerated() {
      guard let person = try? StableJSON.decode(Person.self, from: line) else {
        throw SluiceError(
          .namesDamaged, what: "line \(index + 1) of the names cannot be read", at: path,
          fix: "restore the file from a backup, or take the line out: whose name it had is then seen by the alias")
      }
      people.append(person)
    }
    return people
  }

  /// Adds lines and syncs them; where that fails the file is as long as before. One that somebody took away meanwhile
  /// is not begun anew: it would lack all other names.
  static func append(_ people: [Person], to path: String, syncs: SyncSwitch) throws(SluiceError) {
    let descriptor = try open(path, 0)
    defer { close(descriptor) }
    let end = lseek(descriptor, 0, SEEK_END)
    guard end >= 0 else { throw Disk.error("add names to", path) }
    do throws(SluiceError) {
      try Disk.write(lines(people), to: descriptor, path)
      guard !syncs.file || fdatasync(descriptor) == 0 else { throw Disk.error("sync", path) }
    } catch {
      ftruncate(descriptor, end)
      throw error
    }
  }

  /// Puts a new file in the place of the old one.
  static func write(_ people: [Person], to path: String, syncs: SyncSwitch) throws(SluiceError) {
    let new = path + ".new"
    Disk.remove(new)
    do throws(SluiceError) {
      let descriptor = try open(new, O_CREAT | O_EXCL)
      defer { close(descriptor) }
      try Disk.write(lines(people), to: descriptor, new)
      guard !syncs.file || fdatasync(descriptor) == 0 else { throw Disk.error("sync", new) }
      try Disk.rename(new, to: path)
    } catch {
      Disk.remove(new)
      throw error
    }
    try DurableFolder.settle(Disk.parent(of: path), syncs: syncs)
  }

  private static func lines(_ people: [Person]) -> [UInt8] {
    people.flatMap { StableJSON.encode($0) + [UInt8(ascii: "\n")] }
  }

  private static func cut(_ path: String, to size: Int) throws(SluiceError) {
    guard truncate(path, size) == 0 else { throw Disk.error("cut off the unfinished line of", path) }
  }

  /// Only for the server's own user: names are about people.
  private static func open(_ path: String, _ flags: Int32) throws(SluiceError) -> Int32 {
    let descriptor = Glibc.open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW | flags, 0o600)
    guard descriptor >= 0 else { throw Disk.error("write", path) }
    return descriptor
  }
}
