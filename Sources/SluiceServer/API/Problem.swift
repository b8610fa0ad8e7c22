import FoundationEssentials
import Hummingbird
import NIOCore
import SluiceModel

/// Errors as RFC 9457 problem details, with our code and fix.
struct Problem: Encodable {
  var type: String
  var title: String
  var status: Int
  var detail: String
  var code: String
  var at: String
  var fix: String
  /// Of a pipeline file: everything that is wrong with it.
  var problems: [PipelineProblem]?
  /// Of a plan that changed: what it is now, and in words what is different.
  var plan: Plan?
  var difference: [String]?

  init(_ error: SluiceError) {
    type = "https://sluice.dev/errors#\(error.code.rawValue)"
    (title, detail) = (error.what, "\(error.what). \(error.fix)")
    (status, code, at, fix) = (error.code.status, error.code.rawValue, error.at, error.fix)
  }

  static func response(
    _ error: SluiceError, problems: [PipelineProblem]? = nil, plan: Plan? = nil, difference: [String]? = nil
  ) -> Response {
    var problem = Problem(error)
    (problem.problems, problem.plan, problem.difference) = (problems, plan, difference)
    var response = JSONBody.response(problem, status: .init(code: error.code.status))
    response.headers[.contentType] = "application/problem+json"
    return response
  }

  static func tooLarge(_ limit: Int) -> SluiceError {
    SluiceError(
      .bodyTooLarge, what: "the request's body is larger than \(limit) bytes", at: "body",
      fix: "upload files one by one, and send smaller commands")
  }

  static func invalidBody(_ error: DecodingError) -> SluiceError {
    let (path, words): ([any CodingKey], String) =
      switch error {
      case .keyNotFound(let key, let context): (context.codingPath + [key], "the field is missing")
      case .typeMismatch(_, let context), .valueNotFound(_, let context): (context.codingPath, context.debugDescription)
      case .dataCorrupted(let context): (context.codingPath, context.debugDescription)
      @unknown default: ([], "it cannot be read")
      }
    let place = path.map { $0.intValue.map { "[\($0)]" } ?? $0.stringValue }.joined(separator: ".")
    return SluiceError(
      .bodyInvalid, what: "the body is not what this command takes: \(words)",
      at: place.isEmpty ? "body" : "body, \(place)", fix: "see /openapi.json for its shape")
  }
}

enum JSONBody {
  static func response(_ value: some Encodable, status: HTTPResponse.Status = .ok) -> Response {
    Response(
      status: status, headers: [.contentType: "application/json"],
      body: ResponseBody(byteBuffer: ByteBuffer(bytes: StableJSON.encode(value))))
  }

  /// An answer that is JSON already.
  static func response(bytes: [UInt8]) -> Response {
    Response(
      status: .ok, headers: [.contentType: "application/json"], body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes))
    )
  }

  /// - Throws: `body.tooLarge`, `body.invalid`.
  static func read<Value: Decodable>(_ type: Value.Type, _ request: Request) async throws -> Value {
    let bytes = try await bytes(request, limit: Limits.jsonBodyBytes)
    do {
      return try StableJSON.decode(type, from: bytes)
    } catch let error as SluiceError {
      throw error
    } catch let error as DecodingError {
      throw Problem.invalidBody(error)
    } catch {
      throw SluiceError(.bodyInvalid, what: "the body is not JSON", at: "body", fix: "see /openapi.json for its shape")
    }
  }

  static func bytes(_ request: Request, limit: Int) async throws -> [UInt8] {
    if let length = request.headers[.contentLength].flatMap({ Int($0) }), length > limit {
      throw Problem.tooLarge(limit)
    }
    do {
      let buffer = try await request.body.collect(upTo: limit)
      return Array(buffer.readableBytesView)
    } catch is NIOTooManyBytesError {
      throw Problem.tooLarge(limit)
    }
  }
}
