package import SluiceModel

extension Project {
  /// The shots in which an asset is cast.
  /// - Complexity: O(shots).
  package func shots(using asset: FolderPath) -> Set<FolderPath> {
    Set(casting.keys.filter { casting[$0]?.contains(asset) == true })
  }
}
