/// The place of versions: readable paths, read-only files, moved into place whole.
package protocol VersionStore: Sendable {
  /// An empty place to bring files to; it is gone after a restart.
  func makeUpload() async throws(SluiceError) -> UploadID
  /// Where a client on the same file system may write an upload's files itself, and the marker that proves it sees it.
  func door(of upload: UploadID) -> UploadDoor
  /// Writes one file piece by piece, hashing as it goes.
  func receive(_ path: String, of upload: UploadID) async throws(SluiceError) -> any FileReceiver
  /// What lies in an upload under a path, hashed again.
  func measure(_ path: String, of upload: UploadID) async throws(SluiceError) -> (size: Int64, sha256: Digest)
  func discard(_ upload: UploadID) async

  /// Lays a version's files into place and syncs files and folders. Each file is taken from where it lies.
  /// The place is provisional until `settle`; a restart removes what was never settled.
  func place(_ files: [PlacedFile], at address: VersionAddress) async throws(SluiceError)
  func settle(_ addresses: [VersionAddress], keep: Bool) async

  /// What the files of versions weigh, in the order of `addresses`; nothing for what is not there.
  func weigh(_ addresses: [VersionAddress]) async throws(SluiceError) -> [[StoredLink]]
  /// Takes the files of versions away, each version in one step; what is not there is no error.
  func purge(_ addresses: [VersionAddress]) async throws(SluiceError)

  func path(of file: String, representation: String, at address: VersionAddress) -> String
  /// Whether the file is there; people remove things by hand.
  func holds(_ file: String, representation: String, at address: VersionAddress) -> Bool
  /// The folder of a version, for people.
  func directoryPath(of address: VersionAddress) -> String
  /// The version that a path inside the store belongs to.
  func address(ofPath path: String) -> (address: VersionAddress, file: String)?
}

/// One name of a stored file. Versions that carry a file share it: its bytes are there once, until its last name goes.
package struct StoredLink: Sendable, Hashable {
  package struct Inode: Sendable, Hashable {
    package let device: UInt64
    package let number: UInt64
    package init(device: UInt64, number: UInt64) { (self.device, self.number) = (device, number) }
  }
  package let inode: Inode
  /// All names that the file has, wherever they are.
  package let names: Int
  package let bytes: Int64
  package init(inode: Inode, names: Int, bytes: Int64) {
    (self.inode, self.names, self.bytes) = (inode, names, bytes)
  }
}

package struct UploadID: TextID {
  package let description: String
  package init(_ description: String) { self.description = description }
}

package struct UploadDoor: Sendable, Hashable {
  package let directory: String
  package let markerFile: String
  package let marker: String
  package init(directory: String, markerFile: String, marker: String) {
    (self.directory, self.markerFile, self.marker) = (directory, markerFile, marker)
  }
}

package protocol FileReceiver: Sendable {
  func write(_ bytes: [UInt8]) async throws(SluiceError)
  func finish() async throws(SluiceError) -> (size: Int64, sha256: Digest)
  func abandon() async
}

package struct VersionAddress: Sendable, Hashable, Codable {
  package let product: ProductRef
  package let version: VersionID
  package init(product: ProductRef, version: VersionID) { (self.product, self.version) = (product, version) }
}

/// One file of a version about to be placed.
package struct PlacedFile: Sendable, Hashable {
  package enum Origin: Sendable, Hashable {
    /// Out of an upload: moved.
    case upload(UploadID, String)
    /// Off a task's bench: a hard link, so that the bench stays whole until the version is recorded.
    case work(String)
    /// Out of a version that Sluice owns: a hard link.
    case version(VersionAddress, representation: String, path: String)
    case bytes([UInt8])
  }
  package let representation: String
  package let path: String
  package let origin: Origin
  package init(representation: String, path: String, origin: Origin) {
    (self.representation, self.path, self.origin) = (representation, path, origin)
  }
}
