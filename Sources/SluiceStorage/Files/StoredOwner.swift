package import Glibc
package import SluiceModel

/// Whose the files of versions are, and who may read them, where a studio wants something else than the server's user
/// and everybody.
package struct StoredOwner: Sendable, Hashable {
  /// What stays as it is, is nil.
  package let user: uid_t?
  package let group: gid_t?
  package let mode: mode_t
  package init(user: uid_t? = nil, group: gid_t? = nil, mode: mode_t = StoredOwner.usualMode) {
    (self.user, self.group, self.mode) = (user, group, mode)
  }

  package static let usualMode: mode_t = 0o444

  /// - Parameter text: octal digits.
  /// - Returns: nil where that is no mode, lets somebody write or run what is never changed, or keeps its owner out.
  package static func mode(_ text: String) -> mode_t? {
    guard let mode = mode_t(text, radix: 8), mode & ~0o444 == 0, mode & 0o400 != 0 else { return nil }
    return mode
  }

  /// - Parameters:
  ///   - owner: USER or USER:GROUP; without a group, the user's own.
  ///   - caller: the user that this program runs as.
  /// - Throws: `store.owner` where only root could, or this machine has no such user or group.
  package static func named(_ owner: String?, mode: mode_t, caller: uid_t) throws(SluiceError) -> StoredOwner {
    guard let owner else { return StoredOwner(mode: mode) }
    guard caller == 0 else {
      throw refusal(
        "only root may give files to others, and this server is started by user \(caller)", owner,
        "start the server as root, or as the user that its files should have")
    }
    let parts = owner.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    guard let found = getpwnam(parts[0]) else {
      throw refusal("this machine has no user '\(NameRule.printable(parts[0]))'", owner, "name one that it has")
    }
    let (user, own) = (found.pointee.pw_uid, found.pointee.pw_gid)
    guard parts.count == 2 else { return StoredOwner(user: user, group: own, mode: mode) }
    guard let group = getgrnam(parts[1]) else {
      throw refusal("this machine has no group '\(NameRule.printable(parts[1]))'", owner, "name one that it has")
    }
    return StoredOwner(user: user, group: group.pointee.gr_gid, mode: mode)
  }

  private static func refusal(_ what: String, _ owner: String, _ fix: String) -> SluiceError {
    SluiceError(.storeOwner, what: what, at: "--output-owner \(NameRule.printable(owner))", fix: fix)
  }

  /// Makes a file that was laid into a version nobody's to change. What is no file, or a link, is left as it is.
  /// - Throws: `store.denied`.
  func own(_ path: String) throws(SluiceError) {
    guard user != nil || group != nil else {
      guard chmod(path, mode) == 0 else { throw Disk.error("make read-only", path) }
      return
    }
    let file = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
    guard file >= 0 else { throw Disk.error("open", path) }
    defer { close(file) }
    // First whose it is: that takes bits of the mode away.
    guard fchown(file, user ?? uid_t.max, group ?? gid_t.max) == 0, fchmod(file, mode) == 0 else {
      throw Disk.error("give to its owner", path)
    }
  }
}
