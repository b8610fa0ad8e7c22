import SluiceGraph
import SluiceModel

extension SparedWork {
  /// What a run that made something did not have to make; nil where it made all.
  /// - Parameters:
  ///   - reused: pieces that an earlier result was taken for.
  ///   - manifests: of the versions that it made.
  init?(
    _ order: RunOrder, run: RunID, reused: Set<RunOrder.Piece>, manifests: [Manifest], secondsPerTask: Double?
  ) {
    self.init()
    let isPerFrame = order.unit.step.isPerFrame
    let taken = Set(reused.map(\.frame))
    let kept = order.carried.subtracting(order.leftOut)
    if !taken.isEmpty {
      self.reused = Amount(
        tasks: order.tasks(for: Array(reused), run: run).count, frames: isPerFrame ? taken.count : nil,
        bytes: SparedWork.bytes(of: manifests) { !isPerFrame || taken.contains($0) })
    }
    if isPerFrame, !kept.isEmpty {
      carried = Amount(
        tasks: order.unit.step.tasks(of: kept).count, frames: kept.count,
        bytes: SparedWork.bytes(of: manifests) { $0.map(kept.contains) ?? false })
    }
    guard self.reused != nil || carried != nil else { return nil }
    self.secondsPerTask = secondsPerTask.map(SparedWork.rounded)
  }

  /// What a run was planned to make and did not, because its inputs came out the same.
  /// - Parameter manifests: of the versions that are there.
  init(unchanged run: PlannedRun, manifests: [Manifest], secondsPerTask: Double?) {
    self.init()
    cutOff = Amount(
      tasks: run.tasks, frames: run.frames?.count,
      bytes: SparedWork.bytes(of: manifests) { frame in
        run.frames.map { frames in frame.map(frames.contains) ?? false } ?? true
      })
    self.secondsPerTask = secondsPerTask.map(SparedWork.rounded)
  }

  private static func bytes(of manifests: [Manifest], _ counts: (Int?) -> Bool) -> Int64 {
    manifests.flatMap { $0.representations.prefix(1).flatMap(\.files) }
      .reduce(0) { counts($1.frame) ? $0 + $1.size : $0 }
  }

  private static func rounded(_ seconds: Double) -> Double { (seconds * 1_000).rounded() / 1_000 }
}

extension Runner {
  /// Nothing where a manifest cannot be read: that a run need not work is no reason to fail it.
  func spared(_ order: RunOrder, by run: PlannedRun) -> SparedWork? {
    let versions = order.base.compactMap { $0 }
    let manifests = versions.compactMap { try? parts.manifests.manifest($0.published.manifest) }
    guard manifests.count == versions.count, let project = versions.first?.address.product.project else { return nil }
    let timing = parts.writer.current.projects[project]?.timings[run.step]
    return SparedWork(unchanged: run, manifests: manifests, secondsPerTask: timing?.secondsPerTask)
  }
}
