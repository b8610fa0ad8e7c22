import FoundationEssentials
import SluiceGraph
package import SluiceModel

/// Drops files that can be made again: shows what would go, records it, and only then takes the bytes away.
package struct Purger: Sendable {
  private let writer: Writer
  private let queries: Queries
  private let runner: Runner
  private let store: any VersionStore
  private let bodies: PlanBodies
  private let ambient: Ambient

  package init(
    writer: Writer, queries: Queries, runner: Runner, store: any VersionStore, bodies: PlanBodies, ambient: Ambient
  ) {
    (self.writer, self.queries, self.runner) = (writer, queries, runner)
    (self.store, self.bodies, self.ambient) = (store, bodies, ambient)
  }

  /// One version that must stay never fails the others.
  /// - Throws: `project.unknown`, `selection.invalid`, `usage`, `site.elsewhere`, what the log could not do, and what
  ///   the disk could not: then it is recorded, and a start finishes it.
  package func purge(_ request: PurgeRequest, origin: Origin) async throws(SluiceError) -> PurgeAnswer {
    let name = try ProjectName(request.project)
    try Decisions.requireHome(of: name, in: writer.current)
    try Purger.check(request)
    let survey = try await queries.survey(name)
    let selection = try Selection(request.select)
    let products = try await queries.products(selection, in: survey)
    var remaking = Remaking(survey.assessor)
    let choice = try PurgeChoice(
      of: products, &remaking, before: request.olderThan.map { ambient.now().addingTimeInterval(-$0) },
      keep: request.keep ?? 0, inUse: try PurgeDecisions.inUse(name, in: writer.current, bodies: bodies))
    var versions = choice.versions
    var kept = choice.kept.map { kept in
      PurgeAnswer.Kept(
        ref: kept.version.address.product, version: kept.version.address.version, number: kept.version.number,
        because: kept.hindrance)
    }
    let links = try await store.weigh(versions.map(\.address))
    if request.apply == true {
      let gone = try await purge(
        versions, of: name, at: survey.project.pipeline?.revision, because: request.because, origin: origin)
      kept += versions.filter { !gone.contains($0.address) }.map { version in
        PurgeAnswer.Kept(
          ref: version.address.product, version: version.address.version, number: version.number,
          because: PurgeHindrance(.changed, "somebody tagged it, or a plan took it, while it was being looked at"))
      }
      let weighed = zip(versions, links).filter { gone.contains($0.0.address) }
      versions = weighed.map(\.0)
      return answer(name, selection, weighed.map(\.0), weighed.map(\.1), kept, purged: true)
    }
    return answer(name, selection, versions, links, kept, purged: false)
  }

  private static func check(_ request: PurgeRequest) throws(SluiceError) {
    guard !request.select.allSatisfy(\.isWhitespace) else {
      throw SluiceError(
        .usage, what: "a purge says what it is about", at: "select",
        fix: "name products, or write '**' for the whole project")
    }
    guard (request.keep ?? 0) >= 0, (request.olderThan ?? 0) >= 0, request.olderThan?.isFinite ?? true else {
      throw SluiceError(
        .usage, what: "neither the age nor the number of versions to keep can be below 0", at: "purge",
        fix: "write --older-than 30d --keep 2")
    }
    guard (request.because?.utf8.count ?? 0) <= Limits.noteBytes else {
      throw SluiceError(
        .usage, what: "the reason is longer than \(Limits.noteBytes) bytes", at: "because", fix: "say it shorter")
    }
  }

  /// - Returns: the versions that went.
  private func purge(
    _ versions: [Version], of name: ProjectName, at revision: Int?, because: String?, origin: Origin
  ) async throws(SluiceError) -> Set<VersionAddress> {
    var gone: Set<VersionAddress> = []
    var left = versions[...]
    while !left.isEmpty {
      let part = Array(left.prefix(Limits.factsPerRecord))
      left = left.dropFirst(part.count)
      try await writer.submit(Origin(actor: origin.actor, traceparent: origin.traceparent)) {
        [bodies] registry throws(SluiceError) in
        try PurgeDecisions.purge(
          part, of: name, at: revision, because: because,
          inUse: try PurgeDecisions.inUse(name, in: registry, bodies: bodies), in: registry)
      }
      let recorded = part.map(\.address).filter(writer.current.isPurged)
      gone.formUnion(recorded)
      // What a run is about to take as an earlier result stays on the disk until the next start.
      let taken = await runner.takenResults
      try await store.purge(recorded.filter { !taken.contains($0) })
    }
    return gone
  }

  private func answer(
    _ name: ProjectName, _ selection: Selection, _ versions: [Version], _ links: [[StoredLink]],
    _ kept: [PurgeAnswer.Kept], purged: Bool
  ) -> PurgeAnswer {
    let frees = PurgeChoice.frees(links)
    return PurgeAnswer(
      project: name, selection: selection.text, purged: purged,
      versions: zip(versions, frees).map { version, frees in
        PurgeAnswer.Gone(
          ref: version.address.product, version: version.address.version, number: version.number,
          files: version.files, bytes: version.bytes, frees: frees)
      },
      kept: kept.sorted { ($0.ref, $0.version) < ($1.ref, $1.version) },
      position: writer.position(writer.current.sequence))
  }
}

extension Runner {
  /// Versions that runs under way will link files from.
  var takenResults: Set<VersionAddress> {
    Set(going.values.lazy.flatMap { $0.reused.values.joined().map(\.address) })
  }
}
