import SluiceGraph
package import SluiceModel

extension Queries {
  /// The files that references stand for: one answer each, in order, all from one snapshot of the registry.
  ///
  /// A reference that stands for nothing is an answer of its own and never fails the others. Nothing on the disk is
  /// looked at: versions are immutable, and what was removed by hand is found by who reads it.
  /// - Parameter representation: which one is meant where a version has several; nil where each has one.
  /// - Complexity: O(references), and a manifest read for each version that is not in the cache; the first
  ///   few unknown names cost O(products) each.
  /// - Throws: `body.tooLarge` for more than `Limits.refsPerResolve`.
  package func resolve(_ refs: [String], representation: String?) throws(SluiceError) -> ResolveAnswer {
    guard refs.count <= Limits.refsPerResolve else {
      throw SluiceError(
        .bodyTooLarge, what: "\(refs.count) references at once are too many", at: "refs",
        fix: "ask for at most \(Limits.refsPerResolve), and for the rest in another request")
    }
    let registry = writer.current
    var known: [String: Resolved] = [:]
    var suggestions = Limits.suggestionsPerResolve
    let results = refs.map { text in
      if let known = known[text] { return known }
      let outcome: Resolved.Outcome
      do throws(SluiceError) {
        let reference = try Reference(text)
        try requireProduct(reference.product, in: registry, suggestions: &suggestions)
        outcome = .found(try files(of: reference, representation, in: registry))
      } catch {
        outcome = .failed(Failure(error))
      }
      known[text] = Resolved(ref: text, outcome: outcome)
      return Resolved(ref: text, outcome: outcome)
    }
    return ResolveAnswer(results: results, position: writer.position(registry.sequence))
  }

  /// Refuses an unknown product; the first few with the name that was meant, which has to be searched for.
  private func requireProduct(
    _ ref: ProductRef, in registry: Registry, suggestions: inout Int
  ) throws(SluiceError) {
    guard registry.projects[ref.project]?.products[ref] == nil else { return }
    if suggestions > 0 {
      suggestions -= 1
      _ = try registry.product(ref)
    }
    let isProject = registry.projects[ref.project] == nil
    throw SluiceError(
      isProject ? .projectUnknown : .productUnknown,
      what: isProject ? "there is no project '\(ref.project)'" : "nobody has published '\(ref)'",
      at: isProject ? "project '\(ref.project)'" : "product '\(ref)'",
      fix: isProject ? "look at the name" : "`sluice status \(ref.project)` lists what there is")
  }

  /// Programs take what steps take: a freeze stands in for the latest version.
  private func taken(_ reference: Reference, in registry: Registry) throws(SluiceError) -> Version {
    let project = registry.projects[reference.product.project]
    let frozen = project?.freeze(of: reference.product, now: writer.now)
      .flatMap { project?.version(of: reference.product, .id($0.at)) }
    if reference.selector == .latest, let frozen { return frozen }
    return try registry.version(reference)
  }

  private func files(
    of reference: Reference, _ name: String?, in registry: Registry
  ) throws(SluiceError) -> Resolved.Files {
    let version = try taken(reference, in: registry)
    if version.isPurged { throw version.purgedError }
    if let error = version.damageError { throw error }
    let manifest = try manifests.manifest(version.published.manifest)
    if let path = reference.file { return try file(path, of: version, name, manifest) }
    guard let found = manifest.representation(named: name) else {
      let names = manifest.representations.map { "'\($0.name)'" }.joined(separator: ", ")
      throw SluiceError(
        .fileUnknown,
        what: name.map { "'\(version.address.product)' \(version.spoken) has no '\(NameRule.printable($0))'" }
          ?? "'\(version.address.product)' \(version.spoken) has several representations",
        at: place(of: version), fix: "it has \(names): name one of them as the representation")
    }
    if found.isScattered {
      throw SluiceError(
        .placeScattered,
        what:
          "the frames of '\(version.address.product)' \(version.spoken) lie in several folders or under several names",
        at: place(of: version), fix: "resolve each file by its name, or fetch the version")
    }
    let directory =
      found.placedDirectory ?? "\(store.directoryPath(of: version.address))/\(found.name)"
    let shared = found.sharedName
    // A file in place may have another name there.
    let placed = found.kind == .file ? found.files.first?.place?.path : nil
    return Resolved.Files(
      entity: entity(version, file: found.kind == .file ? shared : nil), product: version.address.product,
      version: version.address.version, number: version.published.number, representation: found.name,
      kind: found.kind, directory: directory, path: placed ?? shared.map { "\(directory)/\($0)" } ?? directory,
      frames: found.frames, files: found.files.count, bytes: found.files.reduce(0) { $0 + $1.size })
  }

  /// One file, of whichever representation has it.
  private func file(
    _ path: String, of version: Version, _ name: String?, _ manifest: Manifest
  ) throws(SluiceError) -> Resolved.Files {
    for representation in manifest.representations where name == nil || representation.name == name {
      guard let file = representation.files.first(where: { $0.path == path }) else { continue }
      let address = version.address
      return Resolved.Files(
        entity: entity(version, file: path), product: address.product, version: address.version,
        number: version.published.number, representation: representation.name, kind: .file,
        directory: representation.placedDirectory ?? "\(store.directoryPath(of: address))/\(representation.name)",
        path: file.place?.path ?? store.path(of: path, representation: representation.name, at: address),
        frames: file.frame.map { FrameSet($0...$0) }, files: 1, bytes: file.size)
    }
    throw SluiceError(
      .fileUnknown,
      what: "'\(version.address.product)' \(version.spoken) has no file '\(NameRule.printable(path))'",
      at: place(of: version), fix: "`sluice show \(version.address.product)` lists its files")
  }

  private func place(of version: Version) -> String {
    "reference '\(version.address.product)@\(version.address.version)'"
  }

  private func entity(_ version: Version, file: String?) -> String {
    "sluice:///\(version.address.product)/\(version.address.version)" + (file.map { "/\($0)" } ?? "")
  }
}

extension Representation {
  /// What one name says of all files: the file's own, a sequence's with `#` for its frames; nil for a tree.
  package var sharedName: String? {
    guard kind != .tree, let first = files.first else { return nil }
    guard kind == .sequence else { return first.path }
    let name = FileName(first.path)
    // Numbers without padding grow: `#` stands for at least one digit, and programs write more where they need them.
    let width = files.reduce(name.digits.count) { min($0, FileName($1.path).digits.count) }
    let suffix = name.fileExtension.isEmpty ? "" : ".\(name.fileExtension)"
    return name.directory + name.base + String(repeating: "#", count: width) + name.tail + suffix
  }
}
