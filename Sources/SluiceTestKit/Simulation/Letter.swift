package import SluiceModel

/// Who takes part in a simulation.
package enum Party: Sendable, Hashable {
  case site(Int)
  /// Somebody with an errand: a person, a program, a machine of the farm.
  case errand(Int)
  /// Where a site's subscription delivers.
  case subscriber(Int)
}

/// A message on its way.
package struct Letter: Sendable {
  package enum Body: Sendable {
    case command(CommandID, Order)
    case answer(CommandID, Reply)
    /// Records of a stream behind `after`; `durable` is what the asker has on disk of all streams.
    case ask(stream: Int, after: Int64, durable: Frontier)
    case records(stream: Int, [Carried], known: Frontier)
    case events([Int64], attempt: Int)
    case received(attempt: Int)
    case refused(delivered: Int, attempt: Int)
  }
  package let from: Party
  package let to: Party
  package let body: Body
}

/// What a site says of a command.
package enum Reply: Sendable, Equatable {
  /// Where it stands, and what was recorded for it; nil where there was nothing to do.
  case done(Int64, StoredRecord?)
  case refused(ErrorCode, home: String?)
}

/// A record as it travels: as it lies in the log, and as it was read from there.
package struct Carried: Sendable {
  package let stored: StoredRecord
  package let bytes: [UInt8]
  var encoded: EncodedRecord { EncodedRecord(record: stored.record, bytes: bytes) }
}
