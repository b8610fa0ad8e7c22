package import FoundationEssentials
package import SluiceModel

/// Everything that is known of all projects, built from the log and from nothing else.
///
/// A value: a snapshot is free, and what was decided but could not be stored is dropped by keeping the old value
/// (ADR 0004).
package struct Registry: Sendable {
  /// Names the rules that made a stored view; another name means: build anew.
  package static let reducer = "registry-13"

  package internal(set) var projects: Table<ProjectName, Project> = [:]
  package internal(set) var plans: Table<PlanID, PlanState> = [:]
  var planTurns: Table<PlanID, PlanTurns> = [:]
  package internal(set) var runs: Table<RunID, RunState> = [:]
  package internal(set) var tokens: Table<Digest, Token> = [:]
  package internal(set) var subscriptions: Table<SubscriptionName, Subscription> = [:]
  /// Agents of this site of which something was said.
  package internal(set) var agents: Table<String, AgentWord> = [:]
  /// Aliases whose names are to be forgotten, for ever.
  package internal(set) var erased: Table<PersonAlias, ErasedPerson> = [:]
  /// Versions whose files stay where they lie, with the sites that made them.
  var placed: Table<VersionAddress, String> = [:]
  /// What is in here, of every site's stream.
  package internal(set) var head = ViewHead()
  /// The site whose stream `sequence` counts.
  package let site: String

  package init(site: String = "main") { self.site = site }

  /// The last event of the own site that is in here.
  package var sequence: Int64 { head.frontier[site] }

  /// The number of a product's next version; nil at a site that is not the project's home and so gives none.
  package func nextNumber(of ref: ProductRef) -> Int? {
    guard let project = projects[ref.project] else { return 1 }
    return project.home == site ? project.products[ref]?.nextNumber ?? 1 : nil
  }

  /// Whether a run began or ended since its plan was applied last: a retry is a new application.
  package func isOfLastApplication(_ run: RunState) -> Bool {
    planTurns[run.plan]?.applied.map { $0 < run.rank } ?? true
  }

  package func project(_ name: ProjectName) throws(SluiceError) -> Project {
    if let project = projects[name] { return project }
    let meant = nearest(to: name.description, in: projects.keys.map(\.description))
    throw SluiceError(
      .projectUnknown, what: "there is no project '\(name)'", at: "project '\(name)'",
      fix: meant.map { "did you mean '\($0)'? " } ?? "" + "apply a pipeline or add a folder to make it")
  }

  package func product(_ ref: ProductRef) throws(SluiceError) -> Product {
    let project = try project(ref.project)
    if let product = project.products[ref] { return product }
    let known = project.products.keys.map(\.description) + (project.graph?.products.map(\.description) ?? [])
    let meant = nearest(to: ref.description, in: known)
    throw SluiceError(
      .productUnknown, what: "nobody has published '\(ref)'", at: "product '\(ref)'",
      fix: meant.map { $0 == ref.description ? "apply a plan to make it" : "did you mean '\($0)'?" }
        ?? "publish it first: sluice publish \(ref) FILE…")
  }

  package func version(_ reference: Reference) throws(SluiceError) -> Version {
    let product = try product(reference.product)
    let project = try project(reference.product.project)
    guard let version = project.version(of: reference.product, reference.selector) else {
      throw SluiceError(
        .versionUnknown, what: "'\(reference.product)' has no version '\(reference.selector)'",
        at: "reference '\(reference.product)@\(reference.selector)'",
        fix: "it has \(product.versions.count); `sluice show \(reference.product)` lists them and its tags")
    }
    return version
  }
}

/// Which facts say how a plan stands.
struct PlanTurns: Sendable, Hashable, Codable {
  /// The newest application and the newest end.
  var applied: Rank?
  var ended: Rank?
  /// The newest word on the plan as a proposal: that it is one, or that it is none any more.
  var proposed: Rank?

  /// Whether nothing newer says how the plan stands.
  func isNewest(_ rank: Rank) -> Bool { [applied, ended, proposed].allSatisfy { $0.map { $0 < rank } ?? true } }
  var isRunning: Bool {
    guard let applied else { return false }
    return [ended, proposed].allSatisfy { $0.map { $0 < applied } ?? true }
  }
}

/// A show: its folders, products, versions and step templates.
package struct Project: Sendable {
  package let name: ProjectName
  package var home: String
  package internal(set) var folders: Table<FolderPath, Folder> = [:]
  /// Products and versions.
  var stock: Stock
  package internal(set) var pipeline: PipelineRevision?
  /// The pipeline laid over the folders; nil before one was applied.
  package internal(set) var graph: StepGraph?
  package internal(set) var timings: Table<String, StepTiming> = [:]
  package internal(set) var lastRuns: Table<UnitID, RunID> = [:]
  /// Events of other tools that steps listen for, the last of each.
  package internal(set) var heard: Table<UnitID, HeardEvent> = [:]
  /// The assets that are in each shot.
  package internal(set) var casting: Table<FolderPath, Set<FolderPath>> = [:]
  /// What sites may write at once; folders and products show what these say.
  package internal(set) var registers: Table<RegisterKey, Register> = [:]

  /// Registers whose writers did not know of one another.
  package var contested: [RegisterKey] { registers.keys.filter { registers[$0]?.isContested == true }.sorted() }

  package func isContested(_ key: RegisterKey) -> Bool { registers[key]?.isContested == true }

  package init(name: ProjectName, home: String) {
    (self.name, self.home) = (name, home)
    stock = Stock(project: name)
  }

  /// The version that somebody means; what an input takes is `version(of:_:now:)`.
  package func version(of ref: ProductRef, _ selector: VersionSelector) -> Version? {
    guard let product = products[ref] else { return nil }
    let id: VersionID?
    switch selector {
    case .latest: id = product.latest
    case .id(let named): id = named
    case .number(let number): id = product.numbers[number]
    case .tag(let tag): id = tag == Judgement.approvedTag ? approved(product) : product.tags[tag]
    }
    return id.flatMap { versions[VersionAddress(product: ref, version: $0)] }
  }
}

package struct Folder: Sendable, Hashable, Codable {
  package var path: FolderPath
  package var type: String
  package var attributes: [String: String]
  package var omitted: Bool
  package init(path: FolderPath, type: String, attributes: [String: String] = [:], omitted: Bool = false) {
    (self.path, self.type, self.attributes, self.omitted) = (path, type, attributes, omitted)
  }

  /// As its encoding has it.
  var json: [UInt8] {
    var written = JSONWriter(capacity: 128)
    written.open()
    for (name, value) in attributes.sorted(by: { $0.key < $1.key }) { written.member(name, value) }
    written.close()
    var writer = JSONWriter(capacity: 256)
    writer.open()
    writer.member("attributes", raw: written.bytes)
    writer.member("omitted", omitted)
    writer.member("path", path.description)
    writer.member("type", type)
    writer.close()
    return writer.bytes
  }
}

extension Folder {
  /// What a graph hangs on: a folder that only says something else of itself has the units that it had.
  struct Laid: Equatable {
    var type: String
    var omitted: Bool
    var order: Double?
  }
  var isLaid: Laid { Laid(type: type, omitted: omitted, order: order) }
}

package struct Product: Sendable, Hashable, Codable {
  package var ref: ProductRef
  /// Ascending.
  package var versions: [VersionID]
  /// Given by the project's home site. Where two sites took themselves for it and gave one number twice, the older
  /// version has it.
  package var numbers: [Int: VersionID]
  package var tags: [String: VersionID]
  /// Versions that the publisher of no other one knew of, ascending; one, where people know of each other.
  var heads: [VersionID] = []
  /// The newest by causality, then clock.
  package internal(set) var newest: VersionID?
  /// The newest that was not rejected.
  package internal(set) var latest: VersionID?
  package internal(set) var freeze: Freeze?
  package internal(set) var hold: Hold?
  package init(ref: ProductRef) {
    self.ref = ref
    (versions, numbers, tags) = ([], [:], [:])
  }
  package var nextNumber: Int { (numbers.keys.max() ?? 0) + 1 }
  func number(of version: VersionID) -> Int? { numbers.filter { $0.value == version }.keys.min() }
}

package struct Version: Sendable, Equatable, Codable {
  package var address: VersionAddress
  package var published: VersionPublished
  package var time: Date
  package var actor: Actor
  package var event: EventID
  package var cause: EventID?
  /// Nil while the home site has not given one.
  package internal(set) var number: Int?
  var place: VersionPlace
  package internal(set) var judgement: Judgement?
  /// In the order of their facts, those that others had seen first.
  package internal(set) var vouches: [Vouch] = []
  /// That its files were dropped, and whether they came back; nil where they never went.
  package internal(set) var purge: Purge?
  /// Of a version in place that was hashed after it was published: what stood for its content until then.
  package internal(set) var standIn: StandIn?
  package internal(set) var damage: Damage?

  /// The representation that an input means; nil where it must say which.
  package func representation(named name: String?) -> RepresentationSummary? {
    guard let name else { return published.representations.count == 1 ? published.representations[0] : nil }
    return published.representations.first { $0.name == name }
  }

  /// `v043`, or the id while nobody has given a number.
  package var spoken: String { number.map(spokenNumber) ?? "\(address.version)" }
}

package func spokenNumber(_ number: Int) -> String { "v" + FileName.padded(number, width: 3) }

package struct PipelineRevision: Sendable, Equatable, Codable {
  package var revision: Int
  package var pipeline: Pipeline
  package var source: Digest
  package var event: EventID
  package var time: Date
  package var actor: Actor
  var rank: Rank
}

package struct StepTiming: Sendable, Hashable, Codable {
  package var secondsPerTask: Double
  var rank: Rank
}

package struct Token: Sendable, Hashable, Codable {
  package var name: String
  package var digest: Digest
  package var rights: [TokenRight]
}

package struct ErasedPerson: Sendable, Hashable, Codable {
  package var alias: PersonAlias
  package var time: Date
}
