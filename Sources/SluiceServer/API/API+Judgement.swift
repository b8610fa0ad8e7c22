import Hummingbird
import SluiceEngine
import SluiceModel

/// What people say of versions and products.
extension API {
  func addJudgement(to api: RouterGroup<SluiceContext>) {
    api.post("judge") { request, context in
      try context.require(.publish)
      let body = try await JSONBody.read(JudgeRequest.self, request)
      return JSONBody.response(
        try await services.judgements.judge(
          Reference(body.ref), body.verdict, because: body.because, origin: context.origin))
    }
    api.post("vouch") { request, context in
      try context.require(.publish)
      let body = try await JSONBody.read(WordRequest.self, request)
      var answer = try await services.judgements.vouch(
        Reference(body.ref), because: body.because, origin: context.origin)
      answer.status = try await services.queries.status(of: answer.ref)
      return JSONBody.response(answer)
    }
    api.post("freeze") { request, context in
      try context.require(.publish)
      let body = try await JSONBody.read(FreezeRequest.self, request)
      return JSONBody.response(
        try await services.judgements.freeze(
          API.product(body.ref), at: VersionSelector(body.at, in: body.at), until: body.until, because: body.because,
          origin: context.origin))
    }
    api.post("thaw") { request, context in
      try context.require(.publish)
      let body = try await JSONBody.read(WordRequest.self, request)
      return JSONBody.response(
        try await services.judgements.thaw(API.product(body.ref), because: body.because, origin: context.origin))
    }
    api.post("release") { request, context in
      try context.require(.publish)
      let body = try await JSONBody.read(WordRequest.self, request)
      return JSONBody.response(
        try await services.judgements.release(API.product(body.ref), because: body.because, origin: context.origin))
    }
  }

  /// A product as a whole.
  private static func product(_ text: String) throws(SluiceError) -> ProductRef {
    let reference = try Reference(text)
    guard reference.selector == .latest, reference.file == nil else {
      throw SluiceError(
        .referenceInvalid, what: "the whole product is meant, and '\(NameRule.printable(text))' is a part of it",
        at: "reference '\(NameRule.printable(text))'", fix: "write \(reference.product)")
    }
    return reference.product
  }
}
