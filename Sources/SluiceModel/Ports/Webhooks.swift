/// Brings events to an address of somebody else's.
package protocol WebhookSender: Sendable {
  /// Sends, and waits for the answer no longer than the hook's timeout. In `batch` mode all events go in one request;
  /// in the others the hook gets one request an event, and the first that fails ends it.
  func send(_ events: [OutgoingEvent], to hook: Webhook) async -> WebhookEnd
}

/// An event on its way out: a CloudEvent as JSON, its marks (position, replay, redelivery) included.
package struct OutgoingEvent: Sendable, Equatable {
  package let bytes: [UInt8]
  package init(bytes: [UInt8]) { self.bytes = bytes }
}

/// Where and how a subscriber wants its events.
package struct Webhook: Sendable, Hashable, Codable {
  /// How an event is laid into an HTTP request; the CloudEvents HTTP binding names them.
  package enum Mode: String, Sendable, Codable, CaseIterable { case binary, structured, batch }
  package var url: String
  package var mode: Mode
  package var timeoutSeconds: Int
  /// Signs the requests; never in the log.
  package var secret: [UInt8]?
  package init(url: String, mode: Mode, timeoutSeconds: Int, secret: [UInt8]?) {
    (self.url, self.mode, self.timeoutSeconds, self.secret) = (url, mode, timeoutSeconds, secret)
  }
}

package enum WebhookEnd: Sendable, Equatable {
  case delivered
  /// The first `delivered` events arrived, the next one did not.
  case failed(delivered: Int, reason: String, retryAfterSeconds: Int?)
}

/// Runs programs of the server's configuration with events on their standard input.
package protocol EventCommands: Sendable {
  func send(_ events: [OutgoingEvent], to command: String) async -> WebhookEnd
  /// Their names, sorted.
  var names: [String] { get }
  /// Ends what an earlier server left running: its events are sent again, and two at once would be one too many.
  func endOrphans() async
}
