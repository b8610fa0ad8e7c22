import Hummingbird
import NIOCore
import SluiceModel

/// The web page and the schemas, out of the binary.
struct Page {
  func add(to router: Router<SluiceContext>) {
    for (path, text) in EmbeddedFiles.byPath where path.hasPrefix("web/app/") {
      let name = path.dropFirst("web/app/".count)
      router.get("/app/\(name)") { _, _ in Page.response(text, name: String(name)) }
    }
    router.get("/openapi.json") { _, _ in try Page.file("schemas/openapi.json") }
    router.get("/schemas/**") { _, context in
      try Page.file("schemas/" + context.parameters.getCatchAll().joined(separator: "/"))
    }
    router.get("/") { _, _ in try Page.file("web/app/index.html") }
  }

  /// What `/openapi.json` answers.
  static var contract: JSONValue? {
    EmbeddedFiles.byPath["schemas/openapi.json"].flatMap {
      try? StableJSON.decode(JSONValue.self, from: Array($0.utf8))
    }
  }

  private static func file(_ path: String) throws(SluiceError) -> Response {
    if let text = EmbeddedFiles.byPath[path] { return response(text, name: path) }
    throw SluiceError(
      .routeUnknown, what: "there is no file '\(NameRule.printable(path))' here", at: "path", fix: "begin at /")
  }

  private static func response(_ text: String, name: String) -> Response {
    Response(
      status: .ok, headers: [.contentType: type(of: name), .cacheControl: "no-cache"],
      body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
  }

  private static func type(of name: String) -> String {
    switch FileName(name).fileExtension {
    case "html": "text/html; charset=utf-8"
    case "js": "text/javascript; charset=utf-8"
    case "css": "text/css; charset=utf-8"
    case "svg": "image/svg+xml"
    default: "application/json"
    }
  }
}
