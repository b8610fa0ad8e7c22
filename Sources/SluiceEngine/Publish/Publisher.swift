import SluiceGraph
package import SluiceModel

/// Publishes versions: checks, verifies the bytes, lays them into place, and records the fact.
package struct Publisher: Sendable {
  private let writer: Writer
  private let log: any EventLog
  private let store: any VersionStore
  private let manifests: any ManifestSource
  private let outside: any OutsideFiles

  package init(
    writer: Writer, log: any EventLog, store: any VersionStore, manifests: any ManifestSource,
    outside: any OutsideFiles = NoOutsideFiles()
  ) {
    self.outside = outside
    (self.writer, self.log, self.store, self.manifests) = (writer, log, store, manifests)
  }

  /// One version of one product, ready to be placed.
  private struct Prepared {
    var placed: [PlacedFile]
    var manifest: Manifest
    var new: PublishDecisions.NewVersion
    var address: VersionAddress { VersionAddress(product: new.product, version: new.fact.version) }
  }

  /// All products of the request, or none.
  package func publish(_ request: PublishRequest, origin: Origin) async throws(SluiceError) -> BatchPublishAnswer {
    var origin = origin
    origin.command = request.command ?? origin.command
    if let command = origin.command, let last = try await writer.record(of: command) {
      return try await answer(recordEndingAt: last)
    }
    guard !request.products.isEmpty else {
      throw SluiceError(
        .publishNothing, what: "the publish names no product", at: "products", fix: "name at least one product")
    }
    let registry = writer.current
    var prepared: [Prepared] = []
    for product in request.products {
      prepared.append(try await prepare(product, upload: request.upload, in: registry))
    }
    let addresses = prepared.map(\.address)
    do {
      for version in prepared where version.new.fact.inPlace == nil {
        try await store.place(version.placed, at: version.address)
      }
      let versions = prepared.map(\.new)
      let position = try await writer.submit(origin, blobs: prepared.map { Blob($0.manifest) }) {
        registry throws(SluiceError) in try PublishDecisions.publish(versions, in: registry)
      }
      let answer = try await answer(recordEndingAt: position.sequence)
      // A repeat that came while its first was under way has nothing of its own.
      let isFirst = answer.published.map(\.version) == addresses.map(\.version)
      await store.settle(addresses, keep: isFirst)
      if let upload = request.upload { await store.discard(upload) }
      return answer
    } catch {
      await settle(addresses)
      throw error
    }
  }

  /// Keeps what was recorded and takes the rest away again.
  private func settle(_ addresses: [VersionAddress]) async {
    let recorded = writer.current
    for address in addresses {
      let isThere = recorded.projects[address.product.project]?.versions[address] != nil
      await store.settle([address], keep: isThere)
    }
  }

  /// The same words for the first answer and for every repeat of its command.
  private func answer(recordEndingAt last: Int64) async throws(SluiceError) -> BatchPublishAnswer {
    guard let stored = try await log.read(after: last - 1, limit: 1).first else {
      throw SluiceError(
        .logDamaged, what: "a record that was acknowledged cannot be found", at: "record \(last)",
        fix: "restore the log from a backup")
    }
    let position = writer.position(stored.last)
    let published = stored.record.events.compactMap { event -> PublishAnswer? in
      guard case .versionPublished(let fact) = event.fact, let ref = event.product else { return nil }
      return PublishAnswer(ref: ref, published: fact, position: position)
    }
    return BatchPublishAnswer(published: published, position: position)
  }
}

// MARK: Preparing

extension Publisher {
  private func prepare(
    _ request: ProductPublish, upload: UploadID?, in registry: Registry
  ) async throws(SluiceError) -> Prepared {
    let reference = try Reference(request.ref)
    let ref = reference.product
    let project = try registry.project(ref.project)
    let override = try PublishedInputs.override(request, ref)
    try PublishDecisions.requireOpen(ref, project, isOverriding: override != nil)
    try checkWords(request, ref)
    if let paths = request.inPlace {
      return try await prepare(inPlace: paths, request, ref, registry, override: override)
    }
    guard !request.representations.isEmpty else {
      throw SluiceError(
        .publishNothing, what: "the publish of '\(ref)' has no files", at: "product '\(ref)'",
        fix: "name at least one file")
    }
    let base = try base(request, reference, registry)
    let baseManifest = try base.map { (version) throws(SluiceError) in
      try manifests.manifest(version.published.manifest)
    }
    var manifest = Manifest(representations: [])
    var sources: [String: [String: PlacedFile.Origin]] = [:]
    for representation in request.representations {
      let files = try await self.files(representation, request, ref, upload, baseManifest)
      guard sources.updateValue(files.origins, forKey: files.representation.name) == nil else {
        throw SluiceError(
          .publishManifest, what: "two representations are called '\(files.representation.name)'",
          at: "product '\(ref)'", fix: "give each a name of its own")
      }
      manifest.representations.append(files.representation)
    }
    // A patch of one representation carries the others whole.
    for other in baseManifest?.representations ?? [] where sources[other.name] == nil {
      manifest.representations.append(other)
    }
    let address = VersionAddress(product: ref, version: await writer.reserveVersion(of: ref))
    let placed = manifest.representations.flatMap { representation in
      representation.files.map { file in
        let origin = sources[representation.name]?[file.path]
        return PlacedFile(
          representation: representation.name, path: file.path,
          origin: origin ?? .version(base?.address ?? address, representation: representation.name, path: file.path))
      }
    }
    let fact = VersionPublished(
      version: address.version, number: nil, manifest: Blob(manifest).digest,
      representations: manifest.representations.map(\.summary),
      madeFrom: try PublishedInputs(of: ref, in: registry, now: writer.now).used(request.from ?? []),
      note: request.note, label: request.label, base: base?.address.version,
      changed: try changed(manifest, project.newest(of: ref)))
    return Prepared(
      placed: placed, manifest: manifest,
      new: PublishDecisions.NewVersion(product: ref, fact: fact, tag: request.tag, override: override))
  }

  /// Nothing is placed: the files stay where they are.
  private func prepare(
    inPlace paths: [String], _ request: ProductPublish, _ ref: ProductRef, _ registry: Registry,
    override: PublishDecisions.Override?
  ) async throws(SluiceError) -> Prepared {
    let base = try base(request, Reference(request.ref), registry)
    let baseManifest = try base.map { (version) throws(SluiceError) in
      try manifests.manifest(version.published.manifest)
    }
    let (manifest, isHashed) = try await InPlacePublishing(outside: outside)
      .manifest(of: request, paths, ref, over: baseManifest)
    var fact = VersionPublished(
      version: await writer.reserveVersion(of: ref), number: nil, manifest: Blob(manifest).digest,
      representations: manifest.representations.map(\.summary),
      madeFrom: try PublishedInputs(of: ref, in: registry, now: writer.now).used(request.from ?? []),
      note: request.note, label: request.label, base: base?.address.version,
      changed: isHashed ? try changed(manifest, registry.project(ref.project).newest(of: ref)) : nil)
    fact.inPlace = isHashed ? .hashed : .unhashed
    return Prepared(
      placed: [], manifest: manifest,
      new: PublishDecisions.NewVersion(product: ref, fact: fact, tag: request.tag, override: override))
  }

  private func checkWords(_ request: ProductPublish, _ ref: ProductRef) throws(SluiceError) {
    if let note = request.note, note.utf8.count > Limits.noteBytes {
      throw SluiceError(
        .publishManifest, what: "the note has \(note.utf8.count) bytes; at most \(Limits.noteBytes) are allowed",
        at: "product '\(ref)'", fix: "write less, and put the rest into a file of the version")
    }
    if let tag = request.tag { try Publisher.checkTag(tag) }
  }

  package static func checkTag(_ tag: String) throws(SluiceError) {
    try NameRule.require(tag, as: "tag", in: tag)
    guard tag != "latest", tag.first?.isLetter == true, !(tag.first == "v" && Int(tag.dropFirst()) != nil) else {
      throw SluiceError(
        .referenceInvalid,
        what: tag == "latest" ? "'latest' is computed and cannot be set" : "'\(tag)' cannot be a tag",
        at: "tag '\(tag)'", fix: "use a word that starts with a letter, such as approved")
    }
  }

  private func base(
    _ request: ProductPublish, _ reference: Reference, _ registry: Registry
  ) throws(SluiceError) -> Version? {
    guard request.patch == true else {
      if reference.selector != .latest || request.base != nil {
        throw SluiceError(
          .publishPatch, what: "a version can only be named with --patch", at: "reference '\(request.ref)'",
          fix: "publish to '\(reference.product)', or add --patch to lay frames over that version")
      }
      return nil
    }
    var selector = reference.selector
    if let base = request.base { selector = try VersionSelector(base, in: base) }
    guard try registry.project(reference.product.project).products[reference.product] != nil else {
      throw SluiceError(
        .publishPatch, what: "there is no version of '\(reference.product)' to patch",
        at: "product '\(reference.product)'",
        fix: "publish the whole sequence first")
    }
    let base = try registry.version(Reference(product: reference.product, selector: selector))
    if base.isPurged { throw base.purgedError }
    if let error = base.damageError { throw error }
    guard base.isInPlace == (request.inPlace != nil) else {
      let (lies, fix) =
        base.isInPlace
        ? ("was recorded in place, and the frames of the store are not", "record the frames with --in-place, too")
        : ("lies in the store, and frames in place do not", "publish the frames without --in-place")
      throw SluiceError(
        .publishPatch, what: "'\(reference.product)' \(base.spoken) \(lies)",
        at: "product '\(reference.product)'", fix: "\(fix), or publish the whole sequence")
    }
    return base
  }

  private func files(
    _ request: RepresentationPublish, _ product: ProductPublish, _ ref: ProductRef, _ upload: UploadID?,
    _ base: Manifest?
  ) async throws(SluiceError) -> (representation: Representation, origins: [String: PlacedFile.Origin]) {
    let paths = request.files.map(\.path)
    for path in paths { try PathRule.require(path) }
    guard !paths.isEmpty, paths.count <= Limits.filesPerVersion, Set(paths).count == paths.count else {
      throw SluiceError(
        paths.isEmpty ? .publishNothing : .publishManifest,
        what: paths.isEmpty
          ? "a representation of '\(ref)' has no files"
          : paths.count > Limits.filesPerVersion
            ? "\(paths.count) files are too many for one version"
            : "one path stands twice in a representation of '\(ref)'",
        at: "product '\(ref)'", fix: "name each file once, at most \(Limits.filesPerVersion) of them")
    }
    let arrangement = try Arrangement(
      paths, name: request.name, isTree: request.tree == true, over: base, of: ref)
    var stored: [StoredFile] = []
    var origins: [String: PlacedFile.Origin] = [:]
    for file in request.files {
      let place = arrangement.place(of: file.path)
      let (origin, size, digest) = try await bytes(of: file, upload)
      origins[place.path] = origin
      stored.append(StoredFile(path: place.path, frame: place.frame, size: size, sha256: digest))
    }
    let representation = arrangement.representation(stored + arrangement.carried(besides: stored))
    if product.allowMissing != true, base == nil { try Shape.requireWhole(representation, at: "product '\(ref)'") }
    return (representation, origins)
  }

  private func bytes(
    of file: FilePublish, _ upload: UploadID?
  ) async throws(SluiceError) -> (PlacedFile.Origin, Int64, Digest) {
    let origin: PlacedFile.Origin
    let (size, digest): (Int64, Digest)
    if let content = file.content {
      guard content.count <= Limits.inlineFileBytes else {
        throw SluiceError(
          .bodyTooLarge, what: "'\(file.path)' brings \(content.count) bytes inside the manifest",
          at: "file '\(file.path)'", fix: "upload files of more than \(Limits.inlineFileBytes) bytes")
      }
      origin = .bytes(Array(content))
      (size, digest) = (Int64(content.count), Digest.of(content))
    } else if let upload {
      let name = file.upload ?? file.path
      origin = .upload(upload, name)
      (size, digest) = try await store.measure(name, of: upload)
    } else {
      throw SluiceError(
        .publishFileMissing, what: "'\(file.path)' has no bytes: neither an upload nor content",
        at: "file '\(file.path)'",
        fix: "upload the file first, or bring small ones in 'content'")
    }
    guard file.sha256 == nil || file.sha256 == digest, file.size == nil || file.size == size else {
      throw SluiceError(
        .publishDigest, what: "'\(file.path)' arrived with other bytes than were announced",
        at: "file '\(file.path)': announced \(file.sha256?.hex ?? "?"), arrived \(digest)",
        fix: "publish again; if it happens again, look at the network or the disk")
    }
    return (origin, size, digest)
  }

  private func changed(_ manifest: Manifest, _ before: Version?) throws(SluiceError) -> FrameSet? {
    guard let before, let new = manifest.representations.first,
      let old = try manifests.manifest(before.published.manifest).representation(named: new.name)
    else { return nil }
    return Shape.changedFrames(new, since: old)
  }
}
