import Hummingbird
import SluiceEngine
import SluiceModel

/// What waits, why, and in which order.
extension API {
  func addQueue(to api: RouterGroup<SluiceContext>) {
    api.get("queue") { _, _ in JSONBody.response(await services.runner.queue()) }
    api.get("queue/:id") { _, context in
      JSONBody.response(try await why(TaskID(context.parameters.get("id") ?? "")))
    }
    api.post("queue/:id/priority") { request, context in
      let body = try await JSONBody.read(PriorityRequest.self, request)
      if body.apply == true { try context.require(.run) }
      guard let tier = TierName(rawValue: body.tier) else {
        throw SluiceError(
          .usage, what: "'\(NameRule.printable(body.tier))' is no tier", at: "body, tier",
          fix: "use \(TierName.allCases.map(\.rawValue).joined(separator: ", "))")
      }
      return JSONBody.response(
        try await services.runner.setTier(
          tier, of: context.queuedRun, applying: body.apply == true ? context.origin : nil))
    }
    api.post("queue/:id/pause") { _, context in
      try context.require(.run)
      return JSONBody.response(try await services.runner.setPaused(true, context.queuedRun, origin: context.origin))
    }
    api.post("queue/:id/resume") { _, context in
      try context.require(.run)
      return JSONBody.response(try await services.runner.setPaused(false, context.queuedRun, origin: context.origin))
    }
    api.post("queue/:id/pass") { _, context in
      try context.require(.run)
      return JSONBody.response(try await services.runner.pass(context.queuedRun, origin: context.origin))
    }
  }
}

private struct PriorityRequest: Decodable {
  var tier: String
  var apply: Bool?
}

extension SluiceContext {
  fileprivate var queuedRun: RunID { RunID(parameters.get("id") ?? "") }
}
