/// One thing that is wrong with the log's files, and what it reaches.
package struct LogDamage: Sendable, Equatable, Codable, CustomStringConvertible {
  package enum Kind: String, Sendable, Codable {
    /// A file that must be there is not, or is shorter than it was.
    case segment
    /// The page that says which file it is.
    case header
    /// A stretch that should be batches and is none.
    case batch
    case record
    case blob
    /// Whole batches that do not follow each other.
    case chain
    /// A record whose bytes hold but cannot be read.
    case content
    /// A record names a manifest or a plan that is not there.
    case reference
    case archive
  }
  package var kind: Kind
  package var file: String
  package var offset: Int
  /// 0 where it is not known.
  package var bytes: Int
  /// The first and the last event that it reaches; nil where it reaches none, or where nobody knows.
  package var first: Int64?
  package var last: Int64?
  package var what: String
  /// Events that are affected, as far as their bytes can still be read.
  package var events: [DamagedEvent] = []
  /// The last event in front of it that can be read, and the first one behind it.
  package var follows: String?
  package var precedes: String?

  package init(
    _ kind: Kind, file: String, offset: Int = 0, bytes: Int = 0, first: Int64? = nil, last: Int64? = nil, what: String
  ) {
    (self.kind, self.file, self.offset, self.bytes) = (kind, file, offset, bytes)
    (self.first, self.last, self.what) = (first, last, what)
  }

  package var description: String {
    var text = "\(what), in \(file) at byte \(offset)"
    switch (first, last) {
    case (let first?, let last?) where first == last: text += "; it reaches event \(first)"
    case (let first?, let last?): text += "; it reaches events \(first) to \(last)"
    case (let first?, nil): text += "; it reaches what follows event \(first - 1)"
    default: break
    }
    return text
  }
}

/// What can still be read of an event that is damaged.
package struct DamagedEvent: Sendable, Equatable, Codable {
  package var id: String?
  package var type: String?

  package init(id: String?, type: String?) { (self.id, self.type) = (id, type) }
}
