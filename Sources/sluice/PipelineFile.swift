import SluiceAdapters
import SluiceGraph
import SluiceModel

/// A pipeline file, from text to steps: the same way for `check` and for the server.
enum PipelineFile {
  /// - Parameter text: with the templates that its steps name behind it.
  static func read(_ text: String) -> (pipeline: Pipeline?, problems: [PipelineProblem]) {
    do throws(PipelineProblem) {
      var templates: [String: Result<TemplateFile.Checked, TemplateProblems>] = [:]
      for file in BodyFiles.parts(of: text).files {
        templates[file.name] = Result { () throws(TemplateProblems) in
          try TemplateFile.read(file.text, TemplateFile.Format(file: file.name))
        }
      }
      return PipelineReader.read(try YAMLDocument.read(text), templates: templates)
    } catch {
      return (nil, [error])
    }
  }

  /// A pipeline file from disk with the templates that its steps name behind it. One that is not there is left as it
  /// stands behind the file already, or is reported when the whole is read.
  static func whole(_ text: String, in folder: String) -> String {
    guard let document = try? YAMLDocument.read(text) else { return text }
    var files: [(name: String, text: String)] = []
    for name in BodyFiles.names(in: document) {
      var bytes: [UInt8] = []
      let path = name.hasPrefix("/") ? name : folder + "/" + name
      guard (try? LocalFiles.read(path, take: { bytes += $0 })) != nil,
        let content = String(validating: bytes, as: UTF8.self)
      else { continue }
      files.append((name, content))
    }
    return BodyFiles.joined(text, files)
  }
}
