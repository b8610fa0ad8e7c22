package import FoundationEssentials
package import SluiceModel

/// Since when: `2h` ago, a day or a time, a place in the log.
package enum SelectionMoment: Sendable, Hashable {
  /// So many of a unit before now.
  case ago(Int, Unit)
  case time(Date)
  case position(Position)

  package enum Unit: Character, Sendable, Hashable, CaseIterable {
    case seconds = "s"
    case minutes = "m"
    case hours = "h"
    case days = "d"
    case weeks = "w"

    package var seconds: Int {
      switch self {
      case .seconds: 1
      case .minutes: 60
      case .hours: 3_600
      case .days: 86_400
      case .weeks: 7 * 86_400
      }
    }
  }

  package static let examples = "2h, 3d, 2026-11-01, 2026-11-01T09:00:00Z or a position such as main:412"

  /// Nil for what is no moment. A day without a time begins at midnight UTC.
  package init?(_ text: some StringProtocol) {
    let text = String(text)
    if let unit = text.last.flatMap(Unit.init), let count = SelectionMoment.count(text.dropLast()) {
      self = .ago(count, unit)
    } else if text.utf8.count == 10, let day = Timestamp.date(text + "T00:00:00Z") {
      self = .time(day)
    } else if let time = Timestamp.date(text) {
      self = .time(time)
    } else if let position = Position(text), NameRule.problem(in: position.site) == nil, position.sequence >= 0 {
      self = .position(position)
    } else {
      return nil
    }
  }

  /// Digits alone, and few enough that no unit makes them overflow.
  private static func count(_ digits: Substring) -> Int? {
    guard (1...9).contains(digits.utf8.count), digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
      return nil
    }
    return Int(digits)
  }

  /// Nil for a position, whose time only the log knows.
  package func date(now: Date) -> Date? {
    switch self {
    case .ago(let count, let unit): now.addingTimeInterval(-Double(count) * Double(unit.seconds))
    case .time(let time): time
    case .position: nil
    }
  }
}

extension SelectionMoment: CustomStringConvertible {
  package var description: String {
    switch self {
    case .ago(let count, let unit): "\(count)\(unit.rawValue)"
    case .time(let time): Timestamp.text(time)
    case .position(let position): position.description
    }
  }
}

/// Which versions are newer than the moments of a selection: looked up before it is answered.
package struct SelectionHistory: Sendable {
  package var now: Date
  /// Versions that were published behind a position.
  package var behind: [Position: Set<VersionAddress>]

  package init(now: Date, behind: [Position: Set<VersionAddress>] = [:]) { (self.now, self.behind) = (now, behind) }

  /// Whether a version came after a moment.
  package func isNewer(_ version: Version, than moment: SelectionMoment) -> Bool {
    if case .position(let position) = moment { return behind[position]?.contains(version.address) ?? false }
    return moment.date(now: now).map { version.time > $0 } ?? false
  }
}

extension Project {
  /// Whether the newest version of a product says something else than the newest one of before a moment.
  package func hasChanged(_ ref: ProductRef, since moment: SelectionMoment, _ history: SelectionHistory) -> Bool {
    guard let latest = version(of: ref, .latest), history.isNewer(latest, than: moment) else { return false }
    let before = products[ref]?.versions.last { id in
      versions[VersionAddress(product: ref, version: id)].map { !history.isNewer($0, than: moment) } ?? false
    }
    guard let old = before.flatMap({ versions[VersionAddress(product: ref, version: $0)] }) else { return true }
    return contents(old) != contents(latest)
  }

  private func contents(_ version: Version) -> [String: Digest] {
    Dictionary(
      version.published.representations.map { ($0.name, $0.content) }, uniquingKeysWith: { first, _ in first })
  }
}
