import SluiceAdapters
import SluiceGraph
import SluiceModel

/// A pipeline file, from text to steps: the same way for `check` and for the server.
enum PipelineFile {
  static func read(_ text: String) -> (pipeline: Pipeline?, problems: [PipelineProblem]) {
    do throws(PipelineProblem) {
      return PipelineReader.read(try YAMLDocument.read(text))
    } catch {
      return (nil, [error])
    }
  }
}
