package import FoundationEssentials

/// A version's identity: `v-20261122-142301-lon`, then `-02`, `-03` … for more of one product in that second.
///
/// UTC second, site code, counter: sorts by time, says where it was made, needs nobody's permission.
/// Its key is (product, id).
package struct VersionID: Sendable, Hashable, CustomStringConvertible {
  /// Seconds since 1970, UTC.
  package let second: Int64
  package let site: String
  package let counter: Int

  package init(second: Int64, site: String, counter: Int) {
    (self.second, self.site, self.counter) = (second, site, counter)
  }

  /// The next id after `last` at `now`: the clock may stand still or go back, ids never do.
  package static func next(after last: VersionID?, now: Date, site: String) -> VersionID {
    let second = Int64(now.timeIntervalSince1970.rounded(.down))
    guard let last, last.second >= second else { return VersionID(second: second, site: site, counter: 1) }
    guard last.counter < Limits.versionsPerSecond else {
      return VersionID(second: last.second + 1, site: site, counter: 1)
    }
    return VersionID(second: last.second, site: site, counter: last.counter + 1)
  }

  package init?(_ text: some StringProtocol) {
    let parts = text.split(separator: "-", omittingEmptySubsequences: false)
    guard (4...5).contains(parts.count), parts[0] == "v", parts[1].utf8.count == 8, parts[2].utf8.count == 6,
      let date = Int64(parts[1]), let time = Int64(parts[2]), date > 0, time >= 0,
      !parts[3].isEmpty, NameRule.problem(in: parts[3]) == nil
    else { return nil }
    let day = Civil.days(year: date / 10_000, month: date / 100 % 100, day: date % 100)
    second = day * 86_400 + time / 10_000 * 3_600 + time / 100 % 100 * 60 + time % 100
    site = String(parts[3])
    if parts.count == 5 {
      guard parts[4].utf8.count == 2, let count = Int(parts[4]), (2...Limits.versionsPerSecond).contains(count)
      else { return nil }
      counter = count
    } else {
      counter = 1
    }
    guard description == text else { return nil }
  }

  package var description: String {
    let (year, month, day) = Civil.date(days: second.flooredDivision(86_400))
    let time = second - second.flooredDivision(86_400) * 86_400
    let base =
      "v-\(padded(year, 4))\(padded(month, 2))\(padded(day, 2))"
      + "-\(padded(time / 3_600, 2))\(padded(time / 60 % 60, 2))\(padded(time % 60, 2))-\(site)"
    return counter > 1 ? base + "-" + padded(Int64(counter), 2) : base
  }

  private func padded(_ value: Int64, _ width: Int) -> String {
    let digits = String(value)
    return String(repeating: "0", count: max(0, width - digits.count)) + digits
  }
}

extension VersionID: Comparable {
  package static func < (left: VersionID, right: VersionID) -> Bool {
    (left.second, left.counter, left.site) < (right.second, right.counter, right.site)
  }
}

extension VersionID: Codable {
  package init(from decoder: any Decoder) throws {
    let text = try decoder.singleValueContainer().decode(String.self)
    guard let id = VersionID(text) else {
      throw DecodingError.dataCorrupted(
        .init(codingPath: decoder.codingPath, debugDescription: "not a version id: \(text.prefix(80))"))
    }
    self = id
  }
  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }
}

/// Days and dates of the Gregorian calendar in UTC. Source: H. Hinnant, "chrono-Compatible Low-Level Date Algorithms".
package enum Civil {
  package static func days(year: Int64, month: Int64, day: Int64) -> Int64 {
    let shifted = month <= 2 ? year - 1 : year
    let era = shifted.flooredDivision(400)
    let yearOfEra = shifted - era * 400
    let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
    return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
  }

  package static func date(days: Int64) -> (year: Int64, month: Int64, day: Int64) {
    let shifted = days + 719_468
    let era = shifted.flooredDivision(146_097)
    let dayOfEra = shifted - era * 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let shiftedMonth = (5 * dayOfYear + 2) / 153
    let month = shiftedMonth + (shiftedMonth < 10 ? 3 : -9)
    return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * shiftedMonth + 2) / 5 + 1)
  }
}

extension Int64 {
  fileprivate func flooredDivision(_ divisor: Int64) -> Int64 {
    let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
    return remainder < 0 ? quotient - 1 : quotient
  }
}
