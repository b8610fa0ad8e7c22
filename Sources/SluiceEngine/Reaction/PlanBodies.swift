package import SluiceGraph
package import SluiceModel
import Synchronization

/// Plans out of the log's blobs; of the last ones it remembers what is asked again at each look at a project.
package final class PlanBodies: Sendable {
  /// What a plan says of one of its runs.
  package struct Run: Sendable, Equatable {
    package let unit: UnitID
    package let work: Digest?
    package let frames: FrameSet?
  }

  private struct Remembered {
    var runs: [Digest: [RunID: Run]] = [:]
    var order: [Digest] = []
    var count = 0
  }

  private let log: any EventLog
  private let remembered = Mutex(Remembered())

  package init(log: any EventLog) { self.log = log }

  /// - Throws: `log.failed`; nil for a blob that is not there or is no plan.
  package func plan(_ body: Digest) throws(SluiceError) -> Plan? {
    guard let bytes = try log.blob(body) else { return nil }
    return try? StableJSON.decode(Plan.self, from: bytes)
  }

  /// The runs of a plan; none where it cannot be read.
  package func runs(of body: Digest) throws(SluiceError) -> [RunID: Run] {
    if let known = remembered.withLock({ $0.runs[body] }) { return known }
    let runs = Dictionary(
      (try plan(body)?.runs ?? []).map { run in
        (run.id, Run(unit: UnitID(step: run.step, folder: run.folder), work: run.work, frames: run.frames))
      }, uniquingKeysWith: { first, _ in first })
    remembered.withLock { remembered in
      guard remembered.runs.updateValue(runs, forKey: body) == nil else { return }
      remembered.order.append(body)
      remembered.count += runs.count
      while remembered.count > Limits.rememberedRuns, remembered.order.count > 1 {
        remembered.count -= remembered.runs.removeValue(forKey: remembered.order.removeFirst())?.count ?? 0
      }
    }
    return runs
  }
}
