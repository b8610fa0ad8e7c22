package import SluiceGraph
package import SluiceModel

/// What the folders of a pipeline file add to a project and change in it. Pure.
///
/// A file says how folders begin; people and cuts say the rest. So of a folder that is there only that is changed which
/// the file says otherwise than the file before it did.
package struct DeclaredFolders: Sendable {
  /// The folders as they are then.
  package private(set) var folders: [FolderPath: Folder]
  package private(set) var changes: [(folder: FolderPath, fact: FolderChanged)] = []
  /// What was set since the file before, and stays.
  package private(set) var kept: [KeptAttribute] = []

  /// - Parameter former: what the file said that was applied before; empty where nobody knows.
  package init(_ declared: [FolderDeclaration], former: [FolderDeclaration], in project: Project?) {
    folders = [.root: Folder(path: .root, type: "project")]
    for folder in project?.folders.values.map({ $0 }) ?? [] { folders[folder.path] = folder }
    let earlier = Dictionary(former.map { ($0.path, $0) }, uniquingKeysWith: { _, last in last })
    let types = Dictionary(declared.map { ($0.path, $0.type) }, uniquingKeysWith: { _, last in last })
    for folder in FolderDeclaration.folders(declared) where !folder.path.isRoot {
      take(folder, type: types[folder.path] ?? nil, earlier[folder.path])
    }
  }

  private mutating func take(_ declared: Folder, type: String?, _ former: FolderDeclaration?) {
    guard var known = folders[declared.path] else {
      folders[declared.path] = declared
      changes.append(
        (declared.path, FolderChanged(type: declared.type, set: Self.ifAny(declared.attributes))))
      return
    }
    var set: [String: String] = [:]
    for (key, value) in declared.attributes.sorted(by: { $0.key < $1.key }) where known.attributes[key] != value {
      guard former?.attributes[key] == value else {
        set[key] = value
        continue
      }
      kept.append(KeptAttribute(folder: declared.path, attribute: key, value: known.attributes[key], file: value))
    }
    var newType = type.flatMap { $0 == known.type ? nil : $0 }
    if let type = newType, former?.type == type {
      kept.append(KeptAttribute(folder: declared.path, attribute: "type", value: known.type, file: type))
      newType = nil
    }
    guard newType != nil || !set.isEmpty else { return }
    changes.append((declared.path, FolderChanged(type: newType, set: Self.ifAny(set))))
    known.type = newType ?? known.type
    known.attributes.merge(set) { _, new in new }
    folders[declared.path] = known
  }

  private static func ifAny(_ set: [String: String]) -> [String: String]? { set.isEmpty ? nil : set }
}
