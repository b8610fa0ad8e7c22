/// Work that a run did not have to do, counted at its end.
package struct SparedWork: Sendable, Equatable, Codable {
  /// Measured: what would have been made, and the bytes of the files that are there instead.
  package struct Amount: Sendable, Equatable, Codable {
    package var tasks: Int
    /// Nil for a step that does not work frame by frame.
    package var frames: Int?
    package var bytes: Int64
    package init(tasks: Int, frames: Int?, bytes: Int64) {
      (self.tasks, self.frames, self.bytes) = (tasks, frames, bytes)
    }
  }
  /// Not executed, because the inputs came out the same.
  package var cutOff: Amount?
  /// Taken from an earlier result of the same recipe.
  package var reused: Amount?
  /// Frames that stayed as they are, beside those that were made.
  package var carried: Amount?
  /// Core-seconds of a task of this step, measured: in this run, or in the last one that had to work; nil before one
  /// had.
  package var secondsPerTask: Double?

  package init(
    cutOff: Amount? = nil, reused: Amount? = nil, carried: Amount? = nil, secondsPerTask: Double? = nil
  ) {
    (self.cutOff, self.reused, self.carried) = (cutOff, reused, carried)
    self.secondsPerTask = secondsPerTask
  }
}
