/// What goes wrong in a simulation.
package enum Fault: String, Sendable, CaseIterable {
  case crash = "a site crashes"
  case powerLoss = "the power goes in the middle of a write"
  case outage = "a site is down for long"
  case partition = "a site is cut off from all others"
  case brokenLink = "two sites cannot reach one another"
  case slowLink = "a site's lines are slow"
  case clockBack = "a clock is set back"
  case clockAhead = "a clock is set far ahead"
  case clockDrift = "a clock runs too fast or too slow"
  case diskFull = "a disk is full"
  case syncFails = "a disk cannot sync"
  case writeFails = "a disk cannot write"
  case mirrorMisdirected = "a disk writes a mirror to the wrong place"
  case logDamaged = "bits of a log turn around"
  case viewsLost = "a site loses its views"
  case subscriberDown = "a subscriber is down"
  case subscriberSlow = "a subscriber is slow"

  /// How long it lasts, in microseconds; nil where it is over at once.
  func duration(_ dice: inout Dice) -> Int? {
    switch self {
    case .crash, .powerLoss, .logDamaged, .viewsLost: nil
    case .clockBack, .clockDrift, .mirrorMisdirected: nil
    case .clockAhead: dice.percent(50) ? dice.within(500_000...6_000_000) : nil
    case .outage, .partition, .brokenLink: dice.within(3_000_000...15_000_000)
    case .slowLink: dice.within(2_000_000...8_000_000)
    case .diskFull: dice.within(300_000...4_000_000)
    case .syncFails, .writeFails: dice.within(50_000...600_000)
    case .subscriberDown, .subscriberSlow: dice.within(1_000_000...8_000_000)
    }
  }
}
