package import SluiceModel

/// Takes in events of other tools: each is judged alone, and is a record of its own.
package struct Intake: Sendable {
  private let writer: Writer

  package init(writer: Writer) { self.writer = writer }

  /// What became of one event.
  package struct Entry: Sendable {
    /// As the event says, where it can be read.
    package let id: String?
    package let source: String?
    package let outcome: Result<Accepted, SluiceError>
  }

  package struct Accepted: Sendable, Equatable {
    package let position: Position
    /// Whether an event of this source and id was here before; then nothing was recorded, and the position is that
    /// event's.
    package let isDuplicate: Bool
  }

  /// Records what is valid and new, in this order, and answers when it is durable.
  /// - Parameter actor: who sends; the events themselves cannot say so.
  /// - Returns: one entry for each arrival, in their order. Errors: `event.invalid`, `event.reserved`,
  ///   `event.tooLarge`, and what the log could not do.
  package func accept(_ arrivals: [HTTPBinding.Arrival], from actor: Actor) async -> [Entry] {
    let facts = arrivals.map { arrival in Result { () throws(SluiceError) in try fact(of: arrival, from: actor) } }
    var submitted = await writer.submit(facts.compactMap { try? $0.get() }).makeIterator()
    return zip(arrivals, facts).map { arrival, fact in
      let outcome = fact.flatMap { _ in submitted.next() ?? .failure(.stopping) }
      return Entry(
        id: arrival.id, source: arrival.source,
        outcome: outcome.map { Accepted(position: $0.position, isDuplicate: $0.isRepeated) }
          .mapError { Intake.told($0, of: arrival) })
    }
  }

  private func fact(of arrival: HTTPBinding.Arrival, from actor: Actor) throws(SluiceError) -> PlainFact {
    switch arrival.event {
    case .failure(let problem): throw Intake.error(problem, at: arrival.id.map { "event '\(NameRule.printable($0))'" })
    case .success(let event):
      let draft = try OutsideRule.draft(of: event)
      let command = OutsideRule.command(source: arrival.source ?? "", id: arrival.id ?? "")
      return PlainFact(origin: Origin(actor: actor, command: command), draft: draft)
    }
  }

  /// The writer knows of records only.
  private static func told(_ error: SluiceError, of arrival: HTTPBinding.Arrival) -> SluiceError {
    guard error.code == .recordTooLarge, case .success(let event) = arrival.event else { return error }
    return OutsideRule.tooLarge(event)
  }

  /// A text that is no event, as an error.
  package static func error(_ problem: EnvelopeProblem, at place: String? = nil) -> SluiceError {
    SluiceError(
      .eventInvalid, what: problem.description, at: place ?? "event",
      fix: "send what CloudEvents 1.0 describes; docs/reference/events.md has examples")
  }
}
