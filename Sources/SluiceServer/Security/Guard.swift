import HTTPTypes
import Hummingbird
import SluiceEngine
import SluiceGraph
import SluiceModel

/// Checks Host, Origin and token before anything else, and turns errors into problem details.
struct Guard: RouterMiddleware {
  typealias Context = SluiceContext
  let services: Services

  @concurrent
  func handle(
    _ request: Request, context: SluiceContext,
    next: @concurrent (Request, SluiceContext) async throws -> Response
  ) async throws -> Response {
    var response: Response
    do {
      var context = context
      try checkHost(request)
      try authenticate(request, &context)
      context.traceparent = request.headers[Guard.traceparent].flatMap(Guard.validTrace)
      try await waitUntilSeen(request)
      response = try await next(request, context)
    } catch let error as SluiceError {
      response = Problem.response(error)
    } catch let error as HTTPError {
      response = Problem.response(Guard.translate(error, request))
    } catch let error as DecodingError {
      response = Problem.response(Problem.invalidBody(error))
    }
    response.headers[.contentSecurityPolicy] = "default-src 'self'; img-src 'self' data:; frame-ancestors 'none'"
    response.headers[.xContentTypeOptions] = "nosniff"
    return response
  }

  /// A read that names a position (`atLeast`) waits until this server has applied it.
  @concurrent
  private func waitUntilSeen(_ request: Request) async throws {
    guard let text = request.value("atLeast") else { return }
    guard let position = Position(text), position.site == services.writer.site else {
      throw SluiceError(
        .usage, what: "'\(NameRule.printable(text))' is no position of this server", at: "atLeast",
        fix: "use a position that an earlier answer carried")
    }
    for _ in 0..<500 where services.writer.current.sequence < position.sequence {
      try await services.ambient.sleep(.milliseconds(20))
    }
    guard services.writer.current.sequence >= position.sequence else {
      throw SluiceError(
        .positionAhead, what: "this server has not seen \(position) yet", at: "atLeast",
        fix: "ask again later, or without atLeast for what is known")
    }
  }

  /// A page elsewhere can make a browser send requests here, under another name or from another origin.
  private func checkHost(_ request: Request) throws(SluiceError) {
    let host = request.head.authority ?? ""
    if services.settings.listensOnLoopback, !Guard.loopbackNames.contains(Guard.name(of: host)) {
      throw SluiceError(
        .hostRefused, what: "the request is for the host '\(NameRule.printable(host))', which this server is not",
        at: "header Host", fix: "call it by localhost, 127.0.0.1 or [::1]")
    }
    if let origin = request.headers[.origin], origin != "http://\(host)", origin != "https://\(host)" {
      throw SluiceError(
        .originRefused, what: "a page of '\(NameRule.printable(origin))' may not call this server", at: "header Origin",
        fix: "open the page that this server serves")
    }
  }

  private static let loopbackNames: Set<String> = ["localhost", "127.0.0.1", "[::1]", "::1"]

  private static func name(of host: String) -> String {
    let end = host.hasPrefix("[") ? host.firstIndex(of: "]").map(host.index(after:)) : host.firstIndex(of: ":")
    let (name, rest) = (host[..<(end ?? host.endIndex)], host[(end ?? host.endIndex)...])
    return rest.isEmpty || rest.hasPrefix(":") && Int(rest.dropFirst()) != nil ? name.lowercased() : host
  }

  private func authenticate(_ request: Request, _ context: inout SluiceContext) throws(SluiceError) {
    let tokens = services.writer.current.tokens
    guard !tokens.isEmpty else {
      let claimed = request.headers[Guard.actorHeader].map { NameRule.printable($0) } ?? "anonymous"
      context.actor = Actor(name: claimed.isEmpty ? "anonymous" : claimed, trust: .claimed)
      context.rights = Set(TokenRight.allCases)
      return
    }
    if let token = Guard.token(in: request).flatMap({ tokens[Digest.of($0)] }) {
      context.actor = Actor(name: token.name, trust: .token)
      context.rights = Set(token.rights)
      return
    }
    // The page itself holds nothing secret; it asks for the token.
    guard request.uri.path.hasPrefix("/api/"), request.uri.path != "/api/v1/session" else { return }
    throw SluiceError(
      .tokenMissing, what: "this server wants a token, and the request has none that it knows",
      at: "header Authorization",
      fix:
        "set SLUICE_TOKEN, or sign in on the page; "
        + "someone with the right 'admin' makes tokens: sluice token create NAME"
    )
  }

  static func token(in request: Request) -> String? {
    if let header = request.headers[.authorization], header.lowercased().hasPrefix("bearer ") {
      return String(header.dropFirst(7))
    }
    return request.headers[.cookie]?.split(separator: ";").lazy
      .map { $0.trimmingSpaces() }
      .first { $0.hasPrefix("sluice_token=") }
      .map { String($0.dropFirst("sluice_token=".count)) }
  }

  private static func translate(_ error: HTTPError, _ request: Request) -> SluiceError {
    switch error.status {
    case .notFound, .methodNotAllowed:
      SluiceError(
        .routeUnknown, what: "there is nothing at \(request.method.rawValue) \(NameRule.printable(request.uri.path))",
        at: "path", fix: "see /openapi.json for what there is")
    case .contentTooLarge: Problem.tooLarge(Limits.jsonBodyBytes)
    default:
      SluiceError(
        .bodyInvalid, what: error.body ?? "the request cannot be understood", at: "request", fix: "see /openapi.json")
    }
  }

  /// Source: W3C Trace Context, version 00.
  private static func validTrace(_ text: String) -> String? {
    let parts = text.split(separator: "-", omittingEmptySubsequences: false)
    let isHexadecimal = text.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) || $0 == 0x2D }
    return isHexadecimal && parts.map(\.utf8.count) == [2, 32, 16, 2] ? text : nil
  }

  static let traceparent = HTTPField.Name("traceparent") ?? .userAgent
  static let actorHeader = HTTPField.Name("X-Sluice-Actor") ?? .userAgent
}
