import FoundationEssentials
import HTTPTypes
import Hummingbird
import NIOCore
import SluiceModel

/// Files of versions over HTTP: immutable, so a browser may keep them; ranges, so a movie can be sought in.
enum Files {
  static func response(
    path: String, file: StoredFile, request: Request, context: SluiceContext
  ) async throws -> Response {
    var headers: HTTPFields = [
      .contentType: type(of: file.path), .eTag: "\"\(file.sha256)\"", .acceptRanges: "bytes",
      .cacheControl: "private, max-age=60",
    ]
    if let name = HTTPField.Name("X-Sluice-SHA256") { headers[name] = file.sha256.hex }
    if request.headers[.ifNoneMatch] == "\"\(file.sha256)\"" { return Response(status: .notModified, headers: headers) }
    guard FileManager.default.fileExists(atPath: path) else {
      throw SluiceError(
        .storeDamaged, what: "the file '\(file.path)' is not in the store any more", at: path,
        fix: "somebody removed it by hand; restore it from a backup")
    }
    let size = Int(file.size)
    if let range = request.headers[.range].flatMap({ Files.range($0, size: size) }) {
      headers[.contentRange] = "bytes \(range.lowerBound)-\(range.upperBound)/\(size)"
      let body = try await FileIO().loadFile(path: path, range: range, context: context)
      return Response(status: .partialContent, headers: headers, body: body)
    }
    if let header = request.headers[.range], isBeyond(header, size: size) {
      headers[.contentRange] = "bytes */\(size)"
      return Response(status: .rangeNotSatisfiable, headers: headers)
    }
    return Response(status: .ok, headers: headers, body: try await FileIO().loadFile(path: path, context: context))
  }

  /// A file that lies in place, from the descriptor that was looked at: its name is not opened again.
  static func response(inPlace file: StoredFile, reader: any OutsideReader, request: Request) -> Response {
    var headers: HTTPFields = [
      .contentType: type(of: file.path), .eTag: "\"\(file.sha256)\"", .acceptRanges: "bytes",
      .cacheControl: "private, no-cache",
    ]
    if file.isHashed, let name = HTTPField.Name("X-Sluice-SHA256") { headers[name] = file.sha256.hex }
    let size = Int(file.size)
    let range = request.headers[.range].flatMap { Files.range($0, size: size) }
    if let range { headers[.contentRange] = "bytes \(range.lowerBound)-\(range.upperBound)/\(size)" }
    if range == nil, let header = request.headers[.range], isBeyond(header, size: size) {
      headers[.contentRange] = "bytes */\(size)"
      return Response(status: .rangeNotSatisfiable, headers: headers)
    }
    let (first, end) = (range?.lowerBound ?? 0, (range?.upperBound ?? size - 1) + 1)
    let body = ResponseBody(contentLength: end - first) { writer in
      var offset = first
      while offset < end {
        let bytes = try await reader.read(at: Int64(offset), count: min(1 << 20, end - offset))
        guard !bytes.isEmpty else { break }
        try await writer.write(ByteBuffer(bytes: bytes))
        offset += bytes.count
      }
      // Whoever got bytes of a file that was written to meanwhile is not told that this was all.
      try await reader.requireSame(file)
      try await writer.finish(nil)
    }
    return Response(status: range == nil ? .ok : .partialContent, headers: headers, body: body)
  }

  /// Whether a range begins behind the end of the file.
  private static func isBeyond(_ header: String, size: Int) -> Bool {
    guard header.hasPrefix("bytes="), let first = Int(header.dropFirst(6).prefix { $0 != "-" }) else { return false }
    return first >= size
  }

  static func response(
    preview path: String, digest: Digest, request: Request, context: SluiceContext
  ) async throws -> Response {
    let headers: HTTPFields = [
      .contentType: "image/jpeg", .eTag: "\"p-\(digest)\"", .cacheControl: "private, max-age=60",
    ]
    if request.headers[.ifNoneMatch] == "\"p-\(digest)\"" { return Response(status: .notModified, headers: headers) }
    return Response(status: .ok, headers: headers, body: try await FileIO().loadFile(path: path, context: context))
  }

  /// `bytes=0-99`, `bytes=100-` or `bytes=-100`; nil for anything else, which means the whole file.
  static func range(_ header: String, size: Int) -> ClosedRange<Int>? {
    guard header.hasPrefix("bytes="), size > 0 else { return nil }
    let parts = header.dropFirst(6).split(separator: "-", omittingEmptySubsequences: false)
    guard parts.count == 2 else { return nil }
    switch (Int(parts[0]), Int(parts[1])) {
    case (let first?, let last?) where first <= last && first < size: return first...min(last, size - 1)
    case (let first?, nil) where parts[1].isEmpty && first < size: return first...(size - 1)
    case (nil, let count?) where parts[0].isEmpty && count > 0: return max(0, size - count)...(size - 1)
    default: return nil
    }
  }

  private static func type(of path: String) -> String {
    switch FileName(path).fileExtension.lowercased() {
    case "png": "image/png"
    case "jpg", "jpeg": "image/jpeg"
    case "gif": "image/gif"
    case "webp": "image/webp"
    case "mp4", "m4v": "video/mp4"
    case "mov": "video/quicktime"
    case "webm": "video/webm"
    // Nothing that was published may run as a page of this server.
    default: "application/octet-stream"
    }
  }
}
