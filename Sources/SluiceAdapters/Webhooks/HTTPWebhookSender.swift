import AsyncHTTPClient
import FoundationEssentials
import NIOCore
import NIOHTTP1
import NIOSSL
package import SluiceModel

/// Posts events to webhooks, and to nowhere else: each address is checked, and connected to as it was checked.
package actor HTTPWebhookSender: WebhookSender {
  /// What the server's configuration says of webhooks.
  package struct Settings: Sendable {
    package var allowed: [WebhookAllowance]
    package var listensOnLoopback: Bool
    /// A PEM file of certificate authorities that are trusted beside the system's; a studio has its own.
    package var authorities: String?
    package init(allowed: [WebhookAllowance] = [], listensOnLoopback: Bool, authorities: String? = nil) {
      (self.allowed, self.listensOnLoopback, self.authorities) = (allowed, listensOnLoopback, authorities)
    }
  }

  typealias Resolve = @Sendable (_ host: String) async throws -> [NetworkAddress]

  private struct Place: Hashable {
    let host: String
    let address: NetworkAddress
  }

  private let settings: Settings
  private let ambient: Ambient
  private let resolve: Resolve
  private var lines: [Place: (line: Line, used: Duration)] = [:]
  private var names: [String: (addresses: [NetworkAddress], until: Duration)] = [:]

  package init(settings: Settings, ambient: Ambient) {
    let resolver = NameResolver()
    self.init(settings: settings, ambient: ambient) { try await resolver.addresses(of: $0) }
  }

  init(settings: Settings, ambient: Ambient, resolve: @escaping Resolve) {
    (self.settings, self.ambient, self.resolve) = (settings, ambient, resolve)
  }

  package func send(_ events: [OutgoingEvent], to hook: Webhook) async -> WebhookEnd {
    let groups = hook.mode == .batch && !events.isEmpty ? [events] : events.map { [$0] }
    var delivered = 0
    for group in groups {
      switch await exchange(group, hook) {
      case .success(let answer):
        if answer.status == 410 { return .gone(delivered: delivered) }
        guard (200..<300).contains(answer.status) else {
          let wait = answer.status == 429 || answer.status == 503 ? answer.retryAfterSeconds : nil
          return .failed(
            delivered: delivered, reason: "it answered \(answer.status)", retryAfterSeconds: wait)
        }
        delivered += group.count
      case .failure(let problem):
        return .failed(delivered: delivered, reason: problem.description, retryAfterSeconds: nil)
      }
    }
    return .delivered
  }

  package func refusal(of url: String) async -> WebhookProblem? {
    do throws(WebhookProblem) {
      let url = try WebhookURL(url)
      guard let addresses = try? await addresses(of: url.host) else { return nil }
      _ = try WebhookTarget.check(
        url, addresses: addresses, allowed: settings.allowed, listensOnLoopback: settings.listensOnLoopback)
      return nil
    } catch {
      return error
    }
  }

  // MARK: One message

  private struct Reply {
    let status: Int
    let location: String?
    let retryAfterSeconds: Int?
  }

  /// The last answer within the hook's time, redirects followed.
  private func exchange(
    _ events: [OutgoingEvent], _ hook: Webhook
  ) async -> Result<Reply, WebhookProblem> {
    let seconds = max(1, hook.timeoutSeconds)
    return await withTaskGroup(of: Result<Reply, WebhookProblem>?.self) { group in
      group.addTask { await self.follow(events, hook) }
      group.addTask { [ambient] in
        try? await ambient.sleep(.seconds(seconds))
        return nil
      }
      // The sleep ends early only where all is cancelled; the exchange then says so itself.
      let first = await group.next() ?? nil
      group.cancelAll()
      if let first { return first }
      let late = await group.next() ?? nil
      if case .success? = late { return late ?? .failure(WebhookProblem("no answer")) }
      return .failure(WebhookProblem(Task.isCancelled ? "the server stops" : "no answer within \(seconds) s"))
    }
  }

  private func follow(_ events: [OutgoingEvent], _ hook: Webhook) async -> Result<Reply, WebhookProblem> {
    do throws(WebhookProblem) {
      var url = try WebhookURL(hook.url)
      let message = try HTTPWebhookSender.message(events, hook, now: ambient.now())
      for _ in 0...Limits.webhookRedirects {
        let reply = try await post(message, to: url)
        guard [301, 302, 307, 308].contains(reply.status), let location = reply.location else {
          return .success(reply)
        }
        url = try url.redirected(to: location)
      }
      return .failure(WebhookProblem("it redirects more than \(Limits.webhookRedirects) times"))
    } catch {
      return .failure(error)
    }
  }

  private static func message(
    _ events: [OutgoingEvent], _ hook: Webhook, now: Date
  ) throws(WebhookProblem) -> HTTPBinding.Message {
    var message: HTTPBinding.Message
    do throws(EnvelopeProblem) {
      switch hook.mode {
      case .batch: message = HTTPBinding.batch(events.map(\.envelope))
      case .structured: message = HTTPBinding.structured(events[0].envelope)
      case .binary: message = try HTTPBinding.binary(events[0].envelope)
      }
    } catch {
      throw WebhookProblem("the event cannot be sent: \(error)")
    }
    let (id, second) = (WebhookSignature.id(of: events), Int64(now.timeIntervalSince1970))
    message.headers.append(HTTPBinding.Header(WebhookSignature.idHeader, id))
    message.headers.append(HTTPBinding.Header(WebhookSignature.timeHeader, "\(second)"))
    if let secret = hook.secret {
      let value = WebhookSignature.value(id: id, second: second, body: message.body, secret: secret)
      message.headers.append(HTTPBinding.Header(WebhookSignature.header, value))
    }
    return message
  }

  // MARK: One request

  private func post(
    _ message: HTTPBinding.Message, to url: WebhookURL
  ) async throws(WebhookProblem) -> Reply {
    let admitted = try WebhookTarget.check(
      url, addresses: try await addresses(of: url.host), allowed: settings.allowed,
      listensOnLoopback: settings.listensOnLoopback)
    var problem = WebhookProblem("'\(url.host)' has no address")
    for address in admitted.prefix(Limits.webhookAddresses) {
      let line = line(to: Place(host: url.host, address: address))
      do {
        return try await HTTPWebhookSender.post(message, to: url, over: line, now: ambient.now())
      } catch {
        guard !Task.isCancelled else { throw WebhookProblem("the server stops") }
        problem = WebhookProblem("it does not answer (\(HTTPWebhookSender.words(error)))")
      }
    }
    throw problem
  }

  @concurrent
  private static func post(
    _ message: HTTPBinding.Message, to url: WebhookURL, over line: Line, now: Date
  ) async throws -> Reply {
    var request = HTTPClientRequest(url: url.description)
    request.method = .POST
    for header in message.headers { request.headers.add(name: header.name, value: header.value) }
    request.headers.add(name: "user-agent", value: "sluice")
    request.body = .bytes(message.body)
    // The hook's own time ends this; the deadline is only the client's.
    let response = try await line.client.execute(request, deadline: .distantFuture)
    var taken = 0
    do {
      for try await part in response.body {
        taken += part.readableBytes
        if taken > Limits.webhookAnswerBytes { break }
      }
    } catch {
      // The status has come, and nothing else of the answer counts.
    }
    return Reply(
      status: Int(response.status.code), location: response.headers.first(name: "location"),
      retryAfterSeconds: response.headers.first(name: "retry-after").flatMap { RetryAfter.seconds($0, now: now) })
  }

  private static func words(_ error: any Error) -> String {
    let text = "\(error)"
    if text.contains("refused") { return "connection refused" }
    return NameRule.printable(text)
  }

  // MARK: Names and connections

  private func addresses(of host: String) async throws(WebhookProblem) -> [NetworkAddress] {
    let now = ambient.uptime()
    if let known = names[host], known.until > now { return known.addresses }
    do {
      let found = try await resolve(host)
      if names.count >= Limits.webhookPlaces { names = names.filter { $0.value.until > now } }
      if names.count < Limits.webhookPlaces {
        names[host] = (found, now + .seconds(Limits.webhookNameSeconds))
      }
      return found
    } catch let problem as WebhookProblem {
      throw problem
    } catch {
      throw WebhookProblem("'\(host)' could not be looked up")
    }
  }

  private func line(to place: Place) -> Line {
    let now = ambient.uptime()
    let line = lines[place]?.line ?? Line(place.host, place.address, authorities: settings.authorities)
    lines[place] = (line, now)
    if lines.count > Limits.webhookPlaces, let oldest = lines.min(by: { $0.value.used < $1.value.used }) {
      lines[oldest.key] = nil
    }
    return line
  }
}

/// Connections to one address under one name. They close when nobody holds it any more.
private final class Line: Sendable {
  let client: HTTPClient

  init(_ host: String, _ address: NetworkAddress, authorities: String?) {
    var configuration = HTTPClient.Configuration(redirectConfiguration: .disallow)
    // A name is looked up and checked by us; the client goes where this says and asks nobody.
    if NetworkAddress(host) == nil { configuration.dnsOverride = [host: address.description] }
    configuration.httpVersion = .http1Only
    configuration.connectionPool.retryConnectionEstablishment = false
    if let authorities {
      var security = TLSConfiguration.makeClientConfiguration()
      security.additionalTrustRoots = [.file(authorities)]
      configuration.tlsConfiguration = security
    }
    client = HTTPClient(eventLoopGroup: HTTPClient.defaultEventLoopGroup, configuration: configuration)
  }

  deinit {
    Task { [client] in try? await client.shutdown() }
  }
}
