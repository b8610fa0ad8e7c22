import AsyncHTTPClient
import FoundationEssentials
import Glibc
import NIOCore
import SluiceModel

/// Brings the files of a version: each is written beside its place, verified, then moved there.
struct Download {
  struct Answer: Codable {
    var ref: ProductRef
    var version: VersionID
    var number: Int?
    var files: [File]
    var bytes: Int64
    struct File: Codable {
      var path: String
      var sha256: Digest
      var size: Int64
    }
  }

  let client: Client

  func bring(_ ref: String, to folder: String) async throws -> Answer {
    let shown: ShowAnswer = try await client.get("show", [("ref", ref)])
    let version = shown.selected
    let reference = "\(version.ref)@\(version.version)"
    let wanted = (try? Reference(ref))?.file
    let several = version.representations.count > 1
    let progress = Progress("fetching", total: version.files.reduce(0) { $0 + $1.size })
    var answer = Answer(ref: version.ref, version: version.version, number: version.number, files: [], bytes: 0)
    for file in version.files where wanted == nil || wanted == file.path {
      let path = folder + "/" + (several ? file.representation + "/" : "") + file.path
      try await bring(file, of: reference, to: path)
      progress.advance(file.size)
      answer.files.append(Answer.File(path: path, sha256: file.sha256, size: file.size))
      answer.bytes += file.size
    }
    progress.finish()
    return answer
  }

  private func bring(_ file: VersionAnswer.File, of reference: String, to path: String) async throws {
    try PathRule.require(file.path)
    let isHashed = file.hashed ?? true
    if isHashed, let known = try? LocalFiles.digest(path), known == file.sha256 { return }
    try FileManager.default.createDirectory(atPath: FileName.parent(path), withIntermediateDirectories: true)
    let response = try await client.send(
      .GET, "files", [("ref", reference), ("representation", file.representation), ("path", file.path)])
    let temporary = path + ".sluice-part"
    let descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw LocalFiles.failure("write", temporary) }
    var hash = Digest.Stream()
    do {
      defer { close(descriptor) }
      for try await buffer in response.body {
        let bytes = Array(buffer.readableBytesView)
        hash.update(bytes)
        guard write(descriptor, bytes, bytes.count) == bytes.count else { throw LocalFiles.failure("write", temporary) }
      }
    } catch {
      unlink(temporary)
      throw error
    }
    guard !isHashed || hash.finish() == file.sha256 else {
      unlink(temporary)
      throw SluiceError(
        .publishDigest, what: "'\(file.path)' arrived with other bytes than it was published with", at: reference,
        fix: "fetch it again; if it happens again, the store is damaged: restore the file from a backup")
    }
    guard rename(temporary, path) == 0 else { throw LocalFiles.failure("write", path) }
  }
}
