import Hummingbird
import SluiceEngine
import SluiceGraph
import SluiceModel

/// Who is in which shot, and what a cut says of shots.
extension API {
  func addEditorial(to api: RouterGroup<SluiceContext>) {
    api.get("casting") { request, _ in
      let registry = services.writer.current
      let project = try registry.project(ProjectName(try request.required("project")))
      let under = try FolderPath(request.value("under") ?? "")
      guard under.isRoot || project.folders[under] != nil else {
        throw CastingDecisions.unknown(under, in: project)
      }
      let shots = project.casting.keys.filter { $0.isInside(under) }
      let named = under.isRoot || !shots.isEmpty ? Set(shots) : [under]
      return JSONBody.response(casting(of: named, changes: [], in: project, registry.sequence))
    }
    api.post("casting") { request, context in
      try context.require(.publish)
      let body = try await JSONBody.read(CastingRequest.self, request)
      let name = try ProjectName(body.project)
      let wishes = try body.wishes()
      let decide = { @Sendable (registry: Registry) throws(SluiceError) in
        try CastingDecisions.cast(name, wishes, in: registry)
      }
      let drafts = try decide(services.writer.current)
      if body.dryRun != true {
        // A whole show is more than one record holds; each shot is cast as a whole.
        while try !decide(services.writer.current).isEmpty {
          try await services.writer.submit(context.origin) { registry throws(SluiceError) in
            CastingDecisions.prefix(try decide(registry))
          }
        }
      }
      let registry = services.writer.current
      return JSONBody.response(
        casting(
          of: Set(wishes.keys), changes: CastingDecisions.changes(drafts), in: try registry.project(name),
          registry.sequence))
    }
    api.post("conform") { request, context in
      let body = try await JSONBody.read(ConformRequest.self, request)
      if body.apply == true { try context.require(.publish) }
      let (name, sequence) = (try ProjectName(body.project), try FolderPath(body.sequence ?? ""))
      var said: [String: FolderPath] = [:]
      for (clip, folder) in body.map ?? [:] { said[clip] = try FolderPath(folder) }
      let shown = try ConformDecisions.conform(
        body.cut, name, sequence: sequence, said: said, in: services.writer.current)
      var position = services.writer.position(services.writer.current.sequence)
      if body.apply == true, !shown.edits.isEmpty {
        position = try await services.writer.submit(context.origin) { [said] registry throws(SluiceError) in
          try ConformDecisions.record(
            body.cut, name, sequence: sequence, said: said, shown: shown.difference, in: registry)
        }
      }
      return JSONBody.response(
        ConformAnswer(
          project: name, timeline: body.cut.name, sequence: sequence, difference: shown.difference,
          applied: body.apply == true && !shown.edits.isEmpty, position: position))
    }
  }

  private func casting(
    of shots: Set<FolderPath>, changes: [CastingChange], in project: Project, _ sequence: Int64
  ) -> CastingAnswer {
    let casts = shots.sorted().map { shot in
      ShotCast(
        shot: shot,
        assets: (project.casting[shot] ?? []).sorted().map {
          CastAsset(asset: $0, omitted: project.omission(of: $0) != nil)
        })
    }
    return CastingAnswer(
      project: project.name, shots: casts, changes: changes, position: services.writer.position(sequence))
  }
}

struct CastingRequest: Decodable {
  var project: String
  /// Of each shot, by its path below the project: assets to put in, to take out, or all that it shall have.
  var add: [String: [String]]?
  var remove: [String: [String]]?
  var set: [String: [String]]?
  var dryRun: Bool?

  /// - Throws: `usage` where a shot is named twice, `reference.invalid`.
  func wishes() throws(SluiceError) -> [FolderPath: CastingDecisions.Wish] {
    let all: [([String: [String]]?, @Sendable ([FolderPath]) -> CastingDecisions.Wish)] = [
      (add, { .add($0) }), (remove, { .remove($0) }), (set, { .set($0) }),
    ]
    var wishes: [FolderPath: CastingDecisions.Wish] = [:]
    for (shots, wish) in all {
      for (shot, assets) in (shots ?? [:]).sorted(by: { $0.key < $1.key }) {
        let path = try FolderPath(shot)
        var folders: [FolderPath] = []
        for asset in assets { folders.append(try FolderPath(asset)) }
        guard wishes.updateValue(wish(folders), forKey: path) == nil else {
          throw SluiceError(
            .usage, what: "the shot '\(path)' is named in two of add, remove and set", at: "body",
            fix: "say one thing of each shot")
        }
      }
    }
    return wishes
  }
}

struct ConformRequest: Decodable {
  var project: String
  var sequence: String?
  var cut: Cut
  /// Folders of clips, said by hand.
  var map: [String: String]?
  var apply: Bool?
}
