/// Lines between the parties: they lose, double, delay and so reorder, and are cut now and then.
package struct SimulatedNetwork: Sendable {
  /// Pairs of sites that cannot reach one another.
  private var cut: Set<[Int]> = []
  /// Sites that nobody reaches over the WAN.
  private var isolated: Set<Int> = []
  private var slow: Set<Int> = []
  private var dice: Dice
  private var isSound = false
  private(set) var lost = 0
  private(set) var doubled = 0
  private(set) var overtaken = 0
  private var lastArrival: [Line: Int] = [:]

  private struct Line: Sendable, Hashable {
    let from: Party
    let to: Party
  }

  init(dice: Dice) { self.dice = dice }

  mutating func cut(_ one: Int, _ other: Int) { cut.insert([one, other].sorted()) }
  mutating func mend(_ one: Int, _ other: Int) { cut.remove([one, other].sorted()) }
  mutating func isolate(_ site: Int) { isolated.insert(site) }
  mutating func join(_ site: Int) { isolated.remove(site) }
  mutating func slow(_ site: Int, _ isSlow: Bool) { if isSlow { slow.insert(site) } else { slow.remove(site) } }

  /// Everything reaches everybody from now on, once and soon.
  mutating func heal() { (cut, isolated, slow, isSound) = ([], [], [], true) }

  /// When a letter arrives, each time that it does.
  mutating func arrivals(of letter: Letter, sent now: Int) -> [Int] {
    var isWide = false
    if case (.site(let one), .site(let other)) = (letter.from, letter.to) {
      isWide = true
      guard !cut.contains([one, other].sorted()), isolated.isDisjoint(with: [one, other]) else {
        lost += 1
        return []
      }
    }
    guard !isSound else { return [arrival(of: letter, at: now + (isWide ? 20_000 : 500))] }
    guard !dice.percent(4) else {
      lost += 1
      return []
    }
    var arrivals = [arrival(of: letter, at: now + delay(letter, isWide))]
    if dice.percent(4) {
      doubled += 1
      arrivals.append(now + delay(letter, isWide) * (1 + dice.below(20)))
    }
    return arrivals
  }

  private mutating func arrival(of letter: Letter, at time: Int) -> Int {
    let line = Line(from: letter.from, to: letter.to)
    let last = lastArrival[line] ?? 0
    if last > time { overtaken += 1 }
    lastArrival[line] = max(time, last)
    return time
  }

  private mutating func delay(_ letter: Letter, _ isWide: Bool) -> Int {
    let usual = isWide ? dice.within(10_000...120_000) : dice.within(200...2_000)
    let isSlow =
      switch (letter.from, letter.to) {
      case (.site(let site), _) where slow.contains(site): true
      case (_, .site(let site)) where slow.contains(site): true
      default: false
      }
    return usual * (isSlow ? 15 : 1) + (dice.percent(5) ? dice.below(900_000) : 0)
  }
}
