import Logging
import SluiceModel
import SluicePolicy

/// Limits of which a program knows how many there are.
extension Runner {
  /// Asks again and again; one that does not answer keeps its last value, and that is said.
  func askLimits() async {
    guard let source = parts.limits else { return }
    let pause = parts.settings.farm.limitPause
    while !isStopping {
      let asked = parts.settings.farm.askedLimits.sorted().map { ($0, farm.scheduler.used(ofLimit: $0)) }
      await withTaskGroup(of: (String, LimitReply).self) { group in
        for (name, used) in asked { group.addTask { (name, await source.ask(name, used: used)) } }
        for await (name, reply) in group { take(reply, of: name) }
      }
      pump()
      let until = parts.ambient.uptime() + pause
      while !isStopping, until > parts.ambient.uptime() {
        do { try await parts.ambient.sleep(min(pause, .milliseconds(500))) } catch { return }
      }
    }
  }

  private func take(_ reply: LimitReply, of name: String) {
    switch reply {
    case .counted(let count):
      if limitTroubles.removeValue(forKey: name) != nil { parts.logger.notice("the limit '\(name)' is known again") }
      let unit = parts.settings.farm.limits[name]?.unit ?? .seat
      farm.scheduler.setLimit(name, CountedLimit(count: count.count, unit: unit, taken: count.taken))
    case .failed(let words):
      // Said once, and not every time that it is asked.
      if limitTroubles[name] == nil {
        parts.logger.warning("how many there are of '\(name)' is not known; the last value stays: \(words)")
      }
      limitTroubles[name] = words
    }
  }
}
