/// An Open Job Description template as what a step runs, and how the step's names become its parameters.
package struct StepBody: Sendable, Hashable, Codable {
  /// The template as JSON with sorted keys: what it says, whatever its layout and comments.
  package var template: String
  /// What job parameters get: texts with placeholders, as an argument of a command has them.
  package var parameters: [String: String]
  /// The job parameter that takes the frames to be made, as a range expression.
  package var framesParameter: String?
  /// The task parameter whose values are frames.
  package var frameTask: String?
  /// Whether one task makes all frames of a run, be it in many actions: steps of a template wait for each other.
  package var isOneTask: Bool
  /// Whether a task takes neighbouring frames only.
  package var isContiguous: Bool
  /// Where the template stood, for messages.
  package var file: String?

  package init(
    template: String, parameters: [String: String], framesParameter: String? = nil, frameTask: String? = nil,
    isOneTask: Bool = false, isContiguous: Bool = true, file: String? = nil
  ) {
    self.isOneTask = isOneTask
    (self.template, self.parameters, self.framesParameter) = (template, parameters, framesParameter)
    (self.frameTask, self.isContiguous, self.file) = (frameTask, isContiguous, file)
  }
}

extension Step {
  /// Frames dealt into tasks.
  package func tasks(of frames: FrameSet) -> [FrameSet] {
    guard let body else { return frames.chunks(of: chunk).map { FrameSet($0) } }
    guard !body.isOneTask else { return frames.isEmpty ? [] : [frames] }
    guard !body.isContiguous else { return frames.chunks(of: chunk).map { FrameSet($0) } }
    let all = Array(frames.frames)
    return stride(from: 0, to: all.count, by: chunk).map { FrameSet(all[$0..<min($0 + chunk, all.count)]) }
  }
}

extension StepBody {
  /// What of it decides a result, as words of a recipe.
  package var words: [String] {
    ["openjd", template] + parameters.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
      + [framesParameter, frameTask].map { "frames=\($0 ?? "")" }
  }
}
