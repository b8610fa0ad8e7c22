import AsyncHTTPClient
import FoundationEssentials
import NIOCore
import SluiceModel

/// Brings files to the server's store: through the door where this machine sees it, else as streams.
struct Upload {
  private struct Opened: Decodable {
    var upload: UploadID
    var directory: String
    var markerFile: String
    var marker: String
  }
  private struct Received: Decodable {
    var sha256: Digest
  }

  let client: Client
  let progress: Progress

  /// - Parameter files: with the path each shall have in the upload.
  /// - Returns: the upload and each file's digest, in order.
  func bring(_ files: [LocalFile]) async throws -> (upload: UploadID, digests: [Digest]) {
    let opened: Opened = try await client.answer(.POST, "uploads", [], body: nil, type: nil)
    do {
      let seesStore =
        (try? String(contentsOfFile: opened.markerFile, encoding: .utf8)) == opened.marker
        && FileManager.default.isWritableFile(atPath: opened.directory)
      var digests: [Digest] = []
      for file in files {
        try Task.checkCancellation()
        if seesStore {
          digests.append(try LocalFiles.copy(file.source, to: "\(opened.directory)/\(file.path)"))
        } else {
          digests.append(try await stream(file, to: opened.upload))
        }
        progress.advance(file.size)
      }
      return (opened.upload, digests)
    } catch {
      _ = try? await client.send(.DELETE, "uploads/\(opened.upload)")
      throw error
    }
  }

  private func stream(_ file: LocalFile, to upload: UploadID) async throws -> Digest {
    let pieces = AsyncStream<ByteBuffer>(unfolding: Upload.reader(file.source))
    let received: Received = try await client.answer(
      .PUT, "uploads/\(upload)/files", [("path", file.path)], body: .stream(pieces, length: .known(file.size)),
      type: "application/octet-stream")
    return received.sha256
  }

  private static func reader(_ path: String) -> @Sendable () async -> ByteBuffer? {
    let input = InputFile(path)
    return { await input.next() }
  }
}

/// Reads a file piece by piece.
private actor InputFile {
  private let stream: InputDescriptor?

  init(_ path: String) { stream = InputDescriptor(path) }

  func next() -> ByteBuffer? {
    guard let bytes = stream?.read(1 << 20), !bytes.isEmpty else { return nil }
    return ByteBuffer(bytes: bytes)
  }
}

/// Shows how far a long transfer is, with an ETA.
final class Progress {
  private let what: String
  private let total: Int64
  private let began = Machine.ambient.uptime()
  private var done: Int64 = 0

  init(_ what: String, total: Int64) { (self.what, self.total) = (what, total) }

  func advance(_ bytes: Int64) {
    done += bytes
    let elapsed = Machine.ambient.uptime() - began
    guard elapsed > .milliseconds(300), total > 0 else { return }
    let seconds = Double(elapsed.components.seconds) + Double(elapsed.components.attoseconds) / 1e18
    let left = seconds / Double(max(1, done)) * Double(total - done)
    Console.progress(
      "\(what) \(Console.bytes(done)) of \(Console.bytes(total)), about \(Console.duration(left)) left")
  }

  func finish() { Console.endProgress() }
}
