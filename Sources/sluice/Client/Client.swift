import ArgumentParser
import AsyncHTTPClient
import FoundationEssentials
import NIOCore
import NIOHTTP1
import SluiceModel

/// What every command that asks a server takes.
struct ServerOptions: ParsableArguments {
  @Option(help: ArgumentHelp("The server.", discussion: "Default: SLUICE_SERVER, else http://127.0.0.1:7733."))
  var server: String?

  @Flag(help: "Print one JSON object for programs.")
  var json = false

  var client: Client {
    var base = server ?? Machine.environment["SLUICE_SERVER"] ?? "http://127.0.0.1:7733"
    while base.hasSuffix("/") { base.removeLast() }
    return Client(base: base)
  }
}

/// Speaks HTTP with a server; errors come back as they were thrown there.
struct Client: Sendable {
  enum Method: String { case GET, POST, PUT, DELETE }

  let base: String
  /// `SLUICE_TOKEN` where it is not said.
  var token: String?

  /// A server that is not there is said to be not there at once, not after twelve hours of trying.
  private static let http: HTTPClient = {
    var configuration = HTTPClient.Configuration.singletonConfiguration
    configuration.timeout.connect = .seconds(5)
    configuration.connectionPool.retryConnectionEstablishment = false
    return HTTPClient(eventLoopGroup: HTTPClient.defaultEventLoopGroup, configuration: configuration)
  }()

  private struct ProblemBody: Decodable {
    var code: String
    var title: String
    var at: String
    var fix: String
  }

  func get<Answer: Decodable>(_ path: String, _ query: [(String, String?)] = []) async throws(SluiceError) -> Answer {
    try await answer(.GET, path, query, body: nil, type: nil)
  }

  func post<Answer: Decodable>(
    _ path: String, _ body: some Encodable, within timeout: TimeAmount = .hours(12)
  ) async throws(SluiceError) -> Answer {
    try await answer(
      .POST, path, [], body: .bytes(StableJSON.encode(body)), type: "application/json", within: timeout)
  }

  func answer<Answer: Decodable>(
    _ method: Method, _ path: String, _ query: [(String, String?)], body: HTTPClientRequest.Body?, type: String?,
    within timeout: TimeAmount = .hours(12)
  ) async throws(SluiceError) -> Answer {
    let response = try await send(method, path, query, body: body, type: type, timeout: timeout)
    let bytes = try await collect(response)
    do {
      return try StableJSON.decode(Answer.self, from: bytes)
    } catch {
      throw SluiceError(
        .serverAnswer, what: "the server's answer cannot be read: \(error)", at: "\(base)\(path)",
        fix: "use a client and a server of the same version")
    }
  }

  /// - Throws: what the server answered as an error, or `server.unreachable`.
  func send(
    _ method: Method, _ path: String, _ query: [(String, String?)] = [], body: HTTPClientRequest.Body? = nil,
    type: String? = nil, headers: [(String, String)] = [], timeout: TimeAmount = .hours(12)
  ) async throws(SluiceError) -> HTTPClientResponse {
    var request = HTTPClientRequest(url: url(path, query))
    request.method = HTTPMethod(rawValue: method.rawValue)
    request.headers.add(name: "X-Sluice-Actor", value: Machine.person)
    if let token = token ?? Machine.environment["SLUICE_TOKEN"], !token.isEmpty {
      request.headers.add(name: "Authorization", value: "Bearer \(token)")
    }
    if let type { request.headers.add(name: "Content-Type", value: type) }
    for (name, value) in headers { request.headers.add(name: name, value: value) }
    request.body = body
    let response: HTTPClientResponse
    do {
      response = try await Client.http.execute(request, timeout: timeout)
    } catch {
      throw SluiceError(
        .serverUnreachable, what: "the server does not answer (\(Client.words(error)))", at: base,
        fix: "start it (sluice serve), or name another with --server or SLUICE_SERVER")
    }
    guard (200..<300).contains(response.status.code) else { throw await failure(response, path) }
    return response
  }

  private static func words(_ error: any Error) -> String {
    let text = "\(error)"
    let isRefusal = ["connection refused", "econnrefused"].contains { text.lowercased().contains($0) }
    return isRefusal ? "connection refused" : text
  }

  private func failure(_ response: HTTPClientResponse, _ path: String) async -> SluiceError {
    let bytes = (try? await collect(response)) ?? []
    guard let body = try? StableJSON.decode(ProblemBody.self, from: bytes) else {
      return SluiceError(
        .serverAnswer, what: "the server answered \(response.status.code)", at: "\(base)\(path)",
        fix: "look whether that is a Sluice server, and at its log")
    }
    return SluiceError(ErrorCode(rawValue: body.code) ?? .serverAnswer, what: body.title, at: body.at, fix: body.fix)
  }

  /// A header of an answer.
  static func header(_ name: String, of response: HTTPClientResponse) -> String? { response.headers.first(name: name) }

  func collect(_ response: HTTPClientResponse) async throws(SluiceError) -> [UInt8] {
    do {
      let buffer = try await response.body.collect(upTo: 512 * 1024 * 1024)
      return Array(buffer.readableBytesView)
    } catch {
      throw SluiceError(
        .serverUnreachable, what: "the connection broke while the answer came (\(error))", at: base, fix: "try again")
    }
  }

  private func url(_ path: String, _ query: [(String, String?)]) -> String {
    let pairs = query.compactMap { name, value in value.map { "\(name)=\(Client.escaped($0))" } }
    return base + "/api/v1/" + path + (pairs.isEmpty ? "" : "?" + pairs.joined(separator: "&"))
  }

  /// Percent-encoding of everything but RFC 3986's unreserved characters.
  static func escaped(_ text: String) -> String {
    var result = ""
    for byte in text.utf8 {
      switch byte {
      case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F, 0x7E: result.unicodeScalars.append(.init(byte))
      default:
        let digits = String(byte, radix: 16, uppercase: true)
        result += "%" + (digits.count == 1 ? "0" : "") + digits
      }
    }
    return result
  }
}
