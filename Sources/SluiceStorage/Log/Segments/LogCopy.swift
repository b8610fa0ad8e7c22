import SluiceModel

extension LogFiles {
  /// Copies the first bytes of a file into a new one and makes them durable; the name is not yet.
  ///
  /// - Returns: the digest of what was read.
  func copy(_ file: any LogFile, bytes: Int, to path: String) throws(SluiceError) -> (file: any LogFile, sha256: Digest)
  {
    let copy = try create(path)
    var hash = Digest.Stream()
    var place = 0
    while place < bytes {
      let piece = try file.bytes(at: place, min(1024 * 1024, bytes - place))
      guard !piece.isEmpty else {
        throw SluiceError(
          .logDamaged, what: "the file has \(place) bytes and should have \(bytes)", at: file.path,
          fix: "`sluice log verify` says what is damaged; restore the log from a backup")
      }
      hash.update(piece)
      try copy.write(piece, at: place)
      place += piece.count
    }
    try copy.sync()
    return (copy, hash.finish())
  }

  /// The digest of a file's first bytes, read from the disk and not from memory.
  func digest(of file: any LogFile, bytes: Int) throws(SluiceError) -> Digest {
    file.forget()
    var (hash, place) = (Digest.Stream(), 0)
    while place < bytes {
      let piece = try file.bytes(at: place, min(1024 * 1024, bytes - place))
      if piece.isEmpty { break }
      hash.update(piece)
      place += piece.count
    }
    return hash.finish()
  }

  /// Refuses a folder that has something in it.
  func requireEmpty(_ folder: String, for what: String) throws(SluiceError) {
    guard let names = try names(in: folder), !names.isEmpty else { return }
    throw SluiceError(
      .usage, what: "the folder for \(what) is not empty: it has \(names[0])", at: folder,
      fix: "name a folder that is empty or not there yet")
  }
}
