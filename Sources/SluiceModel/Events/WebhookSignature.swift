import Crypto
import FoundationEssentials

/// Says that a request came from us and was not changed: HMAC-SHA256 over id, second and body.
///
/// Source: Standard Webhooks 1.0.0, with symmetric keys.
package enum WebhookSignature {
  package static let idHeader = "webhook-id"
  package static let timeHeader = "webhook-timestamp"
  package static let header = "webhook-signature"

  /// The value of the header `webhook-signature`.
  /// - Parameter second: since 1970, as in `webhook-timestamp`.
  package static func value(id: String, second: Int64, body: [UInt8], secret: [UInt8]) -> String {
    var hash = HMAC<SHA256>(key: SymmetricKey(data: secret))
    hash.update(data: Array("\(id).\(second).".utf8))
    hash.update(data: body)
    return "v1," + Data(hash.finalize()).base64EncodedString()
  }

  package static let prefix = "whsec_"

  /// The key that a text such as `whsec_…` has; nil for any other text, and for keys that are not of 24 to 64 bytes.
  package static func key(_ text: String) -> [UInt8]? {
    guard text.hasPrefix(prefix), let key = Data(base64Encoded: String(text.dropFirst(prefix.count))),
      (24...64).contains(key.count)
    else { return nil }
    return Array(key)
  }

  package static func text(of key: [UInt8]) -> String { prefix + Data(key).base64EncodedString() }

  /// The id of a message with these events: the same whenever they are sent again together.
  package static func id(of events: [OutgoingEvent]) -> String {
    var hash = Digest.Stream()
    for event in events {
      let name = "\(event.envelope.text("source") ?? "")\n\(event.envelope.text("id") ?? "")\n"
      hash.update(Array(name.utf8))
    }
    return "msg_" + hash.finish().hex.prefix(32)
  }
}
