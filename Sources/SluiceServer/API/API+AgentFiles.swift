import FoundationEssentials
import HTTPTypes
import Hummingbird
import NIOCore
import SluiceEngine
import SluiceModel

/// Files of tasks whose agents do not see the store. Source: ADR 0017.
extension API {
  func addAgentFiles(to api: RouterGroup<SluiceContext>) {
    api.get("agents/:agent/leases/:lease/inputs/:sha256") { request, context in
      try context.require(.agent)
      guard let digest = Digest(hex: context.parameters.get("sha256") ?? "") else {
        throw SluiceError(.fileUnknown, what: "that is no digest", at: "path", fix: "give 64 hexadecimal digits")
      }
      let file = try await services.runner.input(
        digest, lease: try context.lease, of: context.agent, session: request.session)
      return try await Files.response(
        path: file.path, file: StoredFile(path: "input", frame: nil, size: file.size, sha256: digest),
        request: request, context: context)
    }
    api.put("agents/:agent/leases/:lease/outputs") { request, context in
      try context.require(.agent)
      let bytes = try await JSONBody.bytes(request, limit: Limits.agentPieceBytes)
      let size = try await services.runner.receive(
        bytes, of: try request.required("path"), at: try request.offset, lease: try context.lease, of: context.agent,
        session: request.session)
      return JSONBody.response(["size": size])
    }
    api.put("agents/:agent/leases/:lease/log") { request, context in
      try context.require(.agent)
      let bytes = try await JSONBody.bytes(request, limit: Limits.agentPieceBytes)
      let size = try await services.runner.receiveLog(
        bytes, at: try request.offset, lease: try context.lease, of: context.agent, session: request.session)
      return JSONBody.response(["size": size])
    }
  }
}

extension Request {
  fileprivate var session: String { HTTPField.Name("X-Sluice-Session").flatMap { headers[$0] } ?? "" }

  fileprivate var offset: Int64 {
    get throws(SluiceError) {
      let text = value("offset") ?? "0"
      if let offset = Int64(text), offset >= 0 { return offset }
      throw SluiceError(
        .usage, what: "'\(NameRule.printable(text))' is no offset", at: "query, offset", fix: "give a number of bytes")
    }
  }
}

extension SluiceContext {
  fileprivate var lease: UInt64 {
    get throws(SluiceError) {
      if let lease = parameters.get("lease").flatMap({ UInt64($0) }) { return lease }
      throw SluiceError(.agentLease, what: "that is no lease", at: "path", fix: "give the number that a task came with")
    }
  }
}
