package import FoundationEssentials
package import SluiceGraph
package import SluiceModel

/// What a person says a version was made from, matched to the inputs that its step declares. Pure.
package struct PublishedInputs: Sendable {
  /// Stands for every declared input, as it is taken now.
  package static let all = "inputs"

  private let ref: ProductRef
  private let registry: Registry
  private let now: Date

  package init(of ref: ProductRef, in registry: Registry, now: Date) {
    (self.ref, self.registry, self.now) = (ref, registry, now)
  }

  /// - Throws: what unknown references throw; `usage` for `inputs` of a product that no step makes.
  package func used(_ references: [String]) throws(SluiceError) -> [Used] {
    var found: [Used] = []
    for text in references {
      let new = text == PublishedInputs.all ? try declared() : try used(try registry.version(try Reference(text)))
      for used in new where !found.contains(used) { found.append(used) }
    }
    return found + named(by: found)
  }

  private var unit: Unit? { registry.projects[ref.project]?.graph?.producer(of: ref) }

  /// A version counts for each input that its product stands in or is named by; for none, it is only recorded.
  private func used(_ version: Version) throws(SluiceError) -> [Used] {
    let product = version.address.product
    let inputs = unit?.inputs.filter { $0.products.contains(product) }.map(\.input) ?? []
    var found = inputs.map { Used(version, input: $0) }
    for input in unit?.inputs(.dependency) ?? [] {
      for through in input.products {
        let name = names(of: through).first { $0.product == product }
        found += name.map { [Used(version, input: input.input, named: $0, through: through)] } ?? []
      }
    }
    return found.isEmpty ? [Used(version, input: nil)] : found
  }

  /// What the inputs name by references, as it is now, where the person did not say it.
  private func named(by found: [Used]) -> [Used] {
    guard let unit, let project = registry.projects[ref.project] else { return [] }
    var more: [Used] = []
    for input in unit.inputs(.dependency) {
      for through in input.products {
        func isSaid(_ product: ProductRef?, _ used: Used) -> Bool {
          used.input == input.input.name && used.product == product ?? through
            && used.through == product.map { _ in through }
        }
        guard found.contains(where: { isSaid(nil, $0) }) else { continue }
        for name in names(of: through) where !(found + more).contains(where: { isSaid(name.product, $0) }) {
          guard let version = project.version(of: name.product, name.tag, now: now) else { continue }
          more.append(Used(version, input: input.input, named: name, through: through))
        }
      }
    }
    return more
  }

  private func names(of product: ProductRef) -> [NamedProduct] {
    registry.projects[ref.project]?.graph?.named[product] ?? []
  }

  private func declared() throws(SluiceError) -> [Used] {
    guard let unit, let project = registry.projects[ref.project] else {
      throw SluiceError(
        .usage, what: "no step declares what '\(ref)' is made from", at: "--from \(PublishedInputs.all)",
        fix: "name the versions, or add a step without a command to the pipeline")
    }
    return unit.inputs.flatMap { input in
      input.products.compactMap { product in
        project.version(of: product, input.input.tag, now: now).map { Used($0, input: input.input) }
      }
    }
  }

  /// What is held against a step, and why; nil where nothing is.
  /// - Throws: `usage` without a reason.
  static func override(
    _ request: ProductPublish, _ ref: ProductRef
  ) throws(SluiceError) -> PublishDecisions.Override? {
    let because = try JudgementDecisions.words(request.because, ref)
    guard request.override == true else {
      guard because == nil else {
        throw SluiceError(
          .usage, what: "a reason goes with --override", at: "product '\(ref)'",
          fix: "add --override, or say it with --note")
      }
      return nil
    }
    guard let because else {
      throw SluiceError(
        .usage, what: "painting over what a step makes wants a reason", at: "product '\(ref)'",
        fix: "add --because \"matte fixed by hand\"")
    }
    return PublishDecisions.Override(because: because)
  }
}

extension Used {
  /// A version as an input takes it; where none is meant, a version of several forms counts as a whole.
  fileprivate init(_ version: Version, input: StepInput?) {
    let form = version.representation(named: input?.representation)
    self.init(
      input: input?.name, product: version.address.product, version: version.address.version,
      content: form?.content ?? version.published.manifest)
  }

  /// A version that an input's product names.
  fileprivate init(_ version: Version, input: StepInput, named: NamedProduct, through: ProductRef) {
    let form = version.representation(named: named.representation)
    self.init(
      input: input.name, product: version.address.product, version: version.address.version,
      content: form?.content ?? version.published.manifest, through: through)
  }
}
