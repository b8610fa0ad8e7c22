import HTTPTypes
import Hummingbird
import NIOCore
import SluiceEngine
import SluiceModel

/// Subscriptions: who wants which events, how far each has come, and what could not be delivered.
extension API {
  func addSubscriptions(to api: RouterGroup<SluiceContext>) {
    api.get("subscriptions") { _, _ in
      JSONBody.response(["subscriptions": try await services.subscriptions.list()])
    }
    api.post("subscriptions") { request, context in
      try context.require(.subscribe)
      let body = try await JSONBody.read(SubscriptionRequest.self, request)
      return JSONBody.response(try await services.subscriptions.create(body, origin: context.origin))
    }
    api.get("subscriptions/:name") { _, context in
      JSONBody.response(try await services.subscriptions.show(try context.subscription))
    }
    api.delete("subscriptions/:name") { _, context in
      try context.require(.subscribe)
      try await services.subscriptions.delete(try context.subscription, origin: context.origin)
      return Response(status: .noContent)
    }
    api.post("subscriptions/:name/pause") { _, context in
      try context.require(.subscribe)
      return JSONBody.response(
        try await services.subscriptions.setPaused(try context.subscription, true, origin: context.origin))
    }
    api.post("subscriptions/:name/resume") { _, context in
      try context.require(.subscribe)
      return JSONBody.response(
        try await services.subscriptions.setPaused(try context.subscription, false, origin: context.origin))
    }
    api.post("subscriptions/:name/reset") { request, context in
      try context.require(.subscribe)
      let body = try await JSONBody.read(ResetRequest.self, request)
      return JSONBody.response(
        try await services.subscriptions.reset(try context.subscription, to: body.to, origin: context.origin))
    }
    addDelivery(to: api)
    addDeadLetters(to: api)
  }

  private func addDelivery(to api: RouterGroup<SluiceContext>) {
    api.get("subscriptions/:name/pull") { request, context in
      try context.require(.subscribe)
      let limit = min(Limits.eventsPerPage, max(1, try whole(request.value("limit"), of: "limit") ?? 100))
      let wait = min(Double(Limits.pullWaitSeconds), max(0, try seconds(request.value("wait"), of: "wait") ?? 0))
      let pulled = try await services.subscriptions.pull(try context.subscription, limit: limit, waitSeconds: wait)
      return JSONBody.response(bytes: pulled.json)
    }
    api.post("subscriptions/:name/ack") { request, context in
      try context.require(.subscribe)
      let body = try await JSONBody.read(AcknowledgeRequest.self, request)
      return JSONBody.response(
        try await services.subscriptions.acknowledge(
          try context.subscription, batch: body.batch, done: body.done, error: body.error))
    }
    api.post("subscriptions/:name/replay") { request, context in
      let body = try await JSONBody.read(ReplayRequest.self, request)
      if body.dryRun != true { try context.require(.subscribe) }
      return JSONBody.response(
        try await services.subscriptions.replay(try context.subscription, body, origin: context.origin))
    }
  }

  /// A wait of "30s" that counted as none would make a storm of a long poll: what is no number is refused.
  private func whole(_ text: String?, of name: String) throws(SluiceError) -> Int? {
    guard let text else { return nil }
    if let number = Int(text) { return number }
    throw API.noNumber(text, of: name, "a whole number")
  }

  private func seconds(_ text: String?, of name: String) throws(SluiceError) -> Double? {
    guard let text else { return nil }
    if let number = Double(text), number.isFinite { return number }
    throw API.noNumber(text, of: name, "a number of seconds")
  }

  private static func noNumber(_ text: String, of name: String, _ kind: String) -> SluiceError {
    SluiceError(
      .usage, what: "'\(NameRule.printable(text))' is no \(name)", at: "query, \(name)", fix: "give \(kind)")
  }

  private func addDeadLetters(to api: RouterGroup<SluiceContext>) {
    api.get("subscriptions/:name/dead") { request, context in
      let name = try context.subscription
      let after = try request.value("from").map { (text) throws(SluiceError) in try position(text).sequence } ?? 0
      let letters = try await services.subscriptions.deadLetters(of: name, after: after)
      return JSONBody.response(bytes: DeadLettersAnswer(subscription: name, letters: letters).json)
    }
    api.post("subscriptions/:name/retry") { request, context in
      try context.require(.subscribe)
      let body = try await JSONBody.read(RetryRequest.self, request)
      return JSONBody.response(
        try await services.subscriptions.retry(try context.subscription, events: body.events ?? []))
    }
  }
}

private struct ResetRequest: Decodable { var to: String }

private struct AcknowledgeRequest: Decodable {
  var batch: String
  var done: Int?
  var error: String?
}

private struct RetryRequest: Decodable { var events: [String]? }

extension SluiceContext {
  /// - Throws: `reference.invalid`.
  fileprivate var subscription: SubscriptionName {
    get throws(SluiceError) { try SubscriptionName(parameters.get("name") ?? "") }
  }
}
