import FoundationEssentials
import SluiceModel

/// How long a receiver wants to be left alone (RFC 9110): seconds, or a date.
enum RetryAfter {
  /// Whole seconds, at most `Limits.webhookRetryAfterSeconds`; nil for what is neither.
  static func seconds(_ value: String, now: Date) -> Int? {
    let seconds: Int
    if !value.isEmpty, value.utf8.allSatisfy({ 0x30...0x39 ~= $0 }) {
      seconds = Int(value) ?? .max
    } else if let date = date(value) {
      seconds = Int(max(0, min(date.timeIntervalSince(now).rounded(.up), 1e9)))
    } else {
      return nil
    }
    return min(seconds, Limits.webhookRetryAfterSeconds)
  }

  private static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

  /// Reads `Sun, 06 Nov 1994 08:49:37 GMT`, the one form that is sent today.
  private static func date(_ value: String) -> Date? {
    let parts = value.split(separator: " ", omittingEmptySubsequences: false)
    guard parts.count == 6, parts[0].hasSuffix(","), parts[5] == "GMT",
      let month = months.firstIndex(of: String(parts[2])), parts[1].utf8.count == 2
    else { return nil }
    return Timestamp.date("\(parts[3])-\(month < 9 ? "0" : "")\(month + 1)-\(parts[1])T\(parts[4]).000Z")
  }
}
