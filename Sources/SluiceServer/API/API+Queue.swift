import Hummingbird
import SluiceEngine
import SluiceModel
import SluicePolicy

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
      guard let tier = Tier.allCases.first(where: { "\($0)" == body.tier }) else {
        throw SluiceError(
          .usage, what: "'\(NameRule.printable(body.tier))' is no tier", at: "body, tier",
          fix: "use \(Tier.allCases.map { "\($0)" }.joined(separator: ", "))")
      }
      return JSONBody.response(
        try await services.runner.setTier(tier, of: context.queuedRun, applying: body.apply == true))
    }
    api.post("queue/:id/pause") { _, context in
      try context.require(.run)
      return JSONBody.response(try await services.runner.setPaused(true, context.queuedRun))
    }
    api.post("queue/:id/resume") { _, context in
      try context.require(.run)
      return JSONBody.response(try await services.runner.setPaused(false, context.queuedRun))
    }
    api.post("queue/:id/pass") { _, context in
      try context.require(.run)
      return JSONBody.response(try await services.runner.pass(context.queuedRun))
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
