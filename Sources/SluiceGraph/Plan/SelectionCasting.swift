package import SluiceModel

extension Project {
  /// The shots in which an asset is cast; none as long as nothing records who is cast where.
  package func shots(using asset: FolderPath) -> Set<FolderPath> { [] }
}
