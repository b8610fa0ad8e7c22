import FoundationEssentials
import SluiceModel
import Testing

private func url(_ text: String) throws(WebhookProblem) -> WebhookURL { try WebhookURL(text) }

@Suite struct `The address of a webhook` {
  @Test(arguments: [
    ("http://hooks.example.com", "http://hooks.example.com:80/"), ("https://h/", "https://h:443/"),
    ("HTTPS://Hooks.Example.COM:8443/A/b?x=Y", "https://hooks.example.com:8443/A/b?x=Y"),
    ("http://10.0.0.1:1?x", "http://10.0.0.1:1/?x"), ("http://[2001:DB8::1]/", "http://[2001:db8::1]:80/"),
    ("http://[::1]:65535/a%20b", "http://[::1]:65535/a%20b"),
    ("http://under_score.lan./", "http://under_score.lan.:80/"),
    ("http://h/@:/a@b://c", "http://h:80/@:/a@b://c"),
  ])
  func `is read whole`(text: String, meaning: String) throws {
    #expect(try url(text).description == meaning)
  }

  @Test(arguments: [
    "", "hooks.example.com", "//h/", "http:/h", "http://", "http:///path", "ftp://h/", "file:///etc/passwd",
    "gopher://h",
    "http://user@h/", "http://user:secret@h/", "http://h:80@10.0.0.1/", "http://h#frag", "http://h\\@10.0.0.1/",
    "http://h /", "http://h/\r\nX: y", "http://hé.com/", "http://h:", "http://h:0/", "http://h:65536/", "http://h:+80/",
    "http://h:8x/", "http://[::1/", "http://[::1]x/", "http://[::1%25eth0]/", "http://a,b/", "http://%31%30.0.0.1/",
    "http://a:b:c/", "http://[h.example]/", "http://[fade]/", "http://[1.2.3.4]/", "javascript:alert(1)",
  ])
  func `is refused where it is none, or could mean two things`(text: String) {
    #expect(throws: WebhookProblem.self) { try url(text) }
  }

  @Test func `has a limit`() throws {
    let rest = Limits.webhookURLBytes - "http://h/".utf8.count
    #expect(throws: Never.self) { try url("http://h/" + String(repeating: "x", count: rest)) }
    #expect(throws: WebhookProblem.self) { try url("http://h/" + String(repeating: "x", count: rest + 1)) }
  }

  @Test func `is the same when it is read again`() throws {
    for text in ["https://h/a?b", "http://[::1]:9/", "http://h:1/%2e%2e/"] {
      #expect(try url(url(text).description) == url(text))
    }
  }
}

@Suite struct `A redirect` {
  @Test(arguments: [
    ("http://h/a/b?q", "/c", "http://h:80/c"), ("http://h/a/b?q", "c?d", "http://h:80/a/c?d"),
    ("http://h/a/b?q", "?d", "http://h:80/a/b?d"), ("http://h/a", "https://h/a", "https://h:443/a"),
    ("https://h:8443/a", "//h/x", "https://h:443/x"), ("http://h/a?x=/y/", "z", "http://h:80/z"),
    ("http://H/", "http://h:8080/", "http://h:8080/"),
  ])
  func `leads elsewhere on the same host`(from: String, location: String, to: String) throws {
    #expect(try url(from).redirected(to: location).description == to)
  }

  @Test(arguments: [
    ("http://h/", "http://other/"), ("http://h/", "//other/"), ("http://h/", "http://h@other/"),
    ("https://h/", "http://h/"),
    ("http://h/", "ftp://h/"), ("http://h/", "http://h.evil/"), ("http://h/", "/\u{e9}"), ("http://h/", "http://"),
  ])
  func `to anywhere else is refused`(from: String, location: String) throws {
    let from = try url(from)
    #expect(throws: WebhookProblem.self) { try from.redirected(to: location) }
  }
}

@Suite struct `The signature of a webhook` {
  private let body = Array(#"{"event_type":"ping","data":{"success":true}}"#.utf8)

  /// The key, message and signature of the specification's own example.
  @Test func `is as Standard Webhooks has it`() throws {
    let key = Array(try #require(Data(base64Encoded: "plJ3nmyCDGBKInavdOK15jsl")))
    #expect(
      WebhookSignature.value(id: "msg_loFOjxBNrRLzqYUf", second: 1_731_705_121, body: body, secret: key)
        == "v1,rAvfW3dJ/X/qxhsaXPOyyCGmRKsaKWcsNccKXlIktD0=")
  }

  @Test func `is another for any other id, second, body or key`() {
    let key = [UInt8](1...32)
    let values = [
      WebhookSignature.value(id: "a", second: 1, body: body, secret: key),
      WebhookSignature.value(id: "b", second: 1, body: body, secret: key),
      WebhookSignature.value(id: "a", second: 2, body: body, secret: key),
      WebhookSignature.value(id: "a", second: 1, body: body + [0], secret: key),
      WebhookSignature.value(id: "a", second: 1, body: body, secret: key.reversed()),
    ]
    #expect(Set(values).count == values.count)
  }

  @Test func `has a key of 24 to 64 bytes, written with its prefix`() throws {
    for count in [24, 32, 64] {
      let key = [UInt8](repeating: 7, count: count)
      #expect(WebhookSignature.key(WebhookSignature.text(of: key)) == key)
    }
    for text in [
      "", "whsec_", "secret", "whsec_?", WebhookSignature.text(of: [UInt8](repeating: 7, count: 23)),
      WebhookSignature.text(of: [UInt8](repeating: 7, count: 65)), "cGxKM25teUNER0JLSW5hdmRPSzE1anNs",
    ] { #expect(WebhookSignature.key(text) == nil, "\(text)") }
  }

  @Test func `names the same events the same, and others otherwise`() throws {
    func events(_ pairs: [(String, String)]) throws -> [OutgoingEvent] {
      try pairs.map { source, id in
        OutgoingEvent(
          envelope: try Envelope(Array(#"{"redelivery":\#(id.count),"id":"\#(id)","source":"\#(source)"}"#.utf8)))
      }
    }
    let ids = try [[("a", "b")], [("a", "b"), ("a", "c")], [("a", "c"), ("a", "b")], [("ab", "")], []].map {
      WebhookSignature.id(of: try events($0))
    }
    #expect(Set(ids).count == 5 && ids.allSatisfy { $0.hasPrefix("msg_") && $0.utf8.count == 36 })
    #expect(try ids[0] == WebhookSignature.id(of: events([("a", "b")])))
  }
}
