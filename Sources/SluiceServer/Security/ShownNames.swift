import Hummingbird
import NIOCore
import SluiceModel

/// The one place where answers get the names of people: every JSON that the interface sends, errors and streams too.
///
/// Task logs and files go out as they are.
struct ShownNames: RouterMiddleware {
  typealias Context = SluiceContext
  let names: any PersonNames

  @concurrent
  func handle(
    _ request: Request, context: SluiceContext,
    next: @concurrent (Request, SluiceContext) async throws -> Response
  ) async throws -> Response {
    var response = try await next(request, context)
    guard request.uri.path.hasPrefix("/api/"), !ShownNames.tellsAliases(request, response) else { return response }
    switch response.headers[.contentType] {
    case "application/json", "application/problem+json", "application/x-ndjson":
      response.body = ResponseBody(byteBuffer: shown(try await ShownNames.whole(response.body)))
    case "text/event-stream":
      // Each message is one buffer, so that no alias lies in two.
      response.body = response.body.map { shown($0) }
    default: break
    }
    return response
  }

  /// Who asks for people wants to see which alias is whose.
  private static func tellsAliases(_ request: Request, _ response: Response) -> Bool {
    request.uri.path.hasPrefix("/api/v1/people") && response.status == .ok
  }

  private func shown(_ buffer: ByteBuffer) -> ByteBuffer {
    buffer.withUnsafeReadableBytes { names.known.shown($0) }.map { ByteBuffer(bytes: $0) } ?? buffer
  }

  private static func whole(_ body: ResponseBody) async throws -> ByteBuffer {
    let writer = WholeBody()
    try await body.write(writer)
    return writer.buffer
  }
}

/// Takes a body whole; ours are in memory already.
private final class WholeBody: ResponseBodyWriter {
  private(set) var buffer = ByteBuffer()

  func write(_ more: ByteBuffer) {
    if buffer.readableBytes == 0 { buffer = more } else { buffer.writeImmutableBuffer(more) }
  }

  func finish(_ trailingHeaders: HTTPFields?) {}
}
