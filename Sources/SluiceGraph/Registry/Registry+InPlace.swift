package import FoundationEssentials
package import SluiceModel

/// What a version in place stood for before its bytes were read.
package struct StandIn: Sendable, Equatable, Codable {
  package var manifest: Digest
  package var representations: [RepresentationSummary]
}

/// That a version in place is not what was recorded.
package struct Damage: Sendable, Equatable, Codable {
  package var files: Int
  package var first: FileDifference
  package var time: Date
  var rank: Rank

  /// `plate.1001.exr was 12.0 MB of Mon 23 Nov 14:23 UTC, is 13.0 MB of Tue 24 Nov 09:12 UTC`.
  package var spoken: String {
    let was = "\(first.path) was \(Damage.spoken(first.was))"
    let now = first.now.map { "is \(Damage.spoken($0))" } ?? "is not there any more"
    return "\(was), \(now)" + (files > 1 ? ", and \(files - 1) more differ" : "")
  }

  private static func spoken(_ state: FileDifference.State) -> String {
    "\(spoken(bytes: state.size)) of \(Reasons.spoken(state.modified))"
  }

  private static func spoken(bytes: Int64) -> String {
    let units = ["B", "KB", "MB", "GB", "TB"]
    var (value, unit) = (Double(bytes), 0)
    while value >= 1_000, unit < units.count - 1 { (value, unit) = (value / 1_000, unit + 1) }
    return unit == 0 ? "\(bytes) B" : "\((value * 10).rounded() / 10) \(units[unit])"
  }
}

extension Version {
  package var isInPlace: Bool { published.inPlace != nil }
  /// Whether its bytes were read, so that it has a content to compare by.
  package var isHashed: Bool { published.inPlace != .unhashed }

  /// The version as something saw it that was made from it before its bytes were read: with the content that it had
  /// then. That the hash came in changes nothing.
  package func asRecorded(in used: [Used]) -> Version {
    guard let standIn else { return self }
    let isRecorded = used.contains { used in
      used.product == address.product && used.version == address.version
        && standIn.representations.contains { $0.content == used.content }
    }
    guard isRecorded else { return self }
    var before = self
    (before.published.manifest, before.published.representations) = (standIn.manifest, standIn.representations)
    return before
  }

  /// What whoever asks for its files is told.
  package var damageError: SluiceError? {
    damage.map { damage in
      SluiceError(
        .versionDamaged, what: "'\(address.product)' \(spoken) is damaged: \(damage.spoken)",
        at: "reference '\(address.product)@\(address.version)'", fix: "publish it anew, as it is now or as it was")
    }
  }

  /// Why nothing can be made from it, in words.
  package var damageObstacle: String? {
    damage.map { "\(address.product.spoken) \(spoken) is damaged: \($0.spoken); publish it anew" }
  }
}

extension Registry {
  /// The first hash counts: the bytes are the same ones.
  mutating func apply(_ fact: VersionHashed, _ event: Event) -> [RowKey] {
    change(fact.version, event) { version in
      guard version.standIn == nil else { return }
      version.standIn = StandIn(
        manifest: version.published.manifest, representations: version.published.representations)
      (version.published.manifest, version.published.representations) = (fact.manifest, fact.representations)
      version.published.inPlace = .hashed
    }
  }

  mutating func apply(_ fact: VersionDamaged, _ event: Event, _ rank: Rank) -> [RowKey] {
    change(fact.version, event) { version in
      if let known = version.damage, known.rank < rank { return }
      version.damage = Damage(files: fact.files, first: fact.first, time: event.time, rank: rank)
    }
  }
}
