package import SluiceModel

/// Names one row of the stored view.
package enum RowKey: Sendable, Hashable {
  case project(ProjectName)
  case folder(ProjectName, FolderPath)
  case pipeline(ProjectName)
  case timing(ProjectName, String)
  case product(ProductRef)
  case version(VersionAddress)
  case plan(PlanID)
  case run(RunID)
  case task(TaskID)
  case token(Digest)
  case register(ProjectName, RegisterKey)
  case subscription(SubscriptionName)
  case erased(PersonAlias)
  case heard(ProjectName, UnitID)
}

extension Registry {
  private struct ProjectRow: Codable {
    var name: ProjectName
    var home: String
  }
  private struct FolderRow: Codable {
    var project: ProjectName
    var folder: Folder

    /// Projects have many folders, and a general encoder takes several times as long.
    var json: [UInt8] {
      var writer = JSONWriter()
      writer.open()
      writer.member("folder", raw: folder.json)
      writer.member("project", project.description)
      writer.close()
      return writer.bytes
    }
  }
  private struct PipelineRow: Codable {
    var project: ProjectName
    var pipeline: PipelineRevision
  }
  private struct RegisterRow: Codable {
    var project: ProjectName
    var key: String
    var register: Register

    /// Most rows are registers, and a general encoder takes several times as long.
    var json: [UInt8] {
      var writer = JSONWriter()
      writer.open()
      writer.member("key", key)
      writer.member("project", project.description)
      writer.member("register")
      register.write(to: &writer)
      writer.close()
      return writer.bytes
    }
  }
  private struct PlanRow: Codable {
    var plan: PlanState
    var turns: PlanTurns
  }
  private struct HeardRow: Codable {
    var project: ProjectName
    var step: String
    var folder: FolderPath
    var heard: HeardEvent
  }
  private struct TaskRow: Codable {
    var done: RunState.Ended?
    var failed: RunState.Ended?
  }
  private struct TimingRow: Codable {
    var project: ProjectName
    var step: String
    var timing: StepTiming
  }

  /// What is stored for a key.
  package func row(_ key: RowKey) -> ViewRow {
    func row(_ model: String, _ key: String, _ value: (some Encodable)?) -> ViewRow {
      ViewRow(model: model, key: key, body: value.map { StableJSON.encode($0) })
    }
    switch key {
    case .project(let name):
      return row("project", "\(name)", projects[name].map { ProjectRow(name: name, home: $0.home) })
    case .folder(let name, let path):
      return ViewRow(
        model: "folder", key: "\(name)/\(path)",
        body: projects[name]?.folders[path].map { FolderRow(project: name, folder: $0).json })
    case .pipeline(let name):
      return row("pipeline", "\(name)", projects[name]?.pipeline.map { PipelineRow(project: name, pipeline: $0) })
    case .timing(let name, let step):
      return row(
        "timing", "\(name)/\(step)",
        projects[name]?.timings[step].map { TimingRow(project: name, step: step, timing: $0) })
    case .product(let ref): return row("product", "\(ref)", projects[ref.project]?.products[ref])
    case .version(let address):
      return row(
        "version", "\(address.product)@\(address.version)",
        projects[address.product.project]?.versions[address])
    case .plan(let id):
      let known = plans[id].flatMap { plan in planTurns[id].map { PlanRow(plan: plan, turns: $0) } }
      return row("plan", "\(id)", known)
    case .run(let id): return row("run", "\(id)", runs[id])
    case .task(let id):
      let (done, failed) = (runs[id.run]?.tasks[id], runs[id.run]?.failed[id])
      return row("task", "\(id)", done == nil && failed == nil ? nil : TaskRow(done: done, failed: failed))
    case .token(let digest): return row("token", "\(digest)", tokens[digest])
    case .subscription(let name): return row("subscription", "\(name)", subscriptions[name])
    case .erased(let alias): return row("erased", "\(alias)", erased[alias])
    case .heard(let name, let unit):
      return row(
        "heard", "\(name)/\(unit.folder) \(unit.step)",
        projects[name]?.heard[unit].map {
          HeardRow(project: name, step: unit.step, folder: unit.folder, heard: $0)
        })
    case .register(let name, let key):
      let text = key.description
      return ViewRow(
        model: "register", key: "\(name) \(text)",
        body: projects[name]?.registers[key].map { RegisterRow(project: name, key: text, register: $0).json })
    }
  }

  /// A registry as its rows say; the inverse of `row` for every key.
  package init(rows: [ViewRow], site: String, head: ViewHead) throws {
    self.init(site: site)
    for row in rows where row.model == "project" {
      let value = try Registry.decode(ProjectRow.self, row)
      projects[value.name] = Project(name: value.name, home: value.home)
    }
    for row in rows {
      switch row.model {
      case "folder":
        let value = try Registry.decode(FolderRow.self, row)
        projects[value.project]?.folders[value.folder.path] = value.folder
      case "pipeline":
        let value = try Registry.decode(PipelineRow.self, row)
        projects[value.project]?.pipeline = value.pipeline
      case "timing":
        let value = try Registry.decode(TimingRow.self, row)
        projects[value.project]?.timings[value.step] = value.timing
      case "product":
        let value = try Registry.decode(Product.self, row)
        projects[value.ref.project]?.products[value.ref] = value
      case "version":
        let value = try Registry.decode(Version.self, row)
        projects[value.address.product.project]?.versions[value.address] = value
      case "plan":
        let value = try Registry.decode(PlanRow.self, row)
        (plans[value.plan.id], planTurns[value.plan.id]) = (value.plan, value.turns)
      case "run":
        let value = try Registry.decode(RunState.self, row)
        runs[value.id] = value
      case "token":
        let value = try Registry.decode(Token.self, row)
        tokens[value.digest] = value
      case "subscription":
        let value = try Registry.decode(Subscription.self, row)
        subscriptions[value.name] = value
      case "erased":
        let value = try Registry.decode(ErasedPerson.self, row)
        erased[value.alias] = value
      case "heard":
        let value = try Registry.decode(HeardRow.self, row)
        projects[value.project]?.heard[UnitID(step: value.step, folder: value.folder)] = value.heard
      case "register":
        let value = try Registry.decode(RegisterRow.self, row)
        guard let key = try RegisterKey(value.key) else { continue }
        projects[value.project]?.registers[key] = value.register
        if case .cast(let shot, let asset) = key { projects[value.project]?.showCast(shot, asset) }
      default: continue
      }
    }
    for row in rows where row.model == "task" {
      let value = try Registry.decode(TaskRow.self, row)
      if let done = value.done { runs[done.fact.task.run]?.tasks[done.fact.task] = done }
      if let failed = value.failed { runs[failed.fact.task.run]?.failed[failed.fact.task] = failed }
    }
    for run in runs.values { noteLast(run) }
    for version in projects.values.flatMap(\.versions.values) {
      link(version.address.product, to: version.published.madeFrom)
      if version.isInPlace { placed[version.address] = version.place.site }
    }
    for name in projects.keys { projects[name]?.layGraph() }
    self.head = head
  }

  private static func decode<Value: Decodable>(_ type: Value.Type, _ row: ViewRow) throws -> Value {
    try StableJSON.decode(type, from: row.body ?? [])
  }
}
