package import SluiceModel
import Synchronization

/// Versions on a `MemoryDisk`, below `/store`.
package final class MemoryStore: VersionStore {
  private let disk: MemoryDisk
  private let root = "/store"
  private let uploads = Mutex<Int>(0)
  private let provisional = Mutex<Set<VersionAddress>>([])

  package init(disk: MemoryDisk) { self.disk = disk }

  /// Versions that were laid into place and neither kept nor taken away.
  package var unsettled: Set<VersionAddress> { provisional.withLock { $0 } }
  /// Every version that is in place, by its files.
  package var files: [String] { disk.paths(below: root).filter { !$0.hasPrefix(root + "/.staging/") } }

  package func makeUpload() async throws(SluiceError) -> UploadID {
    UploadID("u-\(uploads.withLock { number in number += 1; return number })")
  }

  package func door(of upload: UploadID) -> UploadDoor {
    UploadDoor(directory: root + "/.staging/\(upload)", markerFile: root + "/.staging/\(upload)-marker", marker: "m")
  }

  package func receive(_ path: String, of upload: UploadID) async throws(SluiceError) -> any FileReceiver {
    try PathRule.require(path)
    return MemoryReceiver(path: root + "/.staging/\(upload)/" + path, disk: disk)
  }

  package func measure(_ path: String, of upload: UploadID) async throws(SluiceError) -> (size: Int64, sha256: Digest) {
    guard let bytes = disk.read(root + "/.staging/\(upload)/" + path) else {
      throw SluiceError(.publishFileMissing, what: "'\(path)' was not uploaded", at: "upload \(upload)", fix: "send it")
    }
    return (Int64(bytes.count), Digest.of(bytes))
  }

  package func discard(_ upload: UploadID) async { disk.remove(root + "/.staging/\(upload)") }

  package func place(_ files: [PlacedFile], at address: VersionAddress) async throws(SluiceError) {
    _ = provisional.withLock { $0.insert(address) }
    for file in files {
      let target = path(of: file.path, representation: file.representation, at: address)
      let isThere: Bool
      switch file.origin {
      case .upload(let upload, let name): isThere = disk.move(root + "/.staging/\(upload)/" + name, to: target)
      case .work(let path): isThere = disk.move(path, to: target)
      case .version(let other, let representation, let name):
        let bytes = disk.read(path(of: name, representation: representation, at: other))
        if let bytes { disk.write(bytes, to: target) }
        isThere = bytes != nil
      case .bytes(let bytes):
        disk.write(bytes, to: target)
        isThere = true
      }
      guard isThere else {
        throw SluiceError(.fileUnknown, what: "\(file.origin) is not there", at: target, fix: "bring it")
      }
    }
  }

  package func settle(_ addresses: [VersionAddress], keep: Bool) async {
    for address in addresses {
      if !keep { disk.remove(directoryPath(of: address)) }
      _ = provisional.withLock { $0.remove(address) }
    }
  }

  /// Nothing is shared here.
  package func weigh(_ addresses: [VersionAddress]) async throws(SluiceError) -> [[StoredLink]] {
    var number: UInt64 = 0
    return addresses.map { address in
      disk.paths(below: directoryPath(of: address)).map { path in
        number += 1
        return StoredLink(
          inode: StoredLink.Inode(device: 0, number: number), names: 1, bytes: Int64(disk.read(path)?.count ?? 0))
      }
    }
  }

  package func purge(_ addresses: [VersionAddress]) async throws(SluiceError) {
    for address in addresses { disk.remove(directoryPath(of: address)) }
  }

  package func path(of file: String, representation: String, at address: VersionAddress) -> String {
    "\(directoryPath(of: address))/\(representation)/\(file)"
  }

  package func holds(_ file: String, representation: String, at address: VersionAddress) -> Bool {
    disk.read(path(of: file, representation: representation, at: address)) != nil
  }

  package func directoryPath(of address: VersionAddress) -> String { "\(root)/\(address.product)/\(address.version)" }
  package func address(ofPath path: String) -> (address: VersionAddress, file: String)? { nil }
}

private actor MemoryReceiver: FileReceiver {
  private let path: String
  private let disk: MemoryDisk
  private var bytes: [UInt8] = []

  init(path: String, disk: MemoryDisk) { (self.path, self.disk) = (path, disk) }

  func write(_ bytes: [UInt8]) async throws(SluiceError) { self.bytes += bytes }

  func finish() async throws(SluiceError) -> (size: Int64, sha256: Digest) {
    disk.write(bytes, to: path)
    return (Int64(bytes.count), Digest.of(bytes))
  }

  func abandon() async { bytes = [] }
}
