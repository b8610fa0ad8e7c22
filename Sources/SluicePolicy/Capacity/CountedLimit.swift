/// Something of which there are so many, such as licences.
package struct CountedLimit: Sendable, Hashable, Codable {
  package enum Unit: String, Sendable, Codable {
    /// Each task takes its own.
    case seat
    /// All tasks on one host share one.
    case host
  }
  package var count: Int
  package var unit: Unit
  /// Those that others have, artists above all, as the licence server says.
  package var taken: Int

  package init(count: Int, unit: Unit = .seat, taken: Int = 0) {
    (self.count, self.unit, self.taken) = (count, unit, taken)
  }
}

/// How many of each limit are in use by tasks. Pure.
struct LimitBook: Sendable {
  private(set) var limits: [String: CountedLimit] = [:]
  private var seats: [String: Int] = [:]
  private var hosts: [String: [String: Int]] = [:]

  mutating func set(_ name: String, _ limit: CountedLimit?) { limits[name] = limit }

  func used(_ name: String) -> Int {
    limits[name]?.unit == .host ? hosts[name]?.count ?? 0 : seats[name] ?? 0
  }

  /// A limit that nobody has counted has none left.
  func free(_ name: String) -> Int {
    limits[name].map { $0.count - $0.taken - used(name) } ?? 0
  }

  /// The first limit, by name, of which there are too few for a task on this host.
  func lacking(_ need: Need, on host: String?) -> String? {
    need.limits.sorted { $0.key < $1.key }.first { name, wanted in
      if let host, limits[name]?.unit == .host, hosts[name]?[host] != nil { return false }
      return free(name) < (limits[name]?.unit == .host ? 1 : wanted)
    }?.key
  }

  mutating func take(_ need: Need, on host: String) {
    for (name, wanted) in need.limits {
      seats[name, default: 0] += wanted
      hosts[name, default: [:]][host, default: 0] += 1
    }
  }

  mutating func give(_ need: Need, on host: String) {
    for (name, wanted) in need.limits {
      seats[name, default: 0] -= wanted
      let left = (hosts[name]?[host] ?? 1) - 1
      hosts[name]?[host] = left > 0 ? left : nil
    }
  }
}
