import GRDB
import SluiceModel

extension SluiceError {
  /// What SQLite says, as our error.
  init(sqlite error: any Error, at path: String) {
    if let error = error as? SluiceError {
      self = error
      return
    }
    guard let error = error as? DatabaseError else {
      self.init(.logFailed, what: "\(error)", at: path, fix: "look at the file and the disk")
      return
    }
    switch error.resultCode {
    case .SQLITE_FULL:
      self.init(
        .logFull, what: "the disk is full, and nothing was recorded", at: path,
        fix: "free some space; nothing else is needed, the next command goes through")
    case .SQLITE_READONLY, .SQLITE_CANTOPEN, .SQLITE_PERM:
      self.init(
        .logFailed, what: "the file cannot be written (\(error.resultCode))", at: path,
        fix: "give the server's user the right to write there, or mount the disk writable")
    case .SQLITE_CORRUPT, .SQLITE_NOTADB:
      self.init(
        .logDamaged, what: "the file is damaged (\(error.resultCode))", at: path, fix: "restore it from a backup")
    case .SQLITE_IOERR where error.extendedResultCode == .SQLITE_IOERR_WRITE:
      self.init(.logFull, what: "the disk took no more bytes", at: path, fix: "free some space, or look at the disk")
    default:
      self.init(.logFailed, what: "\(error)", at: path, fix: "look at the disk; the server's log says more")
    }
  }
}
