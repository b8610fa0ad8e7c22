/// What `POST /resolve` says: one answer for each reference, in order, all from one snapshot.
package struct ResolveAnswer: Sendable, Equatable, Encodable {
  package var results: [Resolved]
  package var position: Position
  package init(results: [Resolved], position: Position) { (self.results, self.position) = (results, position) }
}

/// A reference as it was asked, with the files that it stands for, or why it stands for none.
package struct Resolved: Sendable, Equatable, Encodable {
  package enum Outcome: Sendable, Equatable {
    case found(Files)
    case failed(Failure)
  }
  package var ref: String
  package var outcome: Outcome

  package init(ref: String, outcome: Outcome) { (self.ref, self.outcome) = (ref, outcome) }

  private enum Key: String, CodingKey { case ref, error }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    try container.encode(ref, forKey: .ref)
    switch outcome {
    case .found(let files): try files.encode(to: encoder)
    case .failed(let failure): try container.encode(failure, forKey: .error)
    }
  }

  /// One representation of a version, or one file of it.
  package struct Files: Sendable, Equatable, Encodable {
    /// The entity reference with the version's id. It names the file where one file is meant; `#` cannot stand in a
    /// URI's path, so a sequence is its version.
    package var entity: String
    package var product: ProductRef
    package var version: VersionID
    @OrNull package var number: Int?
    package var representation: String
    package var kind: RepresentationKind
    /// The folder that the representation's files lie in.
    package var directory: String
    /// The file, the sequence as `name.####.ext`, or the directory of a tree.
    package var path: String
    @OrNull package var frames: FrameSet?
    package var files: Int
    package var bytes: Int64

    package init(
      entity: String, product: ProductRef, version: VersionID, number: Int?, representation: String,
      kind: RepresentationKind, directory: String, path: String, frames: FrameSet?, files: Int, bytes: Int64
    ) {
      (self.entity, self.product, self.version) = (entity, product, version)
      _number = OrNull(wrappedValue: number)
      _frames = OrNull(wrappedValue: frames)
      (self.representation, self.kind, self.directory, self.path) = (representation, kind, directory, path)
      (self.files, self.bytes) = (files, bytes)
    }
  }
}
