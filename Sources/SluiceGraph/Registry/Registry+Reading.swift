package import SluiceModel

extension Registry {
  /// A registry as its rows say; the inverse of `row` for every key.
  package init(rows: [ViewRow], site: String, head: ViewHead) throws {
    let parts = try ViewPage.pages(of: rows).map { try RowsPart($0) }
    try self.init(frame: parts, site: site)
    try join(parts, head: head)
  }

  /// The projects with their folders and graphs, but without what lies in them: graphs can be laid while that is read.
  package init(frame parts: [RowsPart], site: String) throws {
    self.init(site: site)
    for row in parts.lazy.flatMap(\.others) where row.model == "project" {
      let value = try Registry.decode(ProjectRow.self, row)
      projects[value.name] = Project(name: value.name, home: value.home)
    }
    for part in parts {
      for value in part.folders { projects[value.project]?.folders[value.folder.path] = value.folder }
      for value in part.registers {
        projects[value.project]?.registers[value.key] = value.register
        if case .cast(let shot, let asset) = value.key { projects[value.project]?.showCast(shot, asset) }
      }
    }
    for row in parts.lazy.flatMap(\.others) where row.model == "pipeline" {
      let value = try Registry.decode(PipelineRow.self, row)
      projects[value.project]?.pipeline = value.pipeline
    }
    for name in projects.keys { projects[name]?.layGraph() }
  }

  /// Puts in all the rest.
  package mutating func join(_ parts: [RowsPart], head: ViewHead) throws {
    for part in parts {
      for (name, stock) in part.stocks { projects[name]?.stock.join(stock) }
      for version in part.placed { placed[version.address] = version.site }
    }
    for part in parts {
      for link in part.links { projects[link.source.project]?.stock.add(user: link.user, of: link.source) }
    }
    let others = parts.flatMap(\.others)
    for row in others { try take(row) }
    for row in others where row.model == "task" {
      let value = try Registry.decode(TaskRow.self, row)
      if let done = value.done { runs[done.fact.task.run]?.tasks[done.fact.task] = done }
      if let failed = value.failed { runs[failed.fact.task.run]?.failed[failed.fact.task] = failed }
      if let tries = value.tries, let task = tries.first?.fact.task { runs[task.run]?.tries[task] = tries }
    }
    for run in runs.values { noteLast(run) }
    self.head = head
  }

  private mutating func take(_ row: ViewRow) throws {
    switch row.model {
    case "timing":
      let value = try Registry.decode(TimingRow.self, row)
      projects[value.project]?.timings[value.step] = value.timing
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
    case "agent":
      let value = try Registry.decode(AgentWord.self, row)
      agents[value.said.agent] = value
    case "heard":
      let value = try Registry.decode(HeardRow.self, row)
      projects[value.project]?.heard[UnitID(step: value.step, folder: value.folder)] = value.heard
    default: return
    }
  }

  private static func decode<Value: Decodable>(_ type: Value.Type, _ row: ViewRow) throws -> Value {
    try StableJSON.decode(type, from: row.body ?? [])
  }
}
