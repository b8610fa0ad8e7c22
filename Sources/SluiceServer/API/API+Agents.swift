import Hummingbird
import SluiceEngine
import SluiceModel

/// The farm: what agents ask, and what people ask of agents. Source: ADR 0017.
extension API {
  func addAgents(to api: RouterGroup<SluiceContext>) {
    api.get("agents") { _, _ in JSONBody.response(await services.runner.agents()) }
    api.post("agents") { request, context in
      try context.require(.agent)
      return JSONBody.response(try await services.runner.join(try await JSONBody.read(AgentJoin.self, request)))
    }
    api.post("agents/:agent/poll") { request, context in
      try context.require(.agent)
      let body = try await JSONBody.read(AgentPoll.self, request)
      return JSONBody.response(try await services.runner.poll(context.agent, body))
    }
    api.post("agents/:agent/heartbeat") { request, context in
      try context.require(.agent)
      let body = try await JSONBody.read(AgentBeat.self, request)
      return JSONBody.response(try await services.runner.hear(context.agent, body))
    }
    api.post("agents/:agent/finish") { request, context in
      try context.require(.agent)
      let body = try await JSONBody.read(AgentFinish.self, request)
      return JSONBody.response(try await services.runner.finish(context.agent, body))
    }
    api.post("agents/:agent/leave") { request, context in
      try context.require(.agent)
      let body = try await JSONBody.read(AgentBeat.self, request)
      try await services.runner.leave(context.agent, session: body.session)
      return Response(status: .noContent)
    }
    addAgentFiles(to: api)
    api.post("agents/:agent/drain") { _, context in try await setStanding(.draining, context) }
    api.post("agents/:agent/pause") { _, context in try await setStanding(.paused, context) }
    api.post("agents/:agent/resume") { _, context in try await setStanding(.active, context) }
    api.post("agents/:agent/remove") { _, context in try await setStanding(.removed, context) }
  }

  private func setStanding(_ standing: AgentStanding, _ context: SluiceContext) async throws -> Response {
    try context.require(.run)
    return JSONBody.response(
      try await services.runner.setStanding(standing, of: context.agent, origin: context.origin))
  }
}

extension SluiceContext {
  var agent: String { parameters.get("agent") ?? "" }
}
