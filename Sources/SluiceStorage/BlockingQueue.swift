import Dispatch
import SluiceModel

/// Threads for calls that wait for a disk, so that they never hold up the cooperative pool.
struct BlockingQueue: Sendable {
  private let queue: DispatchQueue
  private let gate: DispatchSemaphore

  /// - Parameter width: calls at once; more wait.
  init(_ label: String, width: Int) {
    queue = DispatchQueue(label: label, attributes: .concurrent)
    gate = DispatchSemaphore(value: width)
  }

  func run<Value: Sendable>(
    _ work: @escaping @Sendable () throws(SluiceError) -> Value
  ) async throws(SluiceError) -> Value {
    let result: Result<Value, SluiceError> = await withCheckedContinuation { continuation in
      queue.async { [gate] in
        gate.wait()
        defer { gate.signal() }
        do throws(SluiceError) { continuation.resume(returning: .success(try work())) } catch {
          continuation.resume(returning: .failure(error))
        }
      }
    }
    return try result.get()
  }
}
