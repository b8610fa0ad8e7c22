import SluiceGraph
import SluiceModel

/// What goes on at each unit: kept up run by run, so that whoever asks looks and nobody counts. Pure.
struct ActivityBoard: Sendable {
  private var open: [UnitPlace: Set<RunID>] = [:]
  private var processes: [RunID: Int] = [:]
  private var shown: [ProjectName: Table<UnitID, Activity>] = [:]

  private struct UnitPlace: Hashable {
    let project: ProjectName
    let unit: UnitID
  }

  func activities(in project: ProjectName) -> Table<UnitID, Activity> { shown[project] ?? [:] }

  /// A run of a plan that goes on.
  mutating func add(_ run: PlannedRun, in project: ProjectName) {
    let place = UnitPlace(project: project, unit: UnitID(step: run.step, folder: run.folder))
    open[place, default: []].insert(run.id)
    show(place)
  }

  /// It has ended.
  mutating func remove(_ run: PlannedRun, in project: ProjectName) {
    let place = UnitPlace(project: project, unit: UnitID(step: run.step, folder: run.folder))
    open[place]?.remove(run.id)
    if open[place]?.isEmpty == true { open[place] = nil }
    show(place)
  }

  /// One of its processes begins or ends.
  mutating func count(_ change: Int, of run: PlannedRun, in project: ProjectName) {
    let before = processes[run.id] ?? 0
    processes[run.id] = before + change == 0 ? nil : before + change
    // One more or less of several shows nothing new.
    if (before == 0) != (before + change == 0) {
      show(UnitPlace(project: project, unit: UnitID(step: run.step, folder: run.folder)))
    }
  }

  private mutating func show(_ place: UnitPlace) {
    let runs = open[place]
    let isRunning = runs?.contains { processes[$0] != nil } == true
    shown[place.project, default: [:]][place.unit] = runs == nil ? nil : isRunning ? .running : .queued
  }
}
