import HTTPTypes
import Hummingbird
import NIOCore
import SluiceEngine
import SluiceModel

/// Events of other tools, in any of the three ways that CloudEvents lays them into a request.
extension API {
  func addIntake(to api: RouterGroup<SluiceContext>) {
    api.post("events") { request, context in
      try context.require(.publish)
      let body = try await JSONBody.bytes(request, limit: Limits.jsonBodyBytes)
      let headers = request.headers.lazy.map { HTTPBinding.Header($0.name.canonicalName, $0.value) }
      switch try API.read(headers, body: body) {
      case .one(let arrival):
        let entries = await services.intake.accept([arrival], from: context.actor)
        // Who sends one event looks at the status.
        for entry in entries { _ = try entry.outcome.get() }
        return API.response(entries)
      case .many(let arrivals):
        let entries = await services.intake.accept(arrivals, from: context.actor)
        if let error = API.commonFault(of: entries) { throw error }
        return API.response(entries)
      }
    }
  }

  private static func read(
    _ headers: some Sequence<HTTPBinding.Header>, body: [UInt8]
  ) throws(SluiceError) -> HTTPBinding.Incoming {
    do throws(HTTPBinding.ReadingProblem) {
      return try HTTPBinding.read(headers, body: body)
    } catch {
      switch error {
      case .broken(let problem): throw Intake.error(problem, at: "body")
      case .mode(let what):
        throw SluiceError(
          .eventMode, what: what, at: "header Content-Type",
          fix: "send \(HTTPBinding.structuredType), \(HTTPBinding.batchType), or the headers ce-id, ce-source, ce-type "
            + "and ce-specversion")
      }
    }
  }

  /// Where the log took nothing at all, the fault is the server's and not an event's.
  private static func commonFault(of entries: [Intake.Entry]) -> SluiceError? {
    var first: SluiceError?
    for entry in entries {
      guard case .failure(let error) = entry.outcome, error.code.status >= 500 else { return nil }
      first = first ?? error
    }
    return first
  }

  private static func response(_ entries: [Intake.Entry]) -> Response {
    let results = entries.map { entry in
      switch entry.outcome {
      case .success(let accepted):
        EventResult(
          id: entry.id, source: entry.source, position: accepted.position, duplicate: accepted.isDuplicate)
      case .failure(let error): EventResult(id: entry.id, source: entry.source, error: Failure(error))
      }
    }
    return Response(
      status: .ok, headers: [.contentType: "application/json"],
      body: ResponseBody(byteBuffer: ByteBuffer(bytes: IntakeAnswer(results: results).json)))
  }
}
