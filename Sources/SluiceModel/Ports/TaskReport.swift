/// How a task ended, and what it took of its machine.
package struct TaskReport: Sendable, Hashable {
  package var end: TaskEnd
  /// Nil where nobody looked, or it was over before.
  package var used: TaskUse?
  package init(end: TaskEnd, used: TaskUse? = nil) { (self.end, self.used) = (end, used) }
}

extension TaskLauncher {
  // tidy: what a port does where nobody says it better; it passes on and waits for nothing of its own
  package func report(_ order: TaskOrder) async -> TaskReport { TaskReport(end: await launch(order)) }
}
