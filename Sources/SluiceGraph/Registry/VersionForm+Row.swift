import SluiceModel

extension VersionForm {
  /// Equal forms write the same.
  func write(to row: inout RowWriter) {
    row.put(site)
    row.put(name)
    row.put(kind.rawValue)
    row.put(making == nil ? UInt8(0) : 1)
    if let making {
      row.put(making.step)
      row.put(making.plan.description)
      row.put(making.isUniform ? UInt8(1) : 0)
      row.put(UInt64(making.tools.count))
      for (name, tool) in making.tools.sorted(by: { $0.key < $1.key }) {
        row.put(name)
        row.put(tool.digest)
        row.put(tool.line)
      }
    }
    row.put(actor.name)
    row.put(actor.trust.rawValue)
    row.put(origin)
    row.put(UInt64(seen.sites.count))
    for site in seen.sites {
      row.put(site)
      row.put(signed: seen[site])
    }
    row.put(UInt64(uses.count))
    for use in uses {
      row.put(use.input)
      switch use.place {
      case .near(let name):
        row.put(UInt8(0))
        row.put(name)
      case .far(let ref):
        row.put(UInt8(1))
        row.put(ref.project.description)
        row.put(ref.folder.description)
        row.put(ref.name)
      }
      row.put(use.site)
    }
  }

  init(_ row: inout RowReader) throws(RowReader.Broken) {
    (site, name) = (try row.text(), try row.text())
    guard let kind = RepresentationKind(rawValue: try row.text()) else { throw RowReader.Broken() }
    self.kind = kind
    if try row.byte() == 1 {
      let (step, plan, isUniform) = (try row.text(), PlanID(try row.text()), try row.byte() == 1)
      var tools: [String: ToolVersion] = [:]
      for _ in 0..<(try row.count()) {
        tools[try row.text()] = ToolVersion(digest: try row.digest(), line: try row.text())
      }
      making = Making(step: step, plan: plan, tools: tools, isUniform: isUniform)
    } else {
      making = nil
    }
    let actor = try row.text()
    guard let trust = Actor.Trust(rawValue: try row.text()) else { throw RowReader.Broken() }
    (self.actor, origin) = (Actor(name: actor, trust: trust), try row.text())
    var seen: [String: Int64] = [:]
    for _ in 0..<(try row.count()) { seen[try row.text()] = try row.signed() }
    self.seen = Frontier(seen)
    var uses: [Use] = []
    for _ in 0..<(try row.count()) {
      let input = try row.textIfAny()
      let place: Use.Place
      if try row.byte() == 0 {
        place = .near(try row.text())
      } else {
        place = .far(
          ProductRef(
            stored: ProjectName(stored: try row.text()), folder: FolderPath(stored: try row.text()),
            name: try row.text()))
      }
      uses.append(Use(input: input, place: place, site: try row.text()))
    }
    self.uses = uses
    guard row.isAtEnd else { throw RowReader.Broken() }
  }
}

extension Reason {
  func write(to row: inout RowWriter) {
    row.put(kind.rawValue)
    row.put(input)
    row.put(used)
    row.put(now)
    row.put(via?.project.description)
    if let via {
      row.put(via.folder.description)
      row.put(via.name)
    }
    row.put(text)
  }

  init(_ row: inout RowReader) throws(RowReader.Broken) {
    guard let kind = Kind(rawValue: try row.text()) else { throw RowReader.Broken() }
    let (input, used, now) = (try row.textIfAny(), try row.textIfAny(), try row.textIfAny())
    var via: ProductRef?
    if let project = try row.textIfAny() {
      via = ProductRef(
        stored: ProjectName(stored: project), folder: FolderPath(stored: try row.text()), name: try row.text())
    }
    self.init(kind: kind, input: input, used: used, now: now, via: via, text: try row.text())
  }
}

extension VersionID {
  func write(to row: inout RowWriter) {
    row.put(signed: second)
    row.put(signed: Int64(counter))
    row.put(site)
  }

  init(_ row: inout RowReader) throws(RowReader.Broken) {
    let (second, counter) = (try row.signed(), Int(try row.signed()))
    self.init(second: second, site: try row.text(), counter: counter)
  }
}
