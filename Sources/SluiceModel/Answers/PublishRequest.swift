package import FoundationEssentials

/// What `POST /publish` and `publish --manifest` take: one or many products, published as one fact.
package struct PublishRequest: Sendable, Codable {
  package var command: CommandID?
  package var upload: UploadID?
  package var products: [ProductPublish]
  package init(command: CommandID? = nil, upload: UploadID? = nil, products: [ProductPublish]) {
    (self.command, self.upload, self.products) = (command, upload, products)
  }
}

package struct ProductPublish: Sendable, Codable {
  package var ref: String
  package var representations: [RepresentationPublish]
  /// Only some frames; the rest is carried from `base`.
  package var patch: Bool?
  package var base: String?
  package var allowMissing: Bool?
  package var note: String?
  package var label: String?
  package var tag: String?
  /// References; `inputs` stands for all that its step declares, as they are now.
  package var from: [String]?
  /// Lays it over what a step makes, and holds it against that step until it is released.
  package var override: Bool?
  /// Why, with `override`.
  package var because: String?
  /// Absolute paths as the server sees them: recorded where they lie, and nothing is copied.
  package var inPlace: [String]?
  /// When the bytes of files in place are read; by their size where it is not said.
  package var hash: HashTime?
  package init(
    ref: String, representations: [RepresentationPublish], patch: Bool? = nil, base: String? = nil,
    allowMissing: Bool? = nil, note: String? = nil, label: String? = nil, tag: String? = nil, from: [String]? = nil,
    override: Bool? = nil, because: String? = nil
  ) {
    (self.override, self.because) = (override, because)
    (self.ref, self.representations, self.patch, self.base) = (ref, representations, patch, base)
    (self.allowMissing, self.note, self.label, self.tag, self.from) = (allowMissing, note, label, tag, from)
  }
}

/// When the bytes of files in place are read: before the answer, or in the background.
package enum HashTime: String, Sendable, Codable, CaseIterable { case now, later }

package struct RepresentationPublish: Sendable, Codable {
  package var name: String?
  package var files: [FilePublish]
  /// A directory, whatever its files are called.
  package var tree: Bool?
  package init(name: String? = nil, files: [FilePublish], tree: Bool? = nil) {
    (self.name, self.files, self.tree) = (name, files, tree)
  }
}

/// A file of an upload, or a small one with its bytes in `content`.
package struct FilePublish: Sendable, Codable {
  package var path: String
  /// Where it lies in the upload; `path` when not said.
  package var upload: String?
  package var size: Int64?
  package var sha256: Digest?
  package var content: Data?
  package init(path: String, upload: String? = nil, size: Int64? = nil, sha256: Digest? = nil, content: Data? = nil) {
    (self.path, self.upload, self.size, self.sha256, self.content) = (path, upload, size, sha256, content)
  }
}
