import SluiceEngine
import SluiceGraph
import SluiceModel
import SluiceTestKit

extension RunCounts {
  /// `succeeded failed unchanged reused cancelled`.
  var short: [Int] { [succeeded, failed, unchanged, reused, cancelled] }
}

extension MemorySite {
  func latest(_ spoken: String) throws -> Version {
    try writer.current.version(Reference("demo/\(spoken)"))
  }

  func text(_ spoken: String, _ file: String) throws -> String? {
    let version = try latest(spoken)
    return disk.text(
      store.path(of: file, representation: version.published.representations[0].name, at: version.address))
  }

  func isCurrent() async throws -> Bool {
    try await queries.status("demo", onlyStale: false).products.allSatisfy { $0.state == .current }
  }
}
