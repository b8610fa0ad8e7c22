import SluiceGraph
import SluiceModel

/// Gives purged versions their files back.
extension Harvest {
  /// What came out with the same content is the version that it was; the latest version that came out otherwise is
  /// followed by a new one.
  /// - Throws: `task.outputDiffers` for an older version with other content: what is new would be out of date at once.
  func restore(origin: Origin) async throws(SluiceError) {
    var products: [Product] = []
    var restored: [(ref: ProductRef, fact: VersionRestored)] = []
    var published: [(ref: ProductRef, fact: VersionPublished)] = []
    for version in run.order.restores where parts.writer.current.isPurged(version.address) {
      guard let index = run.order.unit.outputs.firstIndex(of: version.address.product) else { continue }
      let product = try await product(index)
      if product.manifest.hasContent(of: version) {
        products.append(
          Product(address: version.address, placed: product.placed, manifest: product.manifest, changed: nil))
        restored.append((version.address.product, fact(product.manifest, version)))
      } else {
        try requireLatest(version)
        products.append(product)
        published.append((product.address.product, fact(product, insteadOf: version)))
      }
    }
    let (addresses, back, new, all) = (products.map(\.address), restored, published, products)
    // What an earlier purge could not take away yet lies in the way.
    try await parts.store.purge(back.map { VersionAddress(product: $0.ref, version: $0.fact.version) })
    do {
      for product in products { try await parts.store.place(product.placed, at: product.address) }
      try await parts.writer.submitWhenPossible(origin, blobs: products.map { Blob($0.manifest) }) {
        registry throws(SluiceError) in
        try RunDecisions.end(
          end(all, in: registry), publishing: new, restoring: back, plan.project, run.order.unit.id.folder,
          in: registry)
      }
      let versions = parts.writer.current.projects[plan.project]?.versions
      for address in addresses {
        await parts.store.settle([address], keep: versions?[address].map { !$0.isPurged } ?? false)
      }
    } catch {
      await parts.store.settle(addresses, keep: false)
      throw error
    }
  }

  private func fact(_ manifest: Manifest, _ version: Version) -> VersionRestored {
    let summaries = manifest.representations.map(\.summary)
    let isSame = Blob(manifest).digest == version.published.manifest
    return VersionRestored(
      version: version.address.version, run: id, plan: plan.id, bytes: summaries.reduce(0) { $0 + $1.bytes },
      manifest: isSame ? nil : Blob(manifest).digest, representations: isSame ? nil : summaries)
  }

  private func fact(_ product: Product, insteadOf version: Version) -> VersionPublished {
    VersionPublished(
      version: product.address.version, number: nil, manifest: Blob(product.manifest).digest,
      representations: product.manifest.representations.map(\.summary), madeFrom: run.order.used,
      note: "\(version.spoken), whose files were purged, came out with other content when it was made again",
      made: made)
  }

  private func requireLatest(_ version: Version) throws(SluiceError) {
    let ref = version.address.product
    guard parts.writer.current.projects[ref.project]?.products[ref]?.latest != version.address.version else { return }
    throw SluiceError(
      .taskOutputDiffers,
      what: "'\(ref)' \(version.spoken) came out with other content when it was made again, so it stays purged",
      at: "run \(id)",
      fix: "use a newer version; the step '\(plan.runs.first { $0.id == id }?.step ?? "")' does not "
        + "give the same result for the same inputs")
  }
}

extension Manifest {
  /// Whether it has the files of a version, by their names and what counts of them.
  fileprivate func hasContent(of version: Version) -> Bool {
    representations.map(\.summary).map { [$0.name, $0.kind.rawValue, "\($0.files)", "\($0.content)"] }
      == version.published.representations.map { [$0.name, $0.kind.rawValue, "\($0.files)", "\($0.content)"] }
  }
}
