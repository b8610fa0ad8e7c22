import HTTPTypes
import Hummingbird
import NIOCore
import SluiceModel

/// Holds requests to what `schemas/openapi.json` says that they may carry.
///
/// A parameter or a field that nobody reads is refused: passed over, a typing error would widen a plan to everything.
/// What agents send of their work goes through unseen, since they may be of another version than the server.
struct Contract: RouterMiddleware {
  typealias Context = SluiceContext

  /// What a value may carry.
  indirect enum Shape: Sendable {
    case any
    case fields([String: Shape])
    case each(Shape)
    case named(String)
  }

  private struct Operation {
    let segments: [String?]
    let parameters: Set<String>
    let body: Shape?

    func takes(_ path: [Substring]) -> Bool {
      zip(segments, path).allSatisfy { $0 == nil || $0 == String($1) }
    }
  }

  /// By method and number of segments.
  private var operations: [String: [Operation]] = [:]
  private var shapes: [String: Shape] = [:]

  init(_ document: JSONValue?) {
    guard let document else { return }
    for (name, schema) in document["components"]?["schemas"]?.members ?? [:] { shapes[name] = Contract.shape(schema) }
    let shared = document["components"]?["parameters"]
    for (path, methods) in document["paths"]?.members ?? [:] {
      let segments = path.split(separator: "/").map { $0.hasPrefix("{") ? nil : String($0) }
      for (method, operation) in methods.members {
        let parameters = operation["parameters"]?.elements.compactMap { parameter in
          let parameter = parameter["$ref"]?.text.flatMap { shared?[Contract.name($0)] } ?? parameter
          return parameter["in"]?.text == "query" ? parameter["name"]?.text : nil
        }
        let body = operation["requestBody"]?["content"]?["application/json"]?["schema"]
        let isOfAgents = path.hasPrefix("/api/v1/agents/")
        operations["\(method.uppercased()) \(segments.count)", default: []].append(
          Operation(
            segments: segments, parameters: Set(parameters ?? []).union(Contract.always),
            body: isOfAgents ? nil : body.map(Contract.shape)))
      }
    }
  }

  /// Any read may wait for a position.
  private static let always = ["atLeast"]

  private static func name(_ reference: String) -> String {
    reference.split(separator: "/").last.map(String.init) ?? reference
  }

  private static func shape(_ schema: JSONValue) -> Shape {
    if let reference = schema["$ref"]?.text { return .named(name(reference)) }
    if let items = schema["items"] { return .each(shape(items)) }
    guard schema["additionalProperties"] == nil, let fields = schema["properties"]?.members else { return .any }
    return .fields(fields.mapValues(shape))
  }

  @concurrent
  func handle(
    _ request: Request, context: SluiceContext,
    next: @concurrent (Request, SluiceContext) async throws -> Response
  ) async throws -> Response {
    let path = request.uri.path.split(separator: "/")
    guard
      let operation = operations["\(request.method.rawValue) \(path.count)"]?.first(where: { $0.takes(path) })
    else { return try await next(request, context) }
    for parameter in request.uri.queryParameters.map({ String($0.key) })
    where !operation.parameters.contains(parameter) {
      throw SluiceError(
        .usage, what: "there is no parameter '\(NameRule.printable(parameter))' here",
        at: "\(request.method) \(request.uri.path)", fix: Contract.advice(parameter, operation.parameters, "takes"))
    }
    guard let shape = operation.body else { return try await next(request, context) }
    var request = request
    let bytes = try await JSONBody.bytes(request, limit: Limits.jsonBodyBytes)
    // What is no JSON at all, is said where it is read.
    if let value = try? StableJSON.decode(JSONValue.self, from: bytes) { try check(value, shape, at: []) }
    request.body = RequestBody(buffer: ByteBuffer(bytes: bytes))
    return try await next(request, context)
  }

  private func check(_ value: JSONValue, _ shape: Shape, at place: [String]) throws(SluiceError) {
    switch (shape, value) {
    case (.named(let name), _):
      if let shape = shapes[name] { try check(value, shape, at: place) }
    case (.each(let shape), .array(let elements)):
      for (index, element) in elements.enumerated() { try check(element, shape, at: place + ["[\(index)]"]) }
    case (.fields(let fields), .object(let members)):
      for (key, member) in members.sorted(by: { $0.key < $1.key }) {
        guard let shape = fields[key] else {
          throw SluiceError(
            .bodyInvalid, what: "there is no field '\(NameRule.printable(key))' here",
            at: place.isEmpty ? "body" : "body, \(place.joined(separator: "."))",
            fix: Contract.advice(key, fields.keys, "has"))
        }
        try check(member, shape, at: place + [key])
      }
    default: break
    }
  }

  private static func advice(_ word: String, _ known: some Sequence<String>, _ verb: String) -> String {
    let meant = nearest(to: word, in: known).map { "did you mean '\($0)'? " } ?? ""
    return "\(meant)it \(verb) \(known.sorted().joined(separator: ", ")); see /openapi.json"
  }
}

extension JSONValue {
  fileprivate subscript(key: String) -> JSONValue? { members[key] }
  fileprivate var members: [String: JSONValue] { if case .object(let members) = self { members } else { [:] } }
  fileprivate var elements: [JSONValue] { if case .array(let elements) = self { elements } else { [] } }
  fileprivate var text: String? { if case .string(let text) = self { text } else { nil } }
}
