package import FoundationEssentials
package import SluiceModel

/// Which versions' files may go, and why others stay. Pure.
package struct PurgeChoice: Sendable {
  package private(set) var versions: [Version] = []
  package private(set) var kept: [(version: Version, hindrance: PurgeHindrance)] = []

  /// - Parameters:
  ///   - before: only versions that were published, or brought back, before this; nil for all.
  ///   - keep: so many of the newest versions of each product are not looked at.
  ///   - inUse: products that runs which are queued or under way take or make, with the words why.
  /// - Throws: `store.damaged`, `log.failed` where a manifest cannot be read.
  package init(
    of products: Set<ProductRef>, _ remaking: inout Remaking, before: Date?, keep: Int, inUse: [ProductRef: String]
  ) throws(SluiceError) {
    let project = remaking.assessor.project
    for ref in products.sorted() {
      guard let product = project.products[ref] else { continue }
      for id in product.versions.dropLast(max(0, keep)) {
        guard let version = project.versions[VersionAddress(product: ref, version: id)], !version.isPurged,
          before.map({ version.storedSince < $0 }) ?? true
        else { continue }
        var hindrance = PurgeChoice.protection(of: version, in: project, inUse: inUse)
        if hindrance == nil { hindrance = try remaking.hindrance(to: version) }
        if let hindrance { kept.append((version, hindrance)) } else { versions.append(version) }
      }
    }
  }

  /// What stands before a version, whether or not it could be made again.
  package static func protection(
    of version: Version, in project: Project, inUse: [ProductRef: String]
  ) -> PurgeHindrance? {
    let ref = version.address.product
    if version.isInPlace {
      return PurgeHindrance(.inPlace, "its files are not Sluice's: they lie where they were recorded")
    }
    let product = project.products[ref]
    if let judgement = version.judgement, judgement.verdict == .approved {
      return PurgeHindrance(.approved, "it was approved (\(Reasons.by(judgement)))")
    }
    if let hold = product?.hold { return PurgeHindrance(.held, Reasons.held(ref, hold)) }
    let tags = (product?.tags ?? [:]).filter { $0.value == version.address.version }.keys.sorted()
    if !tags.isEmpty {
      return PurgeHindrance(.tagged, "it is tagged \(tags.map { "'\($0)'" }.joined(separator: ", "))")
    }
    return inUse[ref].map { PurgeHindrance(.inUse, $0) }
  }
}

extension Version {
  /// Since when its files are there.
  package var storedSince: Date { purge.map { max($0.time, time) } ?? time }
}

extension PurgeChoice {
  /// What the disk gets back when versions go, of each: a file goes with the last of its names, if all are among them.
  /// - Parameter links: the files of each version.
  package static func frees(_ links: [[StoredLink]]) -> [Int64] {
    var left: [StoredLink.Inode: Int] = [:]
    for link in links.joined() { left[link.inode, default: link.names] -= 1 }
    // What is left over has a name elsewhere; of the rest the last version that has the file counts it.
    var freed = [Int64](repeating: 0, count: links.count)
    var counted = Set(left.filter { $0.value > 0 }.keys)
    for (index, files) in links.enumerated().reversed() {
      for link in files where counted.insert(link.inode).inserted { freed[index] += link.bytes }
    }
    return freed
  }
}
