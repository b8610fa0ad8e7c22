package import FoundationEssentials
package import SluiceModel

/// What a version in place stood for before its bytes were read.
package struct StandIn: Sendable, Equatable, Codable {
  package var manifest: Digest
  package var representations: [RepresentationSummary]
  /// Of the hash that took its place.
  var hashed: Rank
}

/// That a version in place is not what was recorded.
package struct Damage: Sendable, Equatable, Codable {
  package var files: Int
  package var first: FileDifference
  package var time: Date
  var rank: Rank

  /// `plate.1001.exr was 12.0 MiB of Mon 23 Nov 14:23 UTC, is 13.0 MiB of Tue 24 Nov 09:12 UTC`.
  package var spoken: String {
    let (was, more) = (Damage.spoken(first.was), files > 1 ? ", and \(files - 1) more differ" : "")
    guard let now = first.now else { return "\(first.path) was \(was), is not there any more" + more }
    if was == Damage.spoken(now) {
      return "\(first.path), \(was), was written again at \(Timestamp.text(now.modified)) with the same size" + more
    }
    return "\(first.path) was \(was), is \(Damage.spoken(now))" + more
  }

  private static func spoken(_ state: FileDifference.State) -> String {
    "\(ByteWords.text(state.size)) of \(Reasons.spoken(state.modified))"
  }
}

extension Version {
  package var isInPlace: Bool { published.inPlace != nil }
  /// Whether its bytes were read, so that it has a content to compare by.
  package var isHashed: Bool { published.inPlace != .unhashed }

  /// Whether this content stood for it before its bytes were read.
  package func stoodFor(_ content: Digest) -> Bool {
    standIn?.representations.contains { $0.content == content } == true
  }

  /// The version as something saw it that was made from it before its bytes were read: with the content that it had
  /// then. That the hash came in changes nothing.
  /// - Parameter range: of the product's folder; whoever takes all frames took those within it.
  /// - Throws: `store.damaged` where the manifest of then cannot be read.
  package func asRecorded(
    in used: [Used], within range: FrameSet?, _ manifests: any ManifestSource
  ) throws(SluiceError) -> Version {
    guard let standIn else { return self }
    let contents = used.filter { $0.product == address.product && $0.version == address.version }.map(\.content)
    guard !contents.isEmpty else { return self }
    if !contents.contains(where: stoodFor) {
      guard try tookPart(of: standIn, contents, range, manifests) else { return self }
    }
    var before = self
    (before.published.manifest, before.published.representations) = (standIn.manifest, standIn.representations)
    return before
  }

  /// Whether one of these contents is that of the frames within a range, as they were before they were read.
  private func tookPart(
    of standIn: StandIn, _ contents: [Digest], _ range: FrameSet?, _ manifests: any ManifestSource
  ) throws(SluiceError) -> Bool {
    guard let range, standIn.representations.contains(where: { $0.frames?.subtracting(range).isEmpty == false }) else {
      return false
    }
    return try manifests.manifest(standIn.manifest).representations.contains { representation in
      let part = representation.within(range).content
      return contents.contains(part)
        || contents.contains(InputState.Source.content(ofEach: representation.content, andTogether: part))
    }
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
  /// Versions whose files stay where they lie, of all projects, the oldest first.
  /// - Parameter site: only those that were recorded there; nil for all.
  /// - Complexity: O(n log n) in what is in place, whatever else there is.
  package func versionsInPlace(at site: String? = nil) -> [Version] {
    placed.keys.filter { site == nil || placed[$0] == site }
      .compactMap { projects[$0.product.project]?.versions[$0] }
      .sorted { ($0.time, $0.address.product, $0.address.version) < ($1.time, $1.address.product, $1.address.version) }
  }

  /// The bytes are the same ones whoever read them; of two the one of the highest rank is kept.
  mutating func apply(_ fact: VersionHashed, _ event: Event, _ rank: Rank) -> [RowKey] {
    change(fact.version, event) { version in
      guard version.published.inPlace == .unhashed || version.standIn.map({ $0.hashed < rank }) == true else { return }
      var standIn =
        version.standIn
        ?? StandIn(
          manifest: version.published.manifest, representations: version.published.representations, hashed: rank)
      standIn.hashed = rank
      version.standIn = standIn
      (version.published.manifest, version.published.representations) = (fact.manifest, fact.representations)
      version.published.inPlace = .hashed
    }
  }

  /// What was found first is kept: what came later is not what anybody recorded either.
  mutating func apply(_ fact: VersionDamaged, _ event: Event, _ rank: Rank) -> [RowKey] {
    change(fact.version, event) { version in
      if let known = version.damage, known.rank < rank { return }
      version.damage = Damage(files: fact.files, first: fact.first, time: event.time, rank: rank)
    }
  }
}
