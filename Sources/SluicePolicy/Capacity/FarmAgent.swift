package import SluiceModel

package struct AgentID: TextID {
  package let description: String
  package init(_ description: String) { self.description = description }
}

/// A machine that takes tasks, as the scheduler sees it.
package struct FarmAgent: Sendable {
  package enum Standing: String, Sendable, Codable {
    case active
    /// Its user works at it; it takes tasks again as soon as nobody does.
    case inUse
    /// It finishes what it has and takes nothing more.
    case draining
    /// A person wants nothing new on it for now.
    case paused
    /// Everything that it was given failed.
    case quarantined
    /// It was not heard of for longer than a lease.
    case lost
  }
  /// What people, or the server itself, made of it: what it is until somebody says something else.
  package struct Said: Sendable, Equatable {
    /// `draining`, `paused` or `quarantined`.
    package let standing: Standing
    /// The steps whose failures brought it into quarantine; nil where it is not there for steps.
    package let suspects: Set<StepOfProject>?
    package init(_ standing: Standing, suspects: Set<StepOfProject>? = nil) {
      (self.standing, self.suspects) = (standing, suspects)
    }
  }

  mutating func take(_ said: Said?) {
    guard let said else { return }
    (standing, isQuarantinedFor) = (said.standing, said.suspects)
  }

  /// What was said of it and holds.
  package var said: Said? {
    switch standing == .lost ? standingBefore : standing {
    case .draining: Said(.draining)
    case .paused: Said(.paused)
    case .quarantined: Said(.quarantined, suspects: isQuarantinedFor)
    case .active, .inUse, .lost: nil
    }
  }

  package let id: AgentID
  package var host: String
  package var has: Amounts
  package var labels: [String: String]
  /// What templates may ask for beside its amounts; its labels are among it.
  package internal(set) var traits: HostTraits
  /// What tasks have of its amounts, by name.
  var taken: [String: Double] = [:]
  /// Whether it sees the benches of runs.
  package internal(set) var seesBenches = false
  package internal(set) var standing: Standing
  package internal(set) var free: Amounts
  /// Leases of the tasks that it has.
  package internal(set) var leases: Set<LeaseToken> = []
  var freeGPUs: [Int]
  var hasExclusive = false
  var heard: Duration
  var takesAgain: Duration = .zero
  /// The task for which it rests until then.
  var restsFor: LeaseToken?
  /// Whether it is the server's own: it is always there, and whatever fails on it is not its fault alone.
  var isOwn = false
  /// What it was before it was lost, and is again when it is heard of.
  package internal(set) var standingBefore: Standing = .active
  /// The line for which it is kept free.
  var keptFor: Int?
  /// The news up to which there was nothing for it; nil since it has room that it had not then.
  var foundNothingAt: UInt64?
  var failures = FailuresInARow()
  /// The steps whose failures brought it into quarantine; nil where it is not there for steps.
  var isQuarantinedFor: Set<StepOfProject>?

  init(
    id: AgentID, host: String, has: Amounts, labels: [String: String], traits: HostTraits = HostTraits(),
    heard: Duration
  ) {
    self.traits = traits
    (self.id, self.host, self.has, self.labels, self.heard) = (id, host, has, labels, heard)
    (free, freeGPUs, standing) = (has, Array(0..<has.gpus), .active)
  }

  /// When it was last heard of.
  package var lastHeard: Duration { heard }

  /// Whether it could take such a task if it had nothing else.
  func could(_ need: Need) -> Bool {
    need.amounts.fits(in: has) && has(need.labels) && suits(need)
  }

  /// Whether it was given these labels; one may have several values, with commas between them.
  func has(_ wanted: [String: String]) -> Bool {
    wanted.allSatisfy { key, value in
      labels[key].map { $0 == value || $0.split(separator: ",").contains { $0 == value } } ?? false
    }
  }

  /// Whether it has room for such a task now; `could` is true.
  func hasRoom(for need: Need) -> Bool {
    !hasExclusive && (need.isExclusive ? leases.isEmpty : need.amounts.fits(in: free)) && lacks(need).isEmpty
  }
}

/// Names one giving of a task to an agent; later ones are greater, so that whoever comes late is known.
package struct LeaseToken: Sendable, Hashable, Comparable, Codable {
  package let number: UInt64
  package init(number: UInt64) { self.number = number }
  package static func < (left: Self, right: Self) -> Bool { left.number < right.number }
}

/// A task that an agent has.
package struct Lease: Sendable, Hashable {
  package let token: LeaseToken
  package let run: RunID
  /// Place of the task in its run, from 0.
  package let task: Int
  package let agent: AgentID
  package let need: Need
  /// Devices that are its own while it runs.
  package let gpus: [Int]
  let line: Int
}
