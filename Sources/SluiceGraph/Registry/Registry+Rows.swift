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
  case agent(String)
  case heard(ProjectName, UnitID)
}

extension Registry {
  struct ProjectRow: Codable {
    var name: ProjectName
    var home: String
  }
  struct FolderRow: Codable {
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
  struct PipelineRow: Codable {
    var project: ProjectName
    var pipeline: PipelineRevision
  }
  struct RegisterRow: Codable {
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
  struct PlanRow: Codable {
    var plan: PlanState
    var turns: PlanTurns
  }
  struct HeardRow: Codable {
    var project: ProjectName
    var step: String
    var folder: FolderPath
    var heard: HeardEvent
  }
  struct TaskRow: Codable {
    var done: RunState.Ended?
    var failed: RunState.Ended?
    var tries: [RunState.Tried]?
  }
  struct TimingRow: Codable {
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
    case .product(let ref):
      // Its versions' rows follow it. Most products are what their only version says, and need no row.
      return ViewRow(model: "stock", key: "\(ref)@", body: projects[ref.project]?.stock.row(ref))
    case .version(let address):
      return ViewRow(
        model: "stock", key: "\(address.product)@\(address.version)",
        body: projects[address.product.project]?.stock.row(address))
    case .plan(let id):
      let known = plans[id].flatMap { plan in planTurns[id].map { PlanRow(plan: plan, turns: $0) } }
      return row("plan", "\(id)", known)
    case .run(let id): return row("run", "\(id)", runs[id])
    case .task(let id):
      let (run, isKnown) = (runs[id.run], runs[id.run]?.knows(id) == true)
      let value = TaskRow(done: run?.tasks[id], failed: run?.failed[id], tries: run?.tries[id])
      return row("task", "\(id)", isKnown ? value : nil)
    case .token(let digest): return row("token", "\(digest)", tokens[digest])
    case .subscription(let name): return row("subscription", "\(name)", subscriptions[name])
    case .erased(let alias): return row("erased", "\(alias)", erased[alias])
    case .agent(let name): return row("agent", name, agents[name])
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
}
