import Glibc
package import SluiceModel
import Synchronization

/// Versions as files: `<root>/<project>/<folder>/<product>/<version>/<representation>/<file>`.
///
/// A version is laid out in `.staging`, synced, and moved into place with one rename. Between that rename and the
/// log's answer an intent file names it, so that a restart takes away what was never recorded.
package final class FileVersionStore: VersionStore {
  private let root: String
  private let staging: String
  private let disk = BlockingQueue("sluice.store", width: 16)
  private let ambient: Ambient
  private let syncs: SyncSwitch
  private let owner: StoredOwner
  /// Folders whose own entry is known to be on disk.
  private let durable = Mutex<Set<String>>([])

  /// - Throws: `store.denied` where the folder cannot be made.
  package init(
    root: String, ambient: Ambient, syncs: SyncSwitch = .all, owner: StoredOwner = StoredOwner()
  ) throws(SluiceError) {
    (self.root, self.ambient, self.syncs, self.owner) = (root, ambient, syncs, owner)
    staging = root + "/.staging"
    try Disk.makeDirectories(staging + "/intents")
  }

  /// Takes away what an earlier process left half-way; call before anything else.
  package func recover(isRecorded: (VersionAddress) -> Bool) {
    for name in Disk.names(in: staging + "/intents") {
      let intent = staging + "/intents/" + name
      if let bytes = try? Disk.read(intent, limit: 8_192) {
        let path = String(decoding: bytes, as: UTF8.self)
        if path.hasPrefix(root + "/"), let found = address(ofPath: path + "/x"), !isRecorded(found.address) {
          Disk.remove(path)
        }
      }
      Disk.remove(intent)
    }
    for name in Disk.names(in: staging) where name != "intents" { Disk.remove(staging + "/" + name) }
  }

  // MARK: Uploads

  package func makeUpload() async throws(SluiceError) -> UploadID {
    let upload = UploadID("u-" + ambient.makeSecret(bytes: 12))
    let (directory, marker) = (staging + "/\(upload)/files", ambient.makeSecret(bytes: 16))
    let markerFile = staging + "/\(upload)/marker"
    try await disk.run { () throws(SluiceError) in
      try Disk.makeDirectories(directory)
      try Disk.write(Array(marker.utf8), to: markerFile)
    }
    return upload
  }

  package func door(of upload: UploadID) -> UploadDoor {
    let markerFile = staging + "/\(upload)/marker"
    let marker = (try? Disk.read(markerFile, limit: 64)) ?? []
    return UploadDoor(
      directory: staging + "/\(upload)/files", markerFile: markerFile, marker: String(decoding: marker, as: UTF8.self))
  }

  package func receive(_ path: String, of upload: UploadID) async throws(SluiceError) -> any FileReceiver {
    let file = try place(path, in: upload)
    return try await disk.run { [disk, staging] () throws(SluiceError) in
      try Disk.makeDirectories(Disk.parent(of: file))
      return try DiskReceiver(path: file, of: upload, in: staging + "/\(upload)", disk: disk)
    }
  }

  package func measure(
    _ path: String, of upload: UploadID
  ) async throws(SluiceError) -> (size: Int64, sha256: Digest) {
    let file = try place(path, in: upload)
    return try await disk.run { () throws(SluiceError) in
      guard let status = Disk.status(file), Disk.isRegular(status) else {
        throw SluiceError(
          .publishFileMissing, what: "the file '\(path)' was not uploaded", at: "upload \(upload)",
          fix: "send it, or leave it out of the publish")
      }
      guard status.st_nlink == 1 else {
        throw SluiceError(
          .publishOutside, what: "the file '\(path)' is a hard link to another file", at: "upload \(upload)",
          fix: "copy or reflink it; a link would let its owner change what was published")
      }
      return try Disk.digest(file)
    }
  }

  package func discard(_ upload: UploadID) async {
    guard isUpload(upload) else { return }
    let (path, aside) = (staging + "/\(upload)", staging + "/discarded-\(upload)")
    // Away with one rename, so that no file that is still being received comes to lie in what is removed.
    _ = try? await disk.run { () throws(SluiceError) in
      if rename(path, aside) == 0 { Disk.remove(aside) } else { Disk.remove(path) }
    }
  }

  fileprivate static func unknown(_ upload: UploadID) -> SluiceError {
    SluiceError(
      .uploadUnknown, what: "there is no upload '\(NameRule.printable(upload.description))'", at: "upload",
      fix: "begin a new one; uploads end when the server restarts")
  }

  private func isUpload(_ upload: UploadID) -> Bool {
    upload.description.hasPrefix("u-") && NameRule.problem(in: upload.description) == nil
      && Disk.status(staging + "/\(upload)") != nil
  }

  private func place(_ path: String, in upload: UploadID) throws(SluiceError) -> String {
    try PathRule.require(path)
    guard isUpload(upload) else {
      throw FileVersionStore.unknown(upload)
    }
    var folder = staging + "/\(upload)/files"
    for part in path.split(separator: "/").dropLast() {
      folder += "/" + part
      if let status = Disk.status(folder), !Disk.isDirectory(status) {
        throw SluiceError(
          .publishOutside, what: "'\(NameRule.printable(part))' in '\(path)' is no folder of the upload",
          at: "upload \(upload)", fix: "bring real folders; a link may lead out of the upload")
      }
    }
    return staging + "/\(upload)/files/" + path
  }

  // MARK: Versions

  package func place(_ files: [PlacedFile], at address: VersionAddress) async throws(SluiceError) {
    let temporary = staging + "/placing-" + ambient.makeSecret(bytes: 8)
    let target = directory(of: address)
    do {
      try await disk.run { () throws(SluiceError) in
        try self.layOut(files, in: temporary)
        try self.moveIn(temporary, to: target, intent: self.intent(of: address))
      }
    } catch {
      _ = try? await disk.run { () throws(SluiceError) in Disk.remove(temporary) }
      throw error
    }
  }

  private func layOut(_ files: [PlacedFile], in directory: String) throws(SluiceError) {
    var folders: Set<String> = [directory]
    try Disk.makeDirectories(directory)
    for file in files {
      let path = "\(directory)/\(file.representation)/\(file.path)"
      var folder = Disk.parent(of: path)
      try Disk.makeDirectories(folder)
      while folders.insert(folder).inserted { folder = Disk.parent(of: folder) }
      try bring(file.origin, to: path)
      if case .version = file.origin { continue }
      try owner.own(path)
      if syncs.file { try Disk.sync(path) }
    }
    guard syncs.folder else { return }
    for folder in folders.sorted(by: >) { try Disk.sync(folder) }
  }

  private func bring(_ origin: PlacedFile.Origin, to path: String) throws(SluiceError) {
    switch origin {
    case .upload(let upload, let name): try Disk.rename(try place(name, in: upload), to: path)
    case .work(let file): try Disk.hardLink(file, to: path)
    case .version(let address, let representation, let name):
      try Disk.hardLink(self.path(of: name, representation: representation, at: address), to: path)
    case .bytes(let bytes): try Disk.write(bytes, to: path)
    }
  }

  private func moveIn(_ temporary: String, to target: String, intent: String) throws(SluiceError) {
    let parent = Disk.parent(of: target)
    try Disk.makeDirectories(parent)
    try Disk.write(Array(target.utf8), to: intent)
    try Disk.rename(temporary, to: target)
    guard syncs.folder else { return }
    try Disk.sync(parent)
    // A folder that another publish has just made may not be durable yet, so being there is not enough.
    for folder in Disk.folders(from: root, to: parent) where !durable.withLock({ $0.contains(folder) }) {
      try Disk.sync(Disk.parent(of: folder))
      durable.withLock { _ = $0.insert(folder) }
    }
  }

  package func settle(_ addresses: [VersionAddress], keep: Bool) async {
    let places = addresses.map { (directory(of: $0), intent(of: $0)) }
    _ = try? await disk.run { () throws(SluiceError) in
      for (directory, intent) in places {
        if !keep { Disk.remove(directory) }
        Disk.remove(intent)
      }
    }
  }

  private func directory(of address: VersionAddress) -> String { "\(root)/\(address.product)/\(address.version)" }
  private func intent(of address: VersionAddress) -> String {
    staging + "/intents/" + Digest.of(directory(of: address)).hex
  }

  package func weigh(_ addresses: [VersionAddress]) async throws(SluiceError) -> [[StoredLink]] {
    let directories = addresses.map(directory)
    return try await disk.run { () throws(SluiceError) in directories.map(Disk.links) }
  }

  package func purge(_ addresses: [VersionAddress]) async throws(SluiceError) {
    try await disk.run { () throws(SluiceError) in
      for address in addresses { try self.takeAway(address) }
    }
  }

  /// Finishes what an earlier process recorded and could not do; call after `recover`.
  /// - Throws: `store.denied`.
  package func finishPurges(_ addresses: [VersionAddress]) throws(SluiceError) {
    for address in addresses { try takeAway(address) }
  }

  /// Out of sight with one rename, then gone: a crash leaves it whole, or in `.staging`, which a start empties.
  private func takeAway(_ address: VersionAddress) throws(SluiceError) {
    let (place, aside) = (directory(of: address), staging + "/purged-" + Digest.of(directory(of: address)).hex)
    guard Disk.status(place) != nil else { return }
    Disk.remove(aside)
    try Disk.rename(place, to: aside)
    Disk.remove(aside)
  }

  package func path(of file: String, representation: String, at address: VersionAddress) -> String {
    "\(directory(of: address))/\(representation)/\(file)"
  }

  package func holds(_ file: String, representation: String, at address: VersionAddress) -> Bool {
    Disk.status(path(of: file, representation: representation, at: address)).map(Disk.isRegular) ?? false
  }

  package func directoryPath(of address: VersionAddress) -> String { directory(of: address) }

  package func address(ofPath path: String) -> (address: VersionAddress, file: String)? {
    guard path.hasPrefix(root + "/") else { return nil }
    let parts = path.dropFirst(root.count + 1).split(separator: "/")
    guard let place = parts.firstIndex(where: { $0.hasPrefix("v-") }), let version = VersionID(parts[place]),
      let product = try? ProductRef(parts[..<place].joined(separator: "/"))
    else { return nil }
    return (VersionAddress(product: product, version: version), parts[(place + 1)...].joined(separator: "/"))
  }
}

/// Writes one uploaded file, hashing as it goes.
private actor DiskReceiver: FileReceiver {
  private let path: String
  private let upload: UploadID
  /// The upload's folder.
  private let folder: String
  private let disk: BlockingQueue
  private let descriptor: Int32
  private var hash = Digest.Stream()
  private var size: Int64 = 0
  private var isOpen = true

  init(path: String, of upload: UploadID, in folder: String, disk: BlockingQueue) throws(SluiceError) {
    (self.path, self.upload, self.folder, self.disk) = (path, upload, folder, disk)
    descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0o644)
    guard descriptor >= 0 else { throw Disk.error("write", path) }
  }

  func write(_ bytes: [UInt8]) async throws(SluiceError) {
    hash.update(bytes)
    size += Int64(bytes.count)
    try await disk.run { [descriptor, path] () throws(SluiceError) in try Disk.write(bytes, to: descriptor, path) }
  }

  func finish() async throws(SluiceError) -> (size: Int64, sha256: Digest) {
    closeOnce()
    guard !isDiscarded else {
      Disk.remove(folder)
      throw FileVersionStore.unknown(upload)
    }
    return (size, hash.finish())
  }

  func abandon() async {
    closeOnce()
    Disk.remove(isDiscarded ? folder : path)
  }

  /// Whether its upload was given up meanwhile: then this file has made the folder anew.
  private var isDiscarded: Bool { Disk.status(folder + "/marker") == nil }

  private func closeOnce() {
    if isOpen { close(descriptor) }
    isOpen = false
  }
}
