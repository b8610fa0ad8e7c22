import Logging
import SluiceModel
import SluicePolicy

/// A store whose disk is full: that is no task's failure, and takes no try from it. Nothing begins until there is room.
extension Runner {
  /// Takes a task back that found no room for what it makes.
  /// - Parameter failure: why it did not succeed.
  /// - Returns: whether it waits again; false where it failed for a reason of its own, or found no room too often.
  func takesBack(_ given: Farm.Given, _ run: Going, _ end: TaskEnd, _ failure: inout SluiceError?) async -> Bool {
    guard let found = failure, !isStopping, await isOfFullDisk(end, found) else { return false }
    let words = "the disk of the store is full"
    failure = SluiceError(
      .storeFull, what: found.code == .storeFull ? found.what : "\(words), and so \(found.what)",
      at: "task \(given.task)", fix: "free some space where the data folder is, then `sluice retry \(given.task.run)`")
    guard !farm.isTooMuch(given.task), !cancelled.contains(given.task.run) else { return false }
    parts.logger.warning("the task \(given.task) waits again: \(found.what)")
    if storeTrouble == nil {
      storeTrouble = words
      post.yield(.room)
    }
    return true
  }

  private func isOfFullDisk(_ end: TaskEnd, _ failure: SluiceError) async -> Bool {
    if failure.code == .storeFull { return true }
    switch end {
    case .exited, .signaled, .failed, .actionFailed: return await !parts.workshop.hasRoom()
    case .cancelled, .timedOut, .notFound, .overMemory, .actionTimedOut: return false
    }
  }

  /// Waits until there is room, and lets tasks begin.
  func awaitRoom() async {
    repeat {
      do { try await parts.ambient.sleep(.seconds(1)) } catch { break }
      if isStopping { return }
    } while await !parts.workshop.hasRoom()
    storeTrouble = nil
    pump()
  }
}
