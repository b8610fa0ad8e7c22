package import FoundationEssentials

/// What a publish led to.
package struct PublishAnswer: Sendable, Equatable, Codable {
  package var ref: ProductRef
  package var version: VersionID
  @OrNull package var number: Int?
  /// The first representation, for the common publish that has one.
  package var representation: String
  package var files: Int
  package var bytes: Int64
  package var sha256: Digest
  package var representations: [RepresentationSummary]
  package var changed: FrameSet?
  /// Of files that stay where they lay; while they are `unhashed`, the digests only say which files are meant.
  package var inPlace: InPlaceState?
  package var position: Position

  package init(ref: ProductRef, published: VersionPublished, position: Position) {
    self.ref = ref
    _number = OrNull(wrappedValue: published.number)
    (version, representations) = (published.version, published.representations)
    let first = published.representations[0]
    (representation, sha256) = (first.name, first.sha256)
    files = published.representations.reduce(0) { $0 + $1.files }
    bytes = published.representations.reduce(0) { $0 + $1.bytes }
    (changed, inPlace) = (published.changed, published.inPlace)
    self.position = position
  }
}

/// What `publish --manifest` led to.
package struct BatchPublishAnswer: Sendable, Equatable, Codable {
  package var published: [PublishAnswer]
  package var position: Position
  package init(published: [PublishAnswer], position: Position) {
    (self.published, self.position) = (published, position)
  }
}

/// What `show` says of a product.
package struct ShowAnswer: Sendable, Equatable, Codable {
  package var ref: ProductRef
  package var selected: VersionAnswer
  package var versions: [VersionLine]
  /// What each of them stands for now; an approval that was taken back, or a rejection, leaves `approved` out.
  package var tags: [String: VersionID]
  /// How the product stands; nil where another version was asked for than the one that it is about.
  package var status: ProductStatus?
  package var madeBy: String?
  package var usedBy: [ProductRef]
  /// The freeze that is in force; nil where none is.
  package var frozen: FreezeNote?
  /// Who has it in hand; nil where nobody does.
  package var held: HoldNote?
  package init(
    ref: ProductRef, selected: VersionAnswer, versions: [VersionLine], tags: [String: VersionID],
    status: ProductStatus?, madeBy: String?, usedBy: [ProductRef]
  ) {
    (self.ref, self.selected, self.versions, self.tags) = (ref, selected, versions, tags)
    (self.status, self.madeBy, self.usedBy) = (status, madeBy, usedBy)
  }
}

package struct VersionLine: Sendable, Equatable, Codable {
  package var version: VersionID
  package var number: Int?
  package var time: Date
  package var actor: Actor
  package var note: String?
  package var label: String?
  package var frames: FrameSet?
  package var changed: FrameSet?
  package var files: Int
  package var bytes: Int64
  /// What a person said of it; nil where nobody did.
  package var judged: Approval?
  /// That its files were dropped; nil where they are there.
  package var purged: PurgeNote?
  /// Of files that stay where they lay; nil for files in the store.
  package var inPlace: InPlaceState?
  /// How its files in place are not what was recorded, in words; nil where they are.
  package var damaged: String?
  package init(
    version: VersionID, number: Int?, time: Date, actor: Actor, note: String?, label: String?, frames: FrameSet?,
    changed: FrameSet?, files: Int, bytes: Int64
  ) {
    (self.version, self.number, self.time, self.actor) = (version, number, time, actor)
    (self.note, self.label, self.frames, self.changed) = (note, label, frames, changed)
    (self.files, self.bytes) = (files, bytes)
  }
}

/// One version with its files.
package struct VersionAnswer: Sendable, Equatable, Codable {
  package struct File: Sendable, Equatable, Codable {
    package var representation: String
    package var path: String
    package var frame: Int?
    package var size: Int64
    package var sha256: Digest
    package var pixels: Digest?
    /// Where it lies, of a file in place.
    package var place: String?
    /// False while the bytes of a file in place were not read: `sha256` then only says which file is meant.
    package var hashed: Bool?
  }
  package struct MadeFrom: Sendable, Equatable, Codable {
    package var input: String?
    package var ref: ProductRef
    package var version: VersionID
    package var number: Int?
    package var frames: FrameSet?
    /// What the input is now, where it has moved on.
    package var now: VersionID?
    package var nowNumber: Int?
    /// The input's product that names this one by a reference.
    package var through: ProductRef?
  }
  package var ref: ProductRef
  package var version: VersionID
  package var number: Int?
  package var uri: String
  package var path: String
  package var time: Date
  package var actor: Actor
  package var note: String?
  package var label: String?
  package var base: VersionID?
  /// Frames that were carried from the version that others were laid over; nil where none were.
  package var carried: CarriedFrames?
  /// The version that others take instead, where this is an older one; nil for the latest, and for what was rejected.
  package var supersededBy: NewerVersion?
  /// What a person said of it; nil where nobody did.
  package var judged: Approval?
  package var representations: [RepresentationSummary]
  package var files: [File]
  package var madeFrom: [MadeFrom]
  package var made: Made?
  /// That its files were dropped; nil where they are there.
  package var purged: PurgeNote?
  package var inPlace: InPlaceState?
  /// How its files in place are not what was recorded, in words; nil where they are.
  package var damaged: String?

  package init(
    ref: ProductRef, line: VersionLine, path: String, base: VersionID?, representations: [RepresentationSummary],
    manifest: Manifest, madeFrom: [MadeFrom], made: Made?
  ) {
    (self.ref, version, number, time, actor) = (ref, line.version, line.number, line.time, line.actor)
    (note, label, self.path, self.base) = (line.note, line.label, path, base)
    (purged, inPlace, damaged, judged) = (line.purged, line.inPlace, line.damaged, line.judged)
    (self.representations, self.madeFrom, self.made) = (representations, madeFrom, made)
    uri = "sluice:///\(ref)/\(line.version)"
    files = manifest.representations.flatMap { representation in
      representation.files.map {
        File(
          representation: representation.name, path: $0.path, frame: $0.frame, size: $0.size, sha256: $0.sha256,
          pixels: $0.pixels, place: $0.place?.path, hashed: $0.isHashed ? nil : false)
      }
    }
  }
}

extension VersionAnswer.MadeFrom {
  package init(used: Used, number: Int?, now: VersionID?, nowNumber: Int?) {
    self.init(
      input: used.input, ref: used.product, version: used.version, number: number, frames: used.frames, now: now,
      nowNumber: nowNumber, through: used.through)
  }
}

/// What `identify` says of one path.
package struct IdentifyAnswer: Sendable, Equatable, Codable {
  package var path: String
  /// `place` by where it lies in the store or was recorded in place, `content` by its bytes; nil where nobody published
  /// it.
  package var by: String?
  package var ref: ProductRef?
  package var version: VersionID?
  package var number: Int?
  package var representation: String?
  package var file: String?
  /// Other versions with the same bytes, newest first.
  package var also: [String]
  package var sha256: Digest?
  /// Of a version whose files stay where they lay; nil for files in the store.
  package var inPlace: InPlaceState?
  /// How the version's files in place are not what was recorded, in words; nil where they are.
  package var damaged: String?
  package var error: Failure?
  package init(path: String) {
    self.path = path
    also = []
  }
}

/// From the thing back to the first cause.
package struct WhyAnswer: Sendable, Equatable, Codable {
  package struct Link: Sendable, Equatable, Codable {
    package var event: EventID
    package var type: String
    package var time: Date
    package var actor: String
    package var ref: ProductRef?
    package var version: VersionID?
    package var text: String
    package init(
      event: EventID, type: String, time: Date, actor: String, ref: ProductRef?, version: VersionID?, text: String
    ) {
      (self.event, self.type, self.time, self.actor) = (event, type, time, actor)
      (self.ref, self.version, self.text) = (ref, version, text)
    }
  }
  package var ref: ProductRef
  package var version: VersionID?
  /// Why it is as it is now: out of date because …
  package var reasons: [Reason]
  /// What Sluice does about it by itself, or why it does nothing.
  package var reaction: ReactionNote?
  package var chain: [Link]
  package init(ref: ProductRef, version: VersionID?, reasons: [Reason], reaction: ReactionNote?, chain: [Link]) {
    (self.ref, self.version, self.reasons, self.chain) = (ref, version, reasons, chain)
    self.reaction = reaction
  }
}

/// What a change of a product reaches.
package struct ImpactAnswer: Sendable, Equatable, Codable {
  package struct Reached: Sendable, Equatable, Codable {
    package var ref: ProductRef
    package var distance: Int
    /// The neighbour through which it is reached first.
    package var via: ProductRef
    package var step: String
    package init(ref: ProductRef, distance: Int, via: ProductRef, step: String) {
      (self.ref, self.distance, self.via, self.step) = (ref, distance, via, step)
    }
  }
  package var ref: ProductRef
  package var products: [Reached]
  package init(ref: ProductRef, products: [Reached]) { (self.ref, self.products) = (ref, products) }
}

package struct FolderAnswer: Sendable, Equatable, Codable {
  package var path: FolderPath
  package var type: String
  package var attributes: [String: String]
  package var omitted: Bool
  package init(path: FolderPath, type: String, attributes: [String: String], omitted: Bool) {
    (self.path, self.type, self.attributes, self.omitted) = (path, type, attributes, omitted)
  }
}

package struct ProjectAnswer: Sendable, Equatable, Codable {
  package var name: ProjectName
  package var folders: Int
  package var products: Int
  package var pipelineRevision: Int?
  package init(name: ProjectName, folders: Int, products: Int, pipelineRevision: Int?) {
    (self.name, self.folders, self.products, self.pipelineRevision) = (name, folders, products, pipelineRevision)
  }
}

/// A folder and what is set in it.
package struct ChangedFolder: Sendable, Equatable, Codable {
  package var folder: FolderPath
  package var type: String?
  package var set: [String: String]
  package init(folder: FolderPath, type: String?, set: [String: String]) {
    (self.folder, self.type, self.set) = (folder, type, set)
  }
}

/// What a folder has, other than a pipeline file says.
package struct KeptAttribute: Sendable, Equatable, Codable {
  package var folder: FolderPath
  /// `type` is the folder's type.
  package var attribute: String
  /// Nil where it was taken away.
  package var value: String?
  package var file: String
  package init(folder: FolderPath, attribute: String, value: String?, file: String) {
    (self.folder, self.attribute, self.value, self.file) = (folder, attribute, value, file)
  }
}

/// What applying a pipeline changes, or changed.
package struct PipelineAnswer: Sendable, Equatable, Codable {
  package var project: ProjectName
  package var revision: Int
  package var applied: Bool
  package var steps: [String]
  package var added: [String]
  package var changed: [String]
  package var removed: [String]
  package var newFolders: [FolderPath]
  /// Folders that were there and become otherwise, with what is set in them.
  package var changedFolders: [ChangedFolder]
  /// What people or cuts have set since the file was applied before, and the file says as it did then.
  package var keptAttributes: [KeptAttribute]
  package var position: Position?
  /// What the edit makes stale: only in a dry run.
  package var plan: Plan?
  /// Products that are accepted as made by the new steps (`--grandfather`); nil where that was not asked for.
  package var grandfathered: [ProductRef]?
  package init(
    project: ProjectName, revision: Int, applied: Bool, steps: [String], added: [String], changed: [String],
    removed: [String], newFolders: [FolderPath], changedFolders: [ChangedFolder], keptAttributes: [KeptAttribute],
    position: Position?, plan: Plan?
  ) {
    (self.changedFolders, self.keptAttributes) = (changedFolders, keptAttributes)
    (self.project, self.revision, self.applied, self.steps) = (project, revision, applied, steps)
    (self.added, self.changed, self.removed, self.newFolders) = (added, changed, removed, newFolders)
    (self.position, self.plan) = (position, plan)
  }
}
