import Foundation
import SluiceAdapters
import SluiceModel
import Testing

/// A template that `tools/openjd-mutants` broke or changed, and what `openjd-model` 0.13.0 says of it.
private struct Mutant: Decodable {
  struct Job: Decodable {
    struct Step: Decodable, Equatable {
      var name: String
      var tasks: Int
      var first: [[String: String]]
      var last: [String: String]
      var dependencies: [String]
    }
    var name: String
    var order: [String]
    var parameters: [String: String]
    var steps: [Step]
  }
  var id: String
  var template: String
  var values: [String: String]
  var valid: Bool
  /// What it becomes with the values; nil where they make no job.
  var job: Job?
}

/// Those of `Fixtures`, with expressions and without, or of the file that `SLUICE_OPENJD_MUTANTS` names.
@Suite struct `Mutated templates` {
  private static let files: [String] = {
    if let named = ProcessInfo.processInfo.environment["SLUICE_OPENJD_MUTANTS"] { return [named] }
    let folder = #filePath.split(separator: "/").dropLast().reduce(into: "") { $0 += "/\($1)" }
    return ["openjd-mutants", "openjd-typed-mutants"].map { "\(folder)/Fixtures/\($0).jsonl" }
  }()

  private func job(_ mutant: Mutant, _ template: OpenJD.JobTemplate) -> Mutant.Job? {
    guard
      let job = try? template.job(mutant.values, folders: OpenJD.Folders(template: "/tmp/t", working: "/tmp/w"))
    else { return nil }
    return Mutant.Job(
      name: job.name, order: job.order,
      parameters: Dictionary(uniqueKeysWithValues: job.parameters.map { ($0.name, $0.value) }),
      steps: job.steps.map { step in
        Mutant.Job.Step(
          name: step.name, tasks: step.space.count, first: (0..<min(4, step.space.count)).map { step.space[$0] },
          last: step.space[step.space.count - 1], dependencies: step.dependencies)
      })
  }

  @Test(arguments: files)
  func `are accepted, refused and made into jobs as openjd-model does`(file: String) throws {
    let lines = try #require(FileManager.default.contents(atPath: file)).split(separator: 0x0A)
    var jobs = 0
    for line in lines {
      let mutant = try JSONDecoder().decode(Mutant.self, from: Data(line))
      let checked: TemplateFile.Checked
      do {
        checked = try TemplateFile.read(mutant.template, .json)
      } catch {
        // What no job can be made of may be refused at once.
        #expect(!mutant.valid || mutant.job == nil, "\(mutant.id): \(error.problems)")
        continue
      }
      #expect(mutant.valid, "\(mutant.id): \(mutant.template)")
      guard case .job(let template) = checked.template else { continue }
      let (ours, theirs) = (job(mutant, template), mutant.job)
      jobs += theirs == nil ? 0 : 1
      #expect(ours?.name == theirs?.name, "\(mutant.id)")
      #expect(ours?.order == theirs?.order, "\(mutant.id)")
      #expect(ours?.parameters == theirs?.parameters, "\(mutant.id)")
      #expect(ours?.steps == theirs?.steps, "\(mutant.id)")
    }
    #expect(lines.count >= 100 && jobs >= 10)
  }
}
