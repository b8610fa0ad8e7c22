import SluiceModel

/// Names events that were handed out, so that they can be acknowledged, also after a restart.
struct PullBatch: Sendable, Equatable, CustomStringConvertible {
  var lane: Delivery.Lane
  var after: Int64
  var scanned: Int64
  var epoch: EventID

  init(lane: Delivery.Lane, after: Int64, scanned: Int64, epoch: EventID) {
    (self.lane, self.after, self.scanned, self.epoch) = (lane, after, scanned, epoch)
  }

  init?(_ text: String) {
    let parts = text.split(separator: "~", omittingEmptySubsequences: false)
    guard parts.count == 4, let after = Int64(parts[1]), let scanned = Int64(parts[2]) else { return nil }
    switch parts[0] {
    case "live": lane = .live
    case "retry": lane = .retry
    default: lane = .replay(EventID(String(parts[0])))
    }
    (self.after, self.scanned, epoch) = (after, scanned, EventID(String(parts[3])))
  }

  var description: String {
    let word =
      switch lane {
      case .live: "live"
      case .retry: "retry"
      case .replay(let id): id.description
      }
    return "\(word)~\(after)~\(scanned)~\(epoch)"
  }

  /// Whether it is what comes next. It comes from outside, and a made-up one must not move a cursor past the log's end.
  func isCurrent(_ delivery: Delivery, epoch: EventID, head: Int64) -> Bool {
    guard epoch == self.epoch, after < scanned, scanned <= head else { return false }
    switch lane {
    case .live: return delivery.saved.live.cursor == after
    case .retry: return delivery.saved.retries.first == scanned
    case .replay(let id):
      guard let rest = delivery.rest(ofReplay: id) else { return false }
      return rest.after == after && scanned <= rest.through
    }
  }
}
