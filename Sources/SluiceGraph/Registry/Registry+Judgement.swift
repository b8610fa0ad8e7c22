import SluiceModel

/// What people say of versions and products. Sites may say it without asking one another; of what they said at once the
/// cautious word holds: a rejection beats an approval, a hold beats a release. Vouches all stay, since each is about
/// inputs of its own.
extension Registry {
  mutating func apply(_ fact: VersionJudged, _ event: Event, _ place: Place) -> [RowKey] {
    guard let ref = event.product else { return [] }
    return withJudged(ref) { project in
      let key = RegisterKey.verdict(ref, fact.version)
      let rows = project.write(key, StableJSON.text(fact), event, place)
      project.showVerdict(of: VersionAddress(product: ref, version: fact.version))
      project.settleLatest(of: ref)
      return rows + [.product(ref), .version(VersionAddress(product: ref, version: fact.version))]
    }
  }

  mutating func apply(_ fact: VersionVouched, _ event: Event, _ place: Place) -> [RowKey] {
    guard let ref = event.product else { return [] }
    let address = VersionAddress(product: ref, version: fact.version)
    return withJudged(ref) { project in
      guard var vouches = project.versions[address].map(\.vouches) else { return [] }
      let vouch = Vouch(
        inputs: fact.inputs, core: fact.core, actor: event.actor, time: event.time, because: fact.because,
        rank: place.rank)
      // The newest of those that say the same.
      if let same = vouches.firstIndex(where: { $0.isSame(inputs: vouch.inputs, core: vouch.core) }) {
        if vouches[same].rank > vouch.rank { return [] }
        vouches.remove(at: same)
      }
      let index = vouches.firstIndex { $0.rank > vouch.rank } ?? vouches.endIndex
      vouches.insert(vouch, at: index)
      project.versions[address]?.vouches = vouches
      return [.version(address)]
    }
  }

  mutating func apply(_ fact: ProductFrozen, _ event: Event, _ place: Place) -> [RowKey] {
    guard let ref = event.product else { return [] }
    return withJudged(ref) { project in
      let key = RegisterKey.frozen(ref)
      let rows = project.write(key, StableJSON.text(fact), event, place)
      let shown = project.registers[key]?.heads.first
      project.products[ref]?.freeze = shown.flatMap { write in
        write.said(ProductFrozen.self).flatMap { said in
          said.at.map {
            Freeze(at: $0, until: said.until, actor: write.actor, time: write.time, because: said.because)
          }
        }
      }
      return rows + [.product(ref)]
    }
  }

  mutating func apply(_ fact: ProductHeld, _ event: Event, _ place: Place) -> [RowKey] {
    guard let ref = event.product else { return [] }
    return withJudged(ref) { project in
      let key = RegisterKey.held(ref)
      let rows = project.write(key, StableJSON.text(fact), event, place)
      let holding = project.registers[key]?.heads.first { $0.said(ProductHeld.self)?.held == true }
      project.products[ref]?.hold = holding.map {
        Hold(actor: $0.actor, time: $0.time, because: $0.said(ProductHeld.self)?.because)
      }
      return rows + [.product(ref)]
    }
  }

  /// Facts about a product that is not there change nothing.
  private mutating func withJudged(_ ref: ProductRef, _ change: (inout Project) -> [RowKey]) -> [RowKey] {
    guard projects[ref.project]?.products[ref] != nil else { return [] }
    return change(&projects[ref.project, default: Project(name: ref.project, home: site)])
  }
}

extension Project {
  /// Lets a version show what its register says.
  mutating func showVerdict(of address: VersionAddress) {
    guard versions[address] != nil, let judgement = verdict(on: address) else { return }
    versions[address]?.judgement = judgement
  }

  /// What the register of a version says of it.
  func verdict(on address: VersionAddress) -> Judgement? {
    guard let heads = registers[.verdict(address.product, address.version)]?.heads else { return nil }
    let rejecting = heads.first { $0.said(VersionJudged.self)?.verdict == .rejected }
    guard let shown = rejecting ?? heads.first, let said = shown.said(VersionJudged.self) else { return nil }
    return Judgement(verdict: said.verdict, actor: shown.actor, time: shown.time, because: said.because)
  }
}

extension Register.Write {
  /// The fact that was written, where a register holds more than a word.
  func said<Fact: Decodable>(_ type: Fact.Type) -> Fact? { try? StableJSON.decode(type, from: Array(value.utf8)) }
}
