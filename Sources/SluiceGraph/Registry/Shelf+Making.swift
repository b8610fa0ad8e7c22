import SluiceModel

/// What versions were made from, and by which core and recipe: said once, where it can be.
///
/// Most inputs are versions of the same shelf, and then are their numbers there; most recipes are what follows from
/// core and inputs.
extension Shelf {
  /// One of those that a version was made from. Looks at a shelf where it stands.
  static func used(_ shelf: UnsafePointer<Shelf>, by record: Int, _ index: Int) -> UsedRecord {
    let place = shelf.pointee.used[Int(shelf.pointee.records[record].used) + index]
    guard place >= 0 else { return shelf.pointee.distant[Int(~place)] }
    let (content, second, counter) = shelf.pointee.records.withUnsafeBufferPointer { records in
      (records[Int(place)].content, records[Int(place)].second, Int32(records[Int(place)].counter))
    }
    return UsedRecord(content: content, second: second, counter: counter)
  }

  func uses(of record: Int) -> [UsedRecord] {
    let count = forms[Int(records[record].form)][0].uses.count
    return withUnsafePointer(to: self) { shelf in (0..<count).map { Shelf.used(shelf, by: record, $0) } }
  }

  /// Of a version that was made by a step.
  static func core(_ shelf: UnsafePointer<Shelf>, of record: Int) -> Digest {
    let (core, form) = shelf.pointee.records.withUnsafeBufferPointer { ($0[record].core, $0[record].form) }
    if core >= 0 { return shelf.pointee.digests[Int(core)] }
    return shelf.pointee.forms[Int(form)].withUnsafeBufferPointer { $0[0].core } ?? Digest(words: (0, 0, 0, 0))
  }
  func core(of record: Int) -> Digest { withUnsafePointer(to: self) { Shelf.core($0, of: record) } }

  /// Nil where it is what follows from core and inputs.
  static func recipe(_ shelf: UnsafePointer<Shelf>, of record: Int) -> Digest? {
    let recipe = shelf.pointee.records.withUnsafeBufferPointer { $0[record].recipe }
    return recipe < 0 ? nil : shelf.pointee.digests[Int(recipe)]
  }

  func recipe(of record: Int, _ core: Digest, _ form: VersionForm, _ uses: [UsedRecord]) -> Digest {
    let nothing = Digest(words: (0, 0, 0, 0))
    if records[record].recipe >= 0 { return digests[Int(records[record].recipe)] }
    return form.making == nil ? nothing : Recipe.following(from: core, form, uses) ?? nothing
  }

  /// Puts down what a version was made from.
  /// - Parameter old: the same version as it was.
  /// - Returns: the place of the first.
  mutating func put(_ uses: [UsedRecord], _ form: VersionForm, inPlaceOf old: Int?) -> UInt32 {
    let first: Int
    if let old, forms[Int(records[old].form)][0].uses.count == uses.count {
      first = Int(records[old].used)
    } else {
      first = used.count
      used.grow(by: uses.count)
      for _ in uses { used.append(0) }
    }
    for index in uses.indices {
      // What was distant before has a place that nobody else has.
      let before = first + index < used.count && used[first + index] < 0 ? used[first + index] : nil
      if let near = near(uses[index], form.uses[index]) {
        used[first + index] = near
      } else if let before {
        distant[Int(~before)] = uses[index]
      } else {
        distant.grow()
        distant.append(uses[index])
        used[first + index] = ~Int32(distant.count - 1)
      }
    }
    return UInt32(first)
  }

  /// The record of this shelf that says all that is kept of an input.
  private func near(_ used: UsedRecord, _ use: VersionForm.Use) -> Int32? {
    guard case .near(let name) = use.place, let index = index(of: name) else { return nil }
    return near(used, use.site, at: index)
  }

  func near(_ used: UsedRecord, _ site: String, at index: Int) -> Int32? {
    var record = Int(kept[index].last)
    while record >= 0 {
      let known = records[record]
      if known.second == used.second, Int32(known.counter) == used.counter, known.content == used.content,
        !known.flags.contains(.isWhole), form(of: record).site == site
      {
        return Int32(record)
      }
      record = Int(known.previous)
    }
    return nil
  }

  /// Before a record says something else of its content: what was made from it was made from what it said.
  mutating func keepContent(of record: Int) {
    for place in used.indices where used[place] == Int32(record) {
      distant.append(
        UsedRecord(
          content: records[record].content, second: records[record].second,
          counter: Int32(records[record].counter)))
      used[place] = ~Int32(distant.count - 1)
    }
  }
}

extension Recipe {
  /// The recipe of what was made from these as they are, each for an input of its own; nil for anything else.
  static func following(from core: Digest, _ form: VersionForm, _ uses: [UsedRecord]) -> Digest? {
    guard uses.count == form.uses.count, uses.count <= Recipe.comparedInputs else { return nil }
    var inputs: [(name: String, content: Digest)] = []
    inputs.reserveCapacity(uses.count)
    for (use, used) in zip(form.uses, uses) {
      guard let name = use.input, !inputs.contains(where: { $0.name == name }) else { return nil }
      inputs.append((name, used.content))
    }
    return Recipe.whole(core: core, inputs: inputs)
  }
  /// Steps have few inputs, and one that gathers many has a recipe of its own kind.
  private static let comparedInputs = 16
}
