package import SluiceModel

/// A folder that is still there after a power cut, with the folders above it that had to be made.
package enum DurableFolder {
  /// - Throws: `store.denied`, `store.full`.
  package static func make(_ path: String, syncs: SyncSwitch) throws(SluiceError) {
    let new = Disk.folders(from: "/", to: path).filter { Disk.status($0) == nil }
    try Disk.makeDirectories(path)
    guard syncs.folder else { return }
    for folder in new { try Disk.sync(Disk.parent(of: folder)) }
  }

  /// Makes the entries of a folder durable: files that were created in it.
  package static func settle(_ path: String, syncs: SyncSwitch) throws(SluiceError) {
    if syncs.folder { try Disk.sync(path) }
  }
}
