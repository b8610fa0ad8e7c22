import SluiceGraph
package import SluiceModel

extension Subscriptions {
  /// Dead letters with their events, oldest first: a page of them, and another one behind the last.
  package func deadLetters(
    of name: SubscriptionName, after sequence: Int64
  ) async throws(SluiceError) -> [DeadLetterAnswer] {
    let retrying = Set(try await subscriber(name).retrying)
    var (answers, bytes): ([DeadLetterAnswer], Int) = ([], 0)
    for letter in try await parts.cursors.deadLetters(of: name, after: sequence, limit: Limits.eventsPerPage) {
      let event = try await wanted.event(at: letter.sequence)?.envelope.bytes
      answers.append(
        DeadLetterAnswer(
          letter: letter, position: parts.writer.position(letter.sequence),
          isRetrying: retrying.contains(letter.sequence), event: event))
      bytes += event?.count ?? 0
      if bytes > Limits.scanBytes { break }
    }
    return answers
  }

  /// Tries dead letters again, marked as such.
  /// - Parameter events: their ids or positions; empty for the oldest `Limits.retriesPerSubscription`.
  /// - Returns: how many, and how many dead letters wait for another command.
  /// - Throws: `event.unknown` for what is no dead letter, `usage` for too many; then none is tried.
  package func retry(_ name: SubscriptionName, events: [String]) async throws(SluiceError) -> RetryAnswer {
    let subscriber = try await subscriber(name)
    let already = Set(await subscriber.retrying)
    let room = Limits.retriesPerSubscription - already.count
    var (chosen, left): (Set<Int64>, Set<String>) = ([], Set(events))
    var place: Int64 = 0
    pages: while events.isEmpty ? chosen.count < room : !left.isEmpty {
      let letters = try await parts.cursors.deadLetters(of: name, after: place, limit: Limits.eventsPerPage)
      guard let last = letters.last?.sequence else { break }
      place = last
      for letter in letters {
        if events.isEmpty {
          guard chosen.count < room else { break pages }
          if !already.contains(letter.sequence) { chosen.insert(letter.sequence) }
        } else if let text = try await self.name(of: letter, among: left) {
          left.remove(text)
          chosen.insert(letter.sequence)
        }
      }
    }
    if let unknown = left.min() {
      throw SluiceError(
        .eventUnknown, what: "'\(NameRule.printable(unknown))' is not among the dead letters of '\(name)'",
        at: "event", fix: "`sluice subscription dead \(name)` lists them")
    }
    chosen.subtract(already)
    guard chosen.count <= room else {
      throw Subscriptions.wrong(
        "at most \(Limits.retriesPerSubscription) dead letters are tried again at once", at: "events")
    }
    if !chosen.isEmpty { try await subscriber.retry(chosen.sorted()) }
    let all = try await parts.cursors.deadLetterCount(of: name)
    let retrying = await subscriber.retrying.count
    return RetryAnswer(subscription: name, retrying: chosen.count, left: max(0, all - retrying))
  }

  /// By which of these texts a dead letter is meant.
  private func name(of letter: DeadLetter, among texts: Set<String>) async throws(SluiceError) -> String? {
    let position = parts.writer.position(letter.sequence).description
    if texts.contains(position) { return position }
    guard let id = try await wanted.event(at: letter.sequence)?.envelope.text("id") else { return nil }
    return texts.contains(id) ? id : nil
  }
}
