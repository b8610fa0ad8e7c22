import Foundation
import SluiceAdapters
import SluiceGraph
import SluiceModel
import Testing

/// A pipeline file that is right, and what is said of it when a piece of it is wrong.
struct PipelineText {
  private let good: String

  init(_ good: String) { self.good = good }

  static func read(_ text: String) -> (pipeline: Pipeline?, problems: [PipelineProblem]) {
    do throws(PipelineProblem) { return PipelineReader.read(try YAMLDocument.read(text)) } catch {
      return (nil, [error])
    }
  }

  /// - Parameters:
  ///   - place: where the first problem is; the first time that it stands in the text.
  ///   - what: is in the problem's words; `fix`: begins what to do about it.
  func expectRefusal(
    replacing from: String, with to: String, at place: String, code: String, what: String, fix: String
  ) throws {
    let text = good.replacingOccurrences(of: from, with: to)
    let before = text.components(separatedBy: place)[0].components(separatedBy: "\n")
    let (pipeline, problems) = PipelineText.read(text)
    #expect(pipeline == nil)
    let problem = try #require(problems.first)
    #expect(problem.code == code)
    #expect([problem.line, problem.column] == [before.count, (before.last?.count ?? 0) + 1], "\(problem)")
    #expect(problem.what.contains(what), "\(problem.what)")
    #expect(problem.fix.hasPrefix(fix), "\(problem.fix)")
  }
}
