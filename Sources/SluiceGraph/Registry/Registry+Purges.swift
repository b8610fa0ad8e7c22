package import FoundationEssentials
package import SluiceModel

/// That a version's files were dropped, and whether they came back since.
package struct Purge: Sendable, Hashable, Codable {
  /// False once a run has made them again.
  package var isGone: Bool
  package var bytes: Int64
  package var because: String?
  /// Of the newest word on it: the purge, or the return.
  package var time: Date
  package var actor: Actor
  package var event: EventID
  var rank: Rank
  /// The newest return that brought other bytes of the same content.
  var remade: Rank?

  package var note: PurgeNote { PurgeNote(time: time, actor: actor, bytes: bytes, because: because) }
  /// `ben, Mon 23 Nov 15:02 UTC: not needed any more`.
  package var spoken: String {
    "\(actor.name), \(Reasons.spoken(time))" + (because.map { ": \(NameRule.printable($0))" } ?? "")
  }
}

extension Version {
  /// Whether its files are gone.
  package var isPurged: Bool { purge?.isGone == true }
  package var purgeNote: PurgeNote? { isPurged ? purge?.note : nil }
}

extension Registry {
  /// Whether a version's files are gone.
  package func isPurged(_ address: VersionAddress) -> Bool {
    projects[address.product.project]?.versions[address]?.isPurged == true
  }

  /// Every version whose files are gone, in no order.
  package var purged: [VersionAddress] {
    projects.values.flatMap(\.stock.gone)
  }
}

extension Version {
  /// What whoever asks for its files is told.
  package var purgedError: SluiceError {
    let name = "\(address.product)@\(address.version)"
    return SluiceError(
      .versionPurged,
      what: "the files of '\(address.product)' \(spoken) were purged" + (purge.map { " (\($0.spoken))" } ?? ""),
      at: "reference '\(name)'", fix: "make them again: sluice apply \(address.product.project) --select \(name)")
  }
}

/// Files go and come back where the project is at home. Of facts that did not see one another the one of the highest
/// rank is what is shown.
extension Registry {
  mutating func apply(_ fact: VersionPurged, _ event: Event, _ rank: Rank) -> [RowKey] {
    change(fact.version, event) { version in
      version.note(
        Purge(
          isGone: true, bytes: fact.bytes, because: fact.because, time: event.time, actor: event.actor,
          event: event.id, rank: rank))
    }
  }

  mutating func apply(_ fact: VersionRestored, _ event: Event, _ rank: Rank) -> [RowKey] {
    change(fact.version, event) { version in
      version.note(
        Purge(
          isGone: false, bytes: fact.bytes, because: nil, time: event.time, actor: event.actor, event: event.id,
          rank: rank))
      // Files in place are never purged; a word that says so makes no other content of them.
      guard let manifest = fact.manifest, !version.isInPlace, version.purge?.remade.map({ $0 < rank }) ?? true
      else { return }
      version.purge?.remade = rank
      version.published.manifest = manifest
      version.published.representations = fact.representations ?? version.published.representations
    }
  }

  mutating func change(
    _ id: VersionID, _ event: Event, _ change: (inout Version) -> Void
  ) -> [RowKey] {
    guard let ref = event.product else { return [] }
    let address = VersionAddress(product: ref, version: id)
    guard var version = projects[ref.project]?.versions[address] else { return [] }
    change(&version)
    projects[ref.project]?.versions[address] = version
    return [.version(address)]
  }
}

extension Version {
  fileprivate mutating func note(_ word: Purge) {
    if let known = purge, known.rank > word.rank { return }
    let remade = purge?.remade
    purge = word
    purge?.remade = remade
  }
}
