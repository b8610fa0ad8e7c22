import Foundation
import SluiceModel
import Synchronization
import Testing

@testable import SluiceAdapters

/// A real HTTP server in a process of its own; it ends with the value.
private final class Receiver: Sendable {
  struct Request: Decodable {
    var path: String
    var headers: [String: String]
    var body: Data
    var port: Int
    var text: String { String(decoding: body, as: UTF8.self) }
  }

  let port: Int
  private let log: String
  private let process: Process
  private let input: Pipe
  private static let script = #filePath.components(separatedBy: "/WebhookSenderTests.swift")[0] + "/receiver.py"

  /// - Parameter certificate: a PEM file with key and certificate, for https.
  init(certificate: String? = nil) throws {
    let (process, input, output) = (Process(), Pipe(), Pipe())
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    log = NSTemporaryDirectory() + "sluice-test-" + UUID().uuidString
    process.arguments = ["python3", Receiver.script, log] + (certificate.map { [$0] } ?? [])
    (process.standardInput, process.standardOutput) = (input, output)
    try process.run()
    (self.process, self.input) = (process, input)
    let line = output.fileHandleForReading.availableData
    port = try #require(Int(String(decoding: line, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)))
  }

  deinit {
    try? input.fileHandleForWriting.close()
    process.waitUntilExit()
    try? FileManager.default.removeItem(atPath: log)
  }

  func url(_ path: String, host: String = "127.0.0.1") -> String { "http://\(host):\(port)\(path)" }

  /// What came so far.
  func requests() throws -> [Request] {
    let lines = FileManager.default.contents(atPath: log)?.split(separator: UInt8(ascii: "\n")) ?? []
    return try lines.map { try JSONDecoder().decode(Request.self, from: $0) }
  }
}

private func event(_ id: String, data: String = #"{"frames":24}"#) throws -> OutgoingEvent {
  let text =
    #"{"position":"main:7","datacontenttype":"application/json","data":\#(data),"id":"\#(id)","source":"/farm","#
    + #""specversion":"1.0","subject":"Größe","type":"farm.job.done"}"#
  return OutgoingEvent(envelope: try Envelope(Array(text.utf8)))
}

private let second = 1_731_705_121.0

@Suite(.timeLimit(.minutes(1))) struct `The sender of webhooks` {
  private let receiver: Receiver

  init() throws { receiver = try Receiver() }

  /// - Parameters:
  ///   - wait: what stands for a hook's time.
  ///   - names: addresses that names have, instead of the system's.
  private func sender(
    loopback: Bool = true, allowed: [WebhookAllowance] = [],
    wait: @escaping @Sendable (Duration) async throws -> Void = { try await ContinuousClock().sleep(for: $0) },
    names: [String: [NetworkAddress]]? = nil
  ) -> HTTPWebhookSender {
    let ambient = Ambient(
      now: { Date(timeIntervalSince1970: second) }, uptime: { .zero }, random: { 7 }, sleep: { try await wait($0) })
    let settings = HTTPWebhookSender.Settings(allowed: allowed, listensOnLoopback: loopback)
    guard let names else { return HTTPWebhookSender(settings: settings, ambient: ambient) }
    return HTTPWebhookSender(settings: settings, ambient: ambient) { host in
      NetworkAddress(host).map { [$0] } ?? names[host] ?? []
    }
  }

  private func hook(
    _ path: String, _ mode: Webhook.Mode = .structured, host: String = "127.0.0.1", secret: [UInt8]? = nil,
    seconds: Int = 20
  ) -> Webhook {
    Webhook(url: receiver.url(path, host: host), mode: mode, timeoutSeconds: seconds, secret: secret)
  }

  private func reason(_ end: WebhookEnd) -> String {
    guard case .failed(_, let reason, _) = end else { return "\(end)" }
    return reason
  }

  // MARK: Modes

  @Test func `posts one event as JSON`() async throws {
    let event = try event("job-7")
    let end = await sender().send([event], to: hook("/in?a=b"))
    #expect(end == .delivered)
    let request = try #require(try receiver.requests().first)
    #expect(request.path == "/in?a=b" && request.headers["content-type"] == "application/cloudevents+json")
    #expect(Array(request.body) == event.envelope.bytes)
    #expect(request.headers["host"] == "127.0.0.1:\(receiver.port)")
  }

  @Test func `posts one event as headers and data`() async throws {
    let end = await sender().send([try event("job-7", data: "[1.0, 2]")], to: hook("/in", .binary))
    #expect(end == .delivered)
    let request = try #require(try receiver.requests().first)
    #expect(request.text == "[1.0, 2]" && request.headers["content-type"] == "application/json")
    #expect(request.headers["ce-id"] == "job-7" && request.headers["ce-subject"] == "Gr%C3%B6%C3%9Fe")
    #expect(request.headers["ce-position"] == "main:7")
  }

  @Test func `posts all events of a batch at once, and of the other modes one after another`() async throws {
    let events = try (0..<5).map { try event("e\($0)") }
    let sender = sender()
    for mode in Webhook.Mode.allCases {
      let end = await sender.send(events, to: hook("/\(mode.rawValue)", mode))
      #expect(end == .delivered)
    }
    let requests = try receiver.requests()
    #expect(requests.count { $0.path == "/batch" } == 1)
    #expect(
      requests.filter { $0.path == "/binary" }.compactMap { $0.headers["ce-id"] } == ["e0", "e1", "e2", "e3", "e4"])
    let structured = try requests.filter { $0.path == "/structured" }.map { try Envelope(Array($0.body)).text("id") }
    #expect(structured == ["e0", "e1", "e2", "e3", "e4"])
    let batch = try #require(requests.first { $0.path == "/batch" })
    #expect(batch.headers["content-type"] == "application/cloudevents-batch+json")
    let ids = try Envelope.list(Array(batch.body), limit: 9).map { try $0.get().text("id") }
    #expect(ids == ["e0", "e1", "e2", "e3", "e4"])
  }

  @Test func `does nothing with nothing`() async throws {
    for mode in Webhook.Mode.allCases {
      let end = await sender().send([], to: hook("/in", mode))
      #expect(end == .delivered)
    }
    #expect(try receiver.requests().isEmpty)
  }

  @Test func `keeps a connection for the next event`() async throws {
    let sender = sender()
    for id in ["a", "b", "c"] { _ = await sender.send([try event(id)], to: hook("/status/200")) }
    #expect(Set(try receiver.requests().map(\.port)).count == 1)
  }

  // MARK: Signatures

  @Test func `signs what it sends, and says the same id when it sends it again`() async throws {
    let secret = [UInt8](1...32)
    let sender = sender()
    for _ in 0..<2 { _ = await sender.send([try event("job-7")], to: hook("/in", secret: secret)) }
    let requests = try receiver.requests()
    #expect(Set(requests.map { $0.headers["webhook-id"] }).count == 1)
    for request in requests {
      #expect(request.headers["webhook-timestamp"] == "1731705121")
      #expect(
        request.headers["webhook-signature"]
          == WebhookSignature.value(
            id: request.headers["webhook-id"] ?? "", second: 1_731_705_121, body: Array(request.body), secret: secret))
    }
  }

  @Test func `sends no signature without a secret`() async throws {
    _ = await sender().send([try event("job-7")], to: hook("/in"))
    let request = try #require(try receiver.requests().first)
    #expect(request.headers["webhook-signature"] == nil && request.headers["webhook-id"] != nil)
  }

  /// The code of a language that the document for receivers shows first.
  private func example(_ language: String) throws -> String {
    let path = #filePath.components(separatedBy: "/Tests/")[0] + "/docs/howto/webhooks.md"
    let text = String(decoding: try #require(FileManager.default.contents(atPath: path)), as: UTF8.self)
    let parts = text.components(separatedBy: "```\(language)\n")
    return try #require(parts.count > 1 ? parts[1].components(separatedBy: "```").first : nil)
  }

  /// Runs a program with the request in its environment and the body in its folder; whether it exits with 0.
  private func accepts(_ program: [String], _ request: Receiver.Request, body: Data, secret: String) throws -> Bool {
    let folder = NSTemporaryDirectory() + "sluice-test-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try body.write(to: URL(fileURLWithPath: folder + "/body"))
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = program
    process.currentDirectoryURL = URL(fileURLWithPath: folder)
    process.environment = ProcessInfo.processInfo.environment.merging([
      "SECRET": secret, "ID": request.headers["webhook-id"] ?? "",
      "TIMESTAMP": request.headers["webhook-timestamp"] ?? "",
      "SIGNATURE": request.headers["webhook-signature"] ?? "",
    ]) { $1 }
    process.standardError = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    return process.terminationStatus == 0
  }

  @Test func `signs so that the documents' own examples find it genuine, and nothing else`() async throws {
    let key = [UInt8](100..<132)
    let (secret, other) = (WebhookSignature.text(of: key), WebhookSignature.text(of: key.reversed()))
    let ambient = Ambient(now: { Date() }, uptime: { .zero }, random: { 7 }, sleep: { _ in try await forever() })
    let sender = HTTPWebhookSender(settings: .init(listensOnLoopback: true), ambient: ambient)
    _ = await sender.send([try event("job-7", data: #""é\u0000""#)], to: hook("/in", secret: key))
    let request = try #require(try receiver.requests().first)
    let python =
      try example("python")
        + """
        import os, sys
        names = {"webhook-id": "ID", "webhook-timestamp": "TIMESTAMP", "webhook-signature": "SIGNATURE"}
        headers = {name: os.environ[variable] for name, variable in names.items()}
        sys.exit(0 if is_genuine(headers, open("body", "rb").read(), os.environ["SECRET"]) else 1)
        """
    for program in [["python3", "-c", python], ["sh", "-c", try example("sh")]] {
      #expect(try accepts(program, request, body: request.body, secret: secret), "\(program[0])")
      #expect(try !accepts(program, request, body: request.body + Data([0x20]), secret: secret), "\(program[0])")
      #expect(try !accepts(program, request, body: request.body, secret: other), "\(program[0])")
    }
    // What was recorded and is sent again much later has a good signature still, and is refused for its age.
    _ = await self.sender().send([try event("job-7")], to: hook("/in", secret: key))
    let old = try #require(try receiver.requests().last)
    #expect(try accepts(["sh", "-c", try example("sh")], old, body: old.body, secret: secret))
    #expect(try !accepts(["python3", "-c", python], old, body: old.body, secret: secret))
  }

  // MARK: Answers

  @Test(arguments: [200, 201, 202, 204, 299])
  func `takes any 2xx as delivered`(status: Int) async throws {
    let end = await sender().send([try event("a")], to: hook("/status/\(status)"))
    #expect(end == .delivered)
  }

  @Test(arguments: [300, 304, 400, 401, 404, 500, 502, 303])
  func `takes anything else as failed`(status: Int) async throws {
    let end = await sender().send([try event("a")], to: hook("/status/\(status)"))
    #expect(end == .failed(delivered: 0, reason: "it answered \(status)", retryAfterSeconds: nil))
  }

  @Test func `says when a receiver wants nothing any more`() async throws {
    let end = await sender().send([try event("a"), try event("b")], to: hook("/status/410"))
    #expect(end == .gone(delivered: 0))
    #expect(try receiver.requests().count == 1)
  }

  @Test(arguments: [(429, 30 as Int?), (503, 30), (500, nil)])
  func `says how long a receiver wants to be left alone`(status: Int, seconds: Int?) async throws {
    let end = await sender().send([try event("a")], to: hook("/status/\(status)?retry-after=30"))
    #expect(end == .failed(delivered: 0, reason: "it answered \(status)", retryAfterSeconds: seconds))
  }

  @Test func `says how many had arrived before one did not`() async throws {
    let long = String(repeating: "x", count: 1_900)
    let sender = sender(wait: { _ in try await forever() })
    let events = try [
      event("a"), event("b"), OutgoingEvent(envelope: Envelope(Array(#"{"id":[1]}"#.utf8))), event("c"),
    ]
    let end = await sender.send(events, to: hook("/in?\(long)", .binary))
    guard case .failed(2, let reason, nil) = end else {
      Issue.record("\(end)")
      return
    }
    #expect(reason.contains("cannot be sent"))
    #expect(try receiver.requests().count == 2)
  }

  @Test func `reads no more of an answer than it needs`() async throws {
    for path in ["/big", "/drip"] {
      let end = await sender().send([try event("a")], to: hook(path, seconds: 1))
      #expect(end == .delivered, "\(path)")
    }
  }

  @Test func `waits no longer than the hook's time`() async throws {
    let end = await sender().send([try event("a")], to: hook("/slow?seconds=30", seconds: 1))
    #expect(end == .failed(delivered: 0, reason: "no answer within 1 s", retryAfterSeconds: nil))
  }

  @Test func `waits no longer for a name that nobody knows in time`() async throws {
    let ambient = Ambient(
      now: { Date(timeIntervalSince1970: 0) }, uptime: { .zero }, random: { 7 }, sleep: { _ in })
    let sender = HTTPWebhookSender(settings: .init(listensOnLoopback: true), ambient: ambient) { _ in
      try await forever()
      return []
    }
    let end = await sender.send([try event("a")], to: hook("/", host: "hooks.test"))
    #expect(reason(end) == "no answer within 20 s")
  }

  @Test func `ends at once where it is told to`() async throws {
    let sender = sender()
    let (event, hook) = (try event("a"), hook("/slow?seconds=30"))
    let sending = Task { await sender.send([event], to: hook) }
    while try receiver.requests().isEmpty { await Task.yield() }
    sending.cancel()
    #expect(reason(await sending.value) == "the server stops")
  }

  @Test func `says so where nobody answers`() async throws {
    let broken = await sender().send([try event("a")], to: hook("/close"))
    #expect(reason(broken).hasPrefix("it does not answer ("))
    let closed = Webhook(url: "http://127.0.0.1:9/", mode: .structured, timeoutSeconds: 5, secret: nil)
    #expect(reason(await sender().send([try event("a")], to: closed)) == "it does not answer (connection refused)")
  }

  // MARK: Redirects

  @Test(arguments: [301, 302, 307, 308])
  func `follows a redirect on the same host, with the event`(status: Int) async throws {
    let end = await sender().send([try event("a")], to: hook("/redirect/\(status)?to=/there"))
    #expect(end == .delivered)
    let requests = try receiver.requests()
    #expect(requests.map(\.path) == ["/redirect/\(status)?to=/there", "/there"])
    #expect(requests[0].body == requests[1].body)
    #expect(requests[0].headers["webhook-id"] == requests[1].headers["webhook-id"])
  }

  @Test func `follows three redirects and no fourth`() async throws {
    func chain(_ count: Int) -> String {
      (0..<count).reduce("/in") { path, _ in
        "/redirect/307?to=" + (path.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? "")
      }
    }
    let three = await sender().send([try event("a")], to: hook(chain(3)))
    #expect(three == .delivered)
    let four = await sender().send([try event("a")], to: hook(chain(4)))
    #expect(reason(four) == "it redirects more than 3 times")
    let around = await sender().send([try event("a")], to: hook("/redirect/307?to=/redirect/307?to=/"))
    #expect(around == .delivered)
  }

  @Test func `follows no redirect to another host`() async throws {
    for host in ["localhost", "169.254.169.254", "example.com"] {
      let end = await sender().send(
        [try event("a")], to: hook("/redirect/307?to=http://\(host):\(receiver.port)/there"))
      #expect(reason(end) == "it redirects to another host, '\(host)'")
    }
    #expect(try receiver.requests().allSatisfy { $0.path.hasPrefix("/redirect") })
  }

  @Test func `follows no redirect of 303, which would lose the event`() async throws {
    let end = await sender().send([try event("a")], to: hook("/redirect/303?to=/there"))
    #expect(reason(end) == "it answered 303")
  }

  // MARK: Where it may go

  @Test(arguments: ["127.0.0.1", "localhost", "127.1", "2130706433", "0x7f000001", "[::1]", "[::ffff:127.0.0.1]"])
  func `goes to no address of this machine where others reach the server too`(host: String) async throws {
    let end = await sender(loopback: false).send([try event("a")], to: hook("/in", host: host))
    #expect(reason(end).contains("is not public"), "\(end)")
    #expect(try receiver.requests().isEmpty)
  }

  @Test func `goes where the configuration allows it`() async throws {
    for allowance in ["127.0.0.0/8", "127.0.0.1:\(receiver.port)"] {
      let end = await sender(loopback: false, allowed: [try WebhookAllowance(allowance)]).send(
        [try event("a")], to: hook("/in"))
      #expect(end == .delivered)
    }
    let other = await sender(loopback: false, allowed: [try WebhookAllowance("127.0.0.1:1")]).send(
      [try event("a")], to: hook("/in"))
    #expect(reason(other).contains("is not public"))
  }

  @Test func `goes to the address that was checked, and asks for no other`() async throws {
    let looks = Mutex(0)
    let ambient = Ambient(
      now: { Date(timeIntervalSince1970: second) }, uptime: { .zero }, random: { 7 },
      sleep: { _ in try await forever() })
    // A name that is one address when it is checked and another when it is connected to.
    let sender = HTTPWebhookSender(settings: .init(listensOnLoopback: true), ambient: ambient) { _ in
      let look = looks.withLock { looks in
        looks += 1
        return looks
      }
      return [look == 1 ? .v4(0x7F00_0001) : .v4(0xA9FE_A9FE)]
    }
    let end = await sender.send([try event("a")], to: hook("/in", host: "no-such-name.invalid"))
    #expect(end == .delivered)
    #expect(looks.withLock { $0 } == 1)
    let request = try #require(try receiver.requests().first)
    #expect(request.headers["host"] == "no-such-name.invalid:\(receiver.port)")
  }

  @Test func `checks a name anew when its addresses are no longer believed`() async throws {
    let now = Mutex(Duration.zero)
    let looks = Mutex(0)
    let ambient = Ambient(
      now: { Date(timeIntervalSince1970: second) }, uptime: { now.withLock { $0 } }, random: { 7 },
      sleep: { _ in try await forever() })
    let sender = HTTPWebhookSender(settings: .init(listensOnLoopback: true), ambient: ambient) { _ in
      let look = looks.withLock { looks in
        looks += 1
        return looks
      }
      return [look == 1 ? .v4(0x7F00_0001) : .v4(0xA9FE_A9FE)]
    }
    let first = await sender.send([try event("a")], to: hook("/in", host: "hooks.test"))
    #expect(first == .delivered)
    now.withLock { $0 += .seconds(Limits.webhookNameSeconds + 1) }
    let later = await sender.send([try event("a")], to: hook("/in", host: "hooks.test"))
    #expect(reason(later).contains("169.254.169.254, which is not public"))
  }

  @Test func `tries the next address where one does not answer`() async throws {
    let dead = try #require(NetworkAddress("127.0.0.77"))
    let live = try #require(NetworkAddress("127.0.0.1"))
    let sender = sender(names: ["hooks.test": [dead, live]])
    let end = await sender.send([try event("a")], to: hook("/in", host: "hooks.test"))
    #expect(end == .delivered)
  }

  @Test(arguments: ["ftp://127.0.0.1/", "http://user@127.0.0.1/", "", "http://no-such-name.invalid/"])
  func `says what is wrong with an address`(url: String) async throws {
    let end = await sender().send(
      [try event("a")], to: Webhook(url: url, mode: .structured, timeoutSeconds: 20, secret: nil))
    guard case .failed(0, let reason, nil) = end else {
      Issue.record("\(end)")
      return
    }
    #expect(!reason.isEmpty)
  }

  // MARK: https

  /// A certificate for hooks.test, signed by itself.
  private func makeCertificate(_ folder: String) throws -> (both: String, certificate: String) {
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    let openssl = Process()
    openssl.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    openssl.arguments = [
      "openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=hooks.test", "-addext",
      "subjectAltName=DNS:hooks.test", "-keyout", folder + "/key.pem", "-out", folder + "/certificate.pem",
    ]
    openssl.standardError = FileHandle.nullDevice
    try openssl.run()
    openssl.waitUntilExit()
    let parts = ["key", "certificate"].compactMap { FileManager.default.contents(atPath: "\(folder)/\($0).pem") }
    try (parts[0] + parts[1]).write(to: URL(fileURLWithPath: folder + "/both.pem"))
    return (folder + "/both.pem", folder + "/certificate.pem")
  }

  @Test func `speaks https with whom a trusted authority names, at the address that was checked`() async throws {
    let folder = NSTemporaryDirectory() + "sluice-test-" + UUID().uuidString
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let (both, certificate) = try makeCertificate(folder)
    let secure = try Receiver(certificate: both)
    let ambient = Ambient(
      now: { Date(timeIntervalSince1970: second) }, uptime: { .zero }, random: { 7 },
      sleep: { try await ContinuousClock().sleep(for: $0) })
    func end(_ host: String, trusting authorities: String?) async throws -> WebhookEnd {
      let sender = HTTPWebhookSender(
        settings: .init(listensOnLoopback: true, authorities: authorities), ambient: ambient
      ) { _ in [.v4(0x7F00_0001)] }
      return await sender.send(
        [try event("a")],
        to: Webhook(url: "https://\(host):\(secure.port)/in", mode: .structured, timeoutSeconds: 20, secret: nil))
    }
    let trusted = try await end("hooks.test", trusting: certificate)
    #expect(trusted == .delivered)
    let unknown = try await end("hooks.test", trusting: nil)
    #expect(reason(unknown).hasPrefix("it does not answer ("))
    let other = try await end("other.test", trusting: certificate)
    #expect(reason(other).hasPrefix("it does not answer ("))
  }
}

private func forever() async throws {
  let (silence, _) = AsyncStream<Void>.makeStream()
  for await _ in silence {}
  try Task.checkCancellation()
}
