package import SluiceModel

extension FolderDeclaration {
  /// The folders that declarations stand for, with the folders above them.
  package static func folders(_ declarations: [FolderDeclaration]) -> [Folder] {
    var found: [FolderPath: Folder] = [.root: Folder(path: .root, type: "project")]
    for declaration in declarations {
      found[declaration.path] = Folder(
        path: declaration.path, type: declaration.type ?? "folder", attributes: declaration.attributes)
    }
    for declaration in declarations {
      for above in declaration.path.ancestors where found[above] == nil {
        found[above] = Folder(path: above, type: "folder")
      }
    }
    return found.values.sorted { $0.path < $1.path }
  }
}
