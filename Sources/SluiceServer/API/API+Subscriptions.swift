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
      let limit = min(Limits.eventsPerPage, max(1, Int(request.value("limit") ?? "") ?? 100))
      let wait = min(Double(Limits.pullWaitSeconds), max(0, Double(request.value("wait") ?? "") ?? 0))
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
      let name = try context.subscription
      let count = try await services.subscriptions.retry(name, events: body.events ?? [])
      return JSONBody.response(RetryAnswer(subscription: name, retrying: count))
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

private struct RetryAnswer: Encodable {
  var subscription: SubscriptionName
  var retrying: Int
}

extension SluiceContext {
  /// - Throws: `reference.invalid`.
  fileprivate var subscription: SubscriptionName {
    get throws(SluiceError) { try SubscriptionName(parameters.get("name") ?? "") }
  }
}
