import Hummingbird
import SluiceEngine
import SluiceModel

/// The log as a whole: looked at, archived, backed up.
extension API {
  func addUpkeep(to api: RouterGroup<SluiceContext>) {
    api.get("log/upkeep") { _, context in
      try context.require(.admin)
      return JSONBody.response(services.upkeep.progress)
    }
    api.post("log/verify") { _, context in
      try context.require(.admin)
      return JSONBody.response(try await services.upkeep.verify())
    }
    api.post("log/archive") { request, context in
      try context.require(.admin)
      return JSONBody.response(
        try await services.upkeep.archive(try await JSONBody.read(ArchiveRequest.self, request)))
    }
    api.post("backup") { request, context in
      try context.require(.admin)
      return JSONBody.response(try await services.upkeep.backup(try await JSONBody.read(BackupRequest.self, request)))
    }
  }
}
