import FoundationEssentials
import SluiceEngine
import SluiceGraph
import SluiceModel
import Testing

@Suite struct `The folders of a pipeline file` {
  private static func path() throws -> FolderPath { try FolderPath("sq010/sh0010") }

  /// A project in which the folder has these attributes.
  private func project(_ attributes: [String: String], type: String = "shot") throws -> Project {
    var registry = Registry()
    let name = try ProjectName("demo")
    let facts: [(FolderPath?, Fact)] = [
      (nil, .projectCreated(ProjectCreated(home: "main"))),
      (try FolderPath("sq010"), .folderChanged(FolderChanged(type: "folder"))),
      (try Self.path(), .folderChanged(FolderChanged(type: type, set: attributes))),
    ]
    try registry.apply(
      facts.enumerated().map { index, entry in
        let (folder, fact) = entry
        return Event(
          id: EventID("e-\(index)"), time: Date(timeIntervalSince1970: 1_795_000_000), site: "main",
          actor: Actor(name: "ada", trust: .claimed), project: name, folder: folder, fact: fact)
      })
    return try #require(registry.projects[name])
  }

  private func file(_ attributes: [String: String], type: String? = "shot") throws -> [FolderDeclaration] {
    [FolderDeclaration(path: try Self.path(), type: type, attributes: attributes)]
  }

  private func said(_ folders: DeclaredFolders) -> [String] {
    folders.changes.map { change in
      let set = (change.fact.set ?? [:]).sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
      return (["\(change.folder)", change.fact.type ?? "-"] + set).joined(separator: " ")
    }
  }

  @Test func `are made with those above them where they are not there`() throws {
    let folders = DeclaredFolders(try file(["fps": "24"]), former: [], in: nil)
    #expect(said(folders) == ["sq010 folder", "sq010/sh0010 shot fps=24"])
    #expect(folders.kept.isEmpty)
  }

  @Test func `change what the file says otherwise than before`() throws {
    let folders = DeclaredFolders(
      try file(["fps": "25"]), former: try file(["fps": "24"]), in: try project(["fps": "24", "range": "1-2"]))
    #expect(said(folders) == ["sq010/sh0010 - fps=25"])
    #expect(try folders.folders[Self.path()]?.attributes == ["fps": "25", "range": "1-2"])
  }

  @Test func `leave what was set since, and say so`() throws {
    let folders = DeclaredFolders(
      try file(["fps": "24", "range": "1-2"]), former: try file(["fps": "24", "range": "1-2"]),
      in: try project(["fps": "25"]))
    #expect(said(folders) == [])
    #expect(folders.kept.map(\.attribute) == ["fps", "range"])
    #expect(folders.kept.map(\.value) == ["25", nil] && folders.kept.map(\.file) == ["24", "1-2"])
  }

  @Test func `win over what was set where the file changed too`() throws {
    let folders = DeclaredFolders(
      try file(["fps": "30"]), former: try file(["fps": "24"]), in: try project(["fps": "25"]))
    #expect(said(folders) == ["sq010/sh0010 - fps=30"] && folders.kept.isEmpty)
  }

  @Test func `are taken where nobody knows what the file said before`() throws {
    let folders = DeclaredFolders(try file(["fps": "24"]), former: [], in: try project(["fps": "25"]))
    #expect(said(folders) == ["sq010/sh0010 - fps=24"])
  }

  @Test func `keep a type that was given since`() throws {
    let before = try file([:], type: "shot")
    let kept = DeclaredFolders(before, former: before, in: try project([:], type: "trailer"))
    #expect(said(kept) == [] && kept.kept.map(\.file) == ["shot"])
    let changed = DeclaredFolders(
      try file([:], type: "hero"), former: before, in: try project([:], type: "trailer"))
    #expect(said(changed) == ["sq010/sh0010 hero"])
  }
}
