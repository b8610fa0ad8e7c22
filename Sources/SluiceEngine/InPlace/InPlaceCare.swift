package import Logging
import ServiceLifecycle
package import SluiceGraph
package import SluiceModel

/// Reads the bytes of what was recorded in place and not hashed yet, and looks now and then whether the files are still
/// what they were. Each site looks after what was recorded there.
package actor InPlaceCare: Service {
  private let writer: Writer
  private let outside: any OutsideFiles
  private let manifests: any ManifestSource
  private let ambient: Ambient
  private let logger: Logger
  private let wakeups: AsyncStream<Void>
  private nonisolated let wake: AsyncStream<Void>.Continuation
  /// What was read for agents, by what stands for it: tasks share inputs.
  private var read: [Digest: Digest] = [:]

  package init(
    writer: Writer, outside: any OutsideFiles, manifests: any ManifestSource, ambient: Ambient, logger: Logger
  ) {
    (self.writer, self.outside, self.manifests) = (writer, outside, manifests)
    (self.ambient, self.logger) = (ambient, logger)
    (wakeups, wake) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    wake.yield()
  }

  /// Something new may be waiting to be hashed.
  package nonisolated func pulse() { wake.yield() }

  package func run() async throws {
    await cancelWhenGracefulShutdown {
      await withTaskGroup(of: Void.self) { group in
        group.addTask { for await _ in self.wakeups { await self.hashAll() } }
        group.addTask { await self.lookNowAndThen() }
      }
    }
  }

  private func lookNowAndThen() async {
    while !Task.isCancelled {
      do { try await ambient.sleep(Limits.inPlaceLook) } catch { return }
      await lookAtAll()
      pulse()
    }
  }

  private var versions: [Version] {
    writer.current.versionsInPlace(at: writer.site).filter { $0.damage == nil }
  }

  /// Looks at the files of every version in place once.
  package func lookAtAll() async {
    for version in versions where !Task.isCancelled {
      do throws(SluiceError) { _ = try await check(version) } catch { warn(version, error) }
    }
  }

  /// Hashes whatever waits for it, the oldest first; one that fails is tried again at the next look.
  package func hashAll() async {
    for version in versions where !version.isHashed && !Task.isCancelled {
      do throws(SluiceError) {
        try await hash(version)
      } catch {
        if Task.isCancelled { return }
        // Where the file was changed, that says it all.
        let found = try? await check(version)
        if found.flatMap({ $0 }) == nil { warn(version, error) }
      }
    }
  }

  private func warn(_ version: Version, _ error: SluiceError) {
    logger.warning(
      "\(version.address.product)@\(version.address.version) in place cannot be looked at: \(error.what)",
      metadata: ["code": "\(error.code.rawValue)"])
  }

  /// Reads a file that was recorded and not hashed yet.
  /// - Throws: `version.damaged`, `place.noRoots`, `place.outside`, `place.vanished`.
  func digest(of file: StoredFile) async throws(SluiceError) -> Digest {
    if let known = read[file.sha256] { return known }
    let digest = try await outside.digest(file)
    if read.count >= Limits.inPlaceRead { read = [:] }
    read[file.sha256] = digest
    return digest
  }

  private func hash(_ version: Version) async throws(SluiceError) {
    var manifest = try manifests.manifest(version.published.manifest)
    for index in manifest.representations.indices {
      for file in manifest.representations[index].files.indices {
        let stored = manifest.representations[index].files[file]
        if stored.isHashed { continue }
        manifest.representations[index].files[file].sha256 = try await outside.digest(stored)
      }
    }
    let address = version.address
    let fact = VersionHashed(
      version: address.version, manifest: Blob(manifest).digest,
      representations: manifest.representations.map(\.summary))
    try await writer.submitWhenPossible(.system, blobs: [Blob(manifest)]) { registry throws(SluiceError) in
      guard let known = registry.projects[address.product.project]?.versions[address], !known.isHashed else {
        return []
      }
      return [Draft(project: address.product.project, product: address.product, fact: .versionHashed(fact))]
    }
  }

  /// Looks at the files of a version in place, and records what it finds.
  /// - Returns: what is wrong with it; nil where nothing is, or where it is not in place.
  /// - Throws: `place.noRoots`, `place.outside`, `place.vanished` where nobody can say.
  @discardableResult
  package func check(_ version: Version) async throws(SluiceError) -> SluiceError? {
    guard version.isInPlace else { return nil }
    if let known = version.damageError { return known }
    let files = try manifests.manifest(version.published.manifest).representations.flatMap(\.files)
    let differences = try await outside.differences(files)
    guard let first = differences.first else { return nil }
    let address = version.address
    let fact = VersionDamaged(version: address.version, files: differences.count, first: first)
    try await writer.submitWhenPossible(.system) { registry throws(SluiceError) in
      guard let known = registry.projects[address.product.project]?.versions[address], known.damage == nil else {
        return []
      }
      return [Draft(project: address.product.project, product: address.product, fact: .versionDamaged(fact))]
    }
    return writer.current.projects[address.product.project]?.versions[address]?.damageError
  }

  /// The same for what references stand for, as far as anybody can say.
  package func check(_ references: [String]) async {
    let registry = writer.current
    for text in references {
      guard let reference = try? Reference(text), let version = try? registry.version(reference) else { continue }
      _ = try? await check(version)
    }
  }

  /// What stands for the bytes of a file in place that nobody has read yet, so that it can be found by its place.
  package nonisolated func standIn(at path: String) async -> Digest? {
    guard !outside.roots.isEmpty, let found = try? await outside.find([path]), !found.isTree else { return nil }
    return found.files.first.map { $0.place.standIn(size: $0.size) }
  }
}
