package import SluiceModel
import Synchronization

/// Manifests out of the log's blobs, the recent ones kept decoded.
package final class BlobManifests: ManifestSource {
  private struct Cache {
    var values: [Digest: Manifest] = [:]
    var order: [Digest] = []
  }
  private let log: any EventLog
  private let cache = Mutex(Cache())

  package init(log: any EventLog) { self.log = log }

  package func manifest(_ digest: Digest) throws(SluiceError) -> Manifest {
    if let known = cache.withLock({ $0.values[digest] }) { return known }
    guard let bytes = try log.blob(digest), let manifest = try? StableJSON.decode(Manifest.self, from: bytes) else {
      throw SluiceError(
        .storeDamaged, what: "the list of a version's files cannot be read", at: "manifest \(digest)",
        fix: "restore the log from a backup; the files themselves are still in the store")
    }
    cache.withLock { cache in
      if cache.values.updateValue(manifest, forKey: digest) == nil { cache.order.append(digest) }
      if cache.order.count > Limits.cachedManifests { cache.values[cache.order.removeFirst()] = nil }
    }
    return manifest
  }
}
