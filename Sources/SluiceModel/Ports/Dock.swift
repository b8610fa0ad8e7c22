/// Where files of agents arrive that do not see the store: piece by piece, aside, until they are whole and right.
package protocol Dock: Sendable {
  /// Bytes of a file that are there; 0 where it is not.
  func size(of path: String) async -> Int64
  /// Writes a piece; the same one twice does no harm.
  /// - Returns: the file's size from now on.
  /// - Throws: `agent.file` where bytes before the piece are missing, `store.full`, `store.denied`.
  func write(_ bytes: [UInt8], to path: String, at offset: Int64) async throws(SluiceError) -> Int64
  /// Moves files that arrived whole from one folder to another.
  /// - Throws: `agent.file` where one is not what its sender says.
  func accept(_ files: [AgentFinish.Output], from folder: String, to target: String) async throws(SluiceError)
  func remove(_ path: String) async
  /// Writes a small file anew, so that it outlives a power cut.
  func leave(_ text: String, at path: String) async throws(SluiceError)
  /// What stands in a small file; nil where it is not there.
  func text(of path: String) async -> String?
}
