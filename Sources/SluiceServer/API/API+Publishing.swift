import FoundationEssentials
import HTTPTypes
import Hummingbird
import NIOCore
import SluiceEngine
import SluiceGraph
import SluiceModel

/// Bringing bytes in and publishing them.
extension API {
  func addPublishing(to api: RouterGroup<SluiceContext>) {
    api.post("uploads") { _, context in
      try context.require(.publish)
      let upload = try await services.store.makeUpload()
      let door = services.store.door(of: upload)
      return JSONBody.response(
        UploadAnswer(
          upload: upload, directory: door.directory, markerFile: door.markerFile, marker: door.marker))
    }
    api.put("uploads/:upload/files") { request, context in
      try context.require(.publish)
      let path = try request.required("path")
      let upload = UploadID(context.parameters.get("upload") ?? "")
      let receiver = try await services.store.receive(path, of: upload)
      do {
        for try await buffer in request.body { try await receiver.write(Array(buffer.readableBytesView)) }
        let (size, digest) = try await receiver.finish()
        return JSONBody.response(UploadedFile(path: path, size: size, sha256: digest))
      } catch {
        await receiver.abandon()
        throw error
      }
    }
    api.delete("uploads/:upload") { _, context in
      try context.require(.publish)
      await services.store.discard(UploadID(context.parameters.get("upload") ?? ""))
      return Response(status: .noContent)
    }
    api.post("publish") { request, context in
      try context.require(.publish)
      let body = try await JSONBody.read(PublishRequest.self, request)
      let answer = try await services.publisher.publish(body, origin: context.origin)
      if answer.published.contains(where: { $0.inPlace == .unhashed }) { services.inPlace.pulse() }
      return JSONBody.response(answer)
    }
    api.post("identify") { request, _ in
      let body = try await JSONBody.read(IdentifyRequest.self, request)
      var answers: [IdentifyAnswer] = []
      for file in body.files {
        do throws(SluiceError) {
          var answer = try await services.queries.identify(
            path: file.path, digest: file.sha256, views: services.views)
          if answer.ref == nil, let standIn = await services.inPlace.standIn(at: file.path) {
            answer = try await services.queries.identify(
              path: file.path, inPlace: standIn, digest: file.sha256, views: services.views)
          }
          if answer.inPlace != nil, let ref = answer.ref, let version = answer.version {
            await services.inPlace.check(["\(ref)@\(version)"])
            answer.damaged = try services.queries.damage(of: ref, version)
          }
          answers.append(answer)
        } catch {
          var answer = IdentifyAnswer(path: file.path)
          answer.error = Failure(error)
          answers.append(answer)
        }
      }
      return JSONBody.response(["files": answers])
    }
  }
}
