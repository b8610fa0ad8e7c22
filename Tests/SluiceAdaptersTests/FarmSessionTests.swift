import Foundation
import SluiceModel
import Testing

@testable import SluiceAdapters

@Suite struct `The folder of a session with a queue manager` {
  private let bench = NSTemporaryDirectory() + "sluice-test-" + UUID().uuidString

  private func order(_ task: String, directory: String) -> TaskOrder {
    TaskOrder(
      task: TaskID(task), arguments: [], environment: [:], directory: bench, log: bench + "/log", timeoutSeconds: 1,
      session: OpenJD.SessionOrder(
        key: "key", directory: directory, environments: [], steps: [], variables: [:], paths: []))
  }

  private func session(_ task: String, _ key: String, in name: String = "session") throws -> FarmSession {
    let directory = name.hasPrefix("/") ? name : "\(bench)/\(name)"
    return try #require(FarmSession(of: order(task, directory: directory), key: key))
  }

  @Test func `is named after the task, so that the same work has the same paths`() throws {
    defer { try? FileManager.default.removeItem(atPath: bench) }
    let first = try session("r-1.1001", "a")
    #expect(first.claim() == bench + "/session/1001")
    first.remove()
    #expect(try session("r-2.1001", "b").claim() == bench + "/session/1001")
  }

  @Test func `of a job's task is another for each of its steps`() throws {
    let job = bench + "-job"
    defer { try? FileManager.default.removeItem(atPath: job) }
    #expect(try session("r-1.1", "a", in: job).claim() == job + "/r-1.1")
    #expect(try session("r-2.1", "b", in: job).claim() == job + "/r-2.1")
  }

  @Test func `is nobody else's, and only its own submission takes it away`() throws {
    defer { try? FileManager.default.removeItem(atPath: bench) }
    let (first, second) = (try session("r-1.1001", "a"), try session("r-1.1001", "b"))
    #expect(first.claim() == bench + "/session/1001")
    #expect(second.claim() == bench + "/session/1001-b")
    second.remove()
    #expect(FileManager.default.fileExists(atPath: bench + "/session/1001"))
    #expect(!FileManager.default.fileExists(atPath: bench + "/session/1001-b"))
    first.remove()
    #expect(!FileManager.default.fileExists(atPath: bench + "/session/1001"))
  }

  @Test func `is none for a command`() {
    var order = order("r-1.1", directory: bench + "/session")
    order.session = nil
    #expect(FarmSession(of: order, key: "a") == nil)
  }
}
