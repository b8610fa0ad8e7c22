import Glibc
import SluiceModel

/// Prints logs of tasks: of one as it is, of several under headings; follows what still runs.
struct TaskLogs {
  /// A task whose log is read.
  private struct Reading {
    var attempt: String?
    var offset = 0
    /// What has come of a line without its end, where lines of several tasks are told apart.
    var rest: [UInt8] = []
  }

  private struct Piece: Encodable {
    var task: String
    var log: String
  }

  let options: ServerOptions
  let isFollowing: Bool

  /// - Parameter id: of a job, a plan, a run or a task.
  func print(_ id: String) async throws {
    if id.contains(".") { return try await printTask(id) }
    if isFollowing { return try await followAll(id) }
    let tasks = try await tasks(of: id).tasks
    if tasks.isEmpty { Console.complain("sluice: nothing of \(id) has begun") }
    for task in tasks {
      var reading = Reading()
      guard let bytes = try await readIfThere("\(task.task)", &reading) else { continue }
      if options.json {
        Console.json(Piece(task: "\(task.task)", log: String(decoding: bytes, as: UTF8.self)))
      } else {
        Console.write(Array("== \(task.task) \(task.step) \(task.status.rawValue)\n".utf8))
        Console.write(bytes.last == 0x0A || bytes.isEmpty ? bytes : bytes + [0x0A])
      }
    }
  }

  private func tasks(of id: String) async throws -> TasksAnswer {
    try await options.client.get("tasks", id.hasPrefix("p-") ? [("plan", id)] : [("run", id)])
  }

  // MARK: One

  private func printTask(_ id: String) async throws {
    var reading = Reading()
    var isTold = false
    while isFollowing {
      let task: TaskAnswer = try await options.client.get("tasks/\(Client.escaped(id))")
      if task.status == .waiting, !isTold {
        isTold = true
        Console.complain("sluice: \(id) waits. \(task.why ?? "")")
      }
      if let bytes = try await readIfThere(id, &reading) { tell(id, bytes) }
      if task.isOver { return }
      try await Machine.ambient.sleep(.milliseconds(500))
    }
    let bytes = try await read(id, &reading)
    if options.json { return Console.json(Piece(task: id, log: String(decoding: bytes, as: UTF8.self))) }
    Console.write(bytes)
  }

  private func tell(_ id: String, _ bytes: [UInt8]) {
    guard !bytes.isEmpty else { return }
    if options.json {
      Console.json(Piece(task: id, log: String(decoding: bytes, as: UTF8.self)))
    } else {
      Console.write(bytes)
    }
    flushOutput()
  }

  // MARK: Several

  /// Whole lines as they come, each with its task before it.
  private func followAll(_ id: String) async throws {
    var readings: [TaskID: Reading] = [:]
    var isRead: Set<TaskID> = []
    while true {
      let isOver = try await isOver(id)
      for task in try await tasks(of: id).tasks where !isRead.contains(task.task) && task.status != .waiting {
        var reading = readings[task.task] ?? Reading()
        let bytes = try await readIfThere("\(task.task)", &reading) ?? []
        tell(lines: bytes, of: task.task, &reading, isLast: task.isOver)
        readings[task.task] = reading
        if task.isOver { isRead.insert(task.task) }
      }
      flushOutput()
      if isOver { return }
      try await Machine.ambient.sleep(.milliseconds(500))
    }
  }

  private func tell(lines bytes: [UInt8], of task: TaskID, _ reading: inout Reading, isLast: Bool) {
    reading.rest += bytes
    if isLast, !reading.rest.isEmpty, reading.rest.last != 0x0A { reading.rest.append(0x0A) }
    guard let end = reading.rest.lastIndex(of: 0x0A) else { return }
    let whole = reading.rest[...end]
    reading.rest = Array(reading.rest[(end + 1)...])
    if options.json {
      return Console.json(Piece(task: "\(task)", log: String(decoding: whole, as: UTF8.self)))
    }
    var text: [UInt8] = []
    for line in whole.dropLast().split(separator: 0x0A, omittingEmptySubsequences: false) {
      text += Array("\(task): ".utf8) + line + [0x0A]
    }
    Console.write(text)
  }

  private func isOver(_ id: String) async throws -> Bool {
    if !id.hasPrefix("p-") {
      let shown: RunShown = try await options.client.get("runs/\(Client.escaped(id))")
      return shown.run.isOver
    }
    let shown: PlanShown = try await options.client.get("plans/\(Client.escaped(id))")
    return shown.state?.status != .running
  }

  // MARK: Reading

  /// Nil where it has written nothing yet, or its result came from an earlier run.
  private func readIfThere(_ id: String, _ reading: inout Reading) async throws(SluiceError) -> [UInt8]? {
    do throws(SluiceError) {
      return try await read(id, &reading)
    } catch {
      guard error.code == .taskUnknown else { throw error }
      return nil
    }
  }

  /// What has come since, to its end as it is now. A task that began anew is read anew.
  private func read(_ id: String, _ reading: inout Reading) async throws(SluiceError) -> [UInt8] {
    var bytes: [UInt8] = []
    while true {
      let response = try await options.client.send(
        .GET, "tasks/\(Client.escaped(id))/log", [("from", "\(reading.offset)")])
      let attempt = Client.header("X-Sluice-Log-Attempt", of: response)
      if reading.attempt != nil, attempt != reading.attempt {
        (reading.attempt, reading.offset) = (attempt, 0)
        continue
      }
      reading.attempt = attempt
      let size = Client.header("X-Sluice-Log-Size", of: response).flatMap { Int($0) } ?? 0
      let piece = try await options.client.collect(response)
      bytes += piece
      reading.offset += piece.count
      if piece.isEmpty || reading.offset >= size { return bytes }
    }
  }
}
