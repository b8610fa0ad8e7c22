/// Lets a few through at a time.
actor Gate {
  private var free: Int
  private var waiting: [CheckedContinuation<Void, Never>] = []

  init(width: Int) { free = width }

  func run<Value: Sendable>(_ work: @Sendable () async -> Value) async -> Value {
    if free > 0 {
      free -= 1
    } else {
      await withCheckedContinuation { waiting.append($0) }
    }
    let value = await work()
    if waiting.isEmpty { free += 1 } else { waiting.removeFirst().resume() }
    return value
  }
}
