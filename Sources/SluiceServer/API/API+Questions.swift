import FoundationEssentials
import HTTPTypes
import Hummingbird
import NIOCore
import SluiceEngine
import SluiceGraph
import SluiceModel

/// Questions about products, and their files.
extension API {
  func addQuestions(to api: RouterGroup<SluiceContext>) {
    api.get("status") { request, _ in
      JSONBody.response(
        try await services.queries.status(
          request.value("ref"), onlyStale: request.value("stale") == "true", selection: try selection(request),
          kept: KeptFilter(frozen: request.value("frozen") == "true", held: request.value("held") == "true")))
    }
    api.get("show") { request, _ in
      let ref = try request.required("ref")
      await services.inPlace.check([ref])
      return JSONBody.response(try await services.queries.show(Reference(ref)))
    }
    api.post("resolve") { request, _ in
      let body = try await JSONBody.read(ResolveRequest.self, request)
      await services.inPlace.check(body.refs)
      return JSONBody.response(try services.queries.resolve(body.refs, representation: body.representation))
    }
    api.get("why") { request, _ in
      JSONBody.response(try await services.queries.why(Reference(try request.required("ref"))))
    }
    api.get("impact") { request, _ in
      JSONBody.response(
        try await services.queries.impact(
          Reference(try request.required("ref")), selection: try selection(request)))
    }
    api.get("savings") { request, _ in
      JSONBody.response(
        try await services.queries.savings(
          ProjectName(try request.required("project")), since: request.value("since")))
    }
    api.get("sizes") { request, _ in
      JSONBody.response(
        try await services.queries.sizes(
          ProjectName(try request.required("project")), since: request.value("since")))
    }
  }

  private func selection(_ request: Request) throws(SluiceError) -> Selection {
    try Selection(request.value("select") ?? "").excluding(request.value("exclude") ?? "")
  }

  /// Opens a file in place; where it is not what was recorded, that is kept.
  private func open(_ file: StoredFile, of ref: String) async throws(SluiceError) -> any OutsideReader {
    do throws(SluiceError) { return try await services.outside.open(file) } catch {
      await services.inPlace.check([ref])
      if let damage = try services.writer.current.version(Reference(ref)).damageError { throw damage }
      throw error
    }
  }

  func addFiles(to api: RouterGroup<SluiceContext>) {
    api.get("files") { request, context in
      let ref = try request.required("ref")
      let (path, file) = try services.queries.file(
        Reference(ref), representation: request.value("representation"),
        path: request.value("path"), frame: request.value("frame").flatMap { Int($0) })
      if file.place != nil {
        return Files.response(inPlace: file, reader: try await open(file, of: ref), request: request)
      }
      return try await Files.response(path: path, file: file, request: request, context: context)
    }
    api.get("preview") { request, context in
      let ref = try request.required("ref")
      let (path, file) = try services.queries.file(
        Reference(ref), representation: nil, path: nil, frame: request.value("frame").flatMap { Int($0) })
      let width = min(2_048, max(16, Int(request.value("width") ?? "320") ?? 320))
      guard let preview = try await preview(of: file, at: path, ref, width: width) else {
        throw SluiceError(
          .fileUnknown, what: "there is no picture of '\(file.path)'", at: "preview",
          fix: "pictures exist of image files")
      }
      return try await Files.response(preview: preview, digest: file.sha256, request: request, context: context)
    }
  }

  /// The path of a small picture. Of a file in place only what was recorded is looked at, and only while it is that.
  private func preview(
    of file: StoredFile, at path: String, _ ref: String, width: Int
  ) async throws(SluiceError) -> String? {
    guard file.place != nil else {
      return await services.previews.preview(of: path, named: file.path, key: file.sha256, width: width)
    }
    let reader = try await open(file, of: ref)
    guard let path = reader.pathForPrograms else { return nil }
    let preview = await services.previews.preview(of: path, named: file.path, key: file.sha256, width: width)
    try await reader.requireSame(file)
    return preview
  }
}
