import Hummingbird
import SluiceEngine
import SluiceModel

/// The people whose names are known, and how a name is forgotten.
extension API {
  func addPeople(to api: RouterGroup<SluiceContext>) {
    api.get("people") { _, context in
      try context.require(.admin)
      return JSONBody.response(services.people.list())
    }
    api.post("people/erase") { request, context in
      try context.require(.admin)
      let body = try await JSONBody.read(ErasureRequest.self, request)
      return JSONBody.response(
        try await services.people.erase(body.name, dryRun: body.dryRun ?? false, origin: context.origin))
    }
  }
}
