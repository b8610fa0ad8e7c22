package import FoundationEssentials
package import SluiceModel

/// What is known of a show, read from its facts in the order in which they were written: no register, no index.
package struct Chronicle: Sendable {
  package struct Place: Sendable {
    var path: FolderPath
    var type = "folder"
    var attributes: [String: String] = [:]
    var isOmitted = false

    /// The range with its handles.
    var frames: Set<Int>? {
      guard let range = FrameSet(attributes["range"] ?? "") else { return nil }
      let handles = Int(attributes["handles"] ?? "") ?? 0
      return Set(range.frames.flatMap { frame in (frame - handles)...(frame + handles) })
    }
  }
  package struct Version: Sendable {
    let address: VersionAddress
    let published: VersionPublished
    var verdict: Verdict?
    var vouches: [VersionVouched] = []
  }
  package private(set) var steps: [Step] = []
  package private(set) var places: [FolderPath: Place] = [:]
  /// In the order of their publication.
  package private(set) var versions: [ProductRef: [Version]] = [:]
  private var tags: [ProductRef: [String: VersionID]] = [:]
  private var freezes: [ProductRef: ProductFrozen] = [:]
  package private(set) var held: Set<ProductRef> = []
  package private(set) var casting: [FolderPath: Set<FolderPath>] = [:]

  package init() {}

  package mutating func take(_ event: Event) {
    let (folder, product) = (event.folder, event.product)
    switch event.fact {
    case .pipelineApplied(let fact): steps = fact.pipeline.steps
    case .folderChanged(let fact):
      guard let folder else { return }
      var place = places[folder] ?? Place(path: folder)
      place.type = fact.type ?? place.type
      place.attributes.merge(fact.set ?? [:]) { _, new in new }
      place.isOmitted = fact.omitted ?? place.isOmitted
      places[folder] = place
    case .castingChanged(let fact):
      guard let folder else { return }
      casting[folder] = casting[folder, default: []].union(fact.add ?? []).subtracting(fact.remove ?? [])
    default:
      if let product { take(event.fact, of: product) }
    }
  }

  private mutating func take(_ fact: Fact, of product: ProductRef) {
    func index(_ version: VersionID) -> Int? { versions[product]?.firstIndex { $0.address.version == version } }
    switch fact {
    case .versionPublished(let fact):
      let address = VersionAddress(product: product, version: fact.version)
      versions[product, default: []].append(Version(address: address, published: fact))
    case .tagMoved(let fact): tags[product, default: [:]][fact.tag] = fact.version
    case .versionJudged(let fact):
      if let index = index(fact.version) { versions[product]?[index].verdict = fact.verdict }
    case .versionVouched(let fact):
      if let index = index(fact.version) { versions[product]?[index].vouches.append(fact) }
    case .productFrozen(let fact): freezes[product] = fact
    case .productHeld(let fact): held = fact.held ? held.union([product]) : held.subtracting([product])
    default: return
    }
  }

  // MARK: Which version

  package func newest(_ product: ProductRef) -> Version? { versions[product]?.last }
  /// The newest that nobody rejected.
  package func latest(_ product: ProductRef) -> Version? { versions[product]?.last { $0.verdict != .rejected } }

  /// The version that a freeze in force stands for.
  package func frozen(_ product: ProductRef, at now: Date) -> VersionID? {
    guard let freeze = freezes[product] else { return nil }
    if let until = freeze.until, now >= until { return nil }
    return freeze.at
  }

  /// The version that an input takes.
  package func taken(_ product: ProductRef, _ selector: VersionSelector, at now: Date) -> Version? {
    let all = versions[product] ?? []
    switch selector {
    case .latest:
      guard let frozen = frozen(product, at: now) else { return latest(product) }
      return all.first { $0.address.version == frozen }
    case .id(let id): return all.first { $0.address.version == id }
    case .number(let number): return all.first { $0.published.number == number }
    case .tag(let tag):
      let tagged = all.first { $0.address.version == tags[product]?[tag] }
      let isTakenBack = tagged?.verdict.map { $0 != .approved } ?? false
      return tag == "approved" && isTakenBack ? nil : tagged
    }
  }

  // MARK: Which folders

  /// The folders that are in the show, by path.
  package var present: [Place] {
    places.values.filter { place in
      !place.isOmitted && !place.path.ancestors.contains { places[$0]?.isOmitted == true }
    }.sorted { $0.path < $1.path }
  }

  package func gathered(_ gather: Gather, at folder: FolderPath) -> [FolderPath] {
    switch gather {
    case .here: return [folder]
    case .cast: return present.map(\.path).filter { casting[folder]?.contains($0) == true }
    case .children:
      let children = present.filter { !$0.path.isRoot && ($0.path.parent ?? .root) == folder }
      let placed = children.filter { Double($0.attributes["order"] ?? "") != nil }
      // A stable sort: equal places in the order of the paths.
      let sorted = placed.enumerated().sorted { left, right in
        let (mine, other) = (
          Double(left.element.attributes["order"] ?? ""), Double(right.element.attributes["order"] ?? "")
        )
        return (mine ?? 0, left.offset) < (other ?? 0, right.offset)
      }.map(\.element)
      return (sorted + children.filter { Double($0.attributes["order"] ?? "") == nil }).map(\.path)
    }
  }
}
