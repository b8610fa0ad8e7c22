import AsyncHTTPClient
import FoundationEssentials
import Glibc
import NIOCore
import SluiceAdapters
import SluiceModel

/// Brings the inputs of tasks to an agent that does not see the store, and its outputs and logs back.
actor Courier {
  private let client: Client
  private let shelf: Shelf
  /// Tasks on each bench; the first lays it anew, the last takes it away.
  private var users: [String: Int] = [:]
  /// Logs of tasks whose sessions may have something to say yet, by the sessions' keys.
  private var spoken: [String: [Trip]] = [:]

  /// Whom tasks run as, where that is another than this program: then what they may change is not to be trusted.
  private let user: TaskUser?

  init(client: Client, shelf: Shelf, user: TaskUser? = nil) {
    (self.client, self.shelf, self.user) = (client, shelf, user)
  }

  /// What is known of a task while it is here.
  struct Trip: Sendable {
    let task: AgentTask
    let transfer: AgentTransfer
    let joined: AgentJoined
    /// The bench on this machine.
    let bench: String
    let log: String
    /// The order with the paths of this machine.
    let order: TaskOrder
    fileprivate let taken: [Digest]
    fileprivate var place: String { "agents/\(Client.escaped(joined.agent))/leases/\(task.lease)" }
  }

  private var benches: String { shelf.root + "/work" }
  private var logs: String { shelf.root + "/logs" }
  private nonisolated var sessions: String { shelf.root + "/sessions" }

  /// Where an order's sessions make their working directories: in a folder of this agent's own, named as on the server,
  /// so that the same work has the same paths.
  nonisolated func sessionFolder(of order: TaskOrder) -> String {
    let parts = (order.session?.directory ?? "").split(separator: "/").suffix(4)
    return "\(sessions)/\(parts.joined(separator: "/"))"
  }

  /// Whether the disk that it keeps and works on has no room.
  nonisolated var isFull: Bool {
    var status = statvfs()
    guard statvfs(shelf.root, &status) == 0 else { return false }
    return UInt64(status.f_bavail) * UInt64(status.f_frsize) < Limits.agentRoomBytes
  }

  nonisolated var fullWords: String { "its disk is full (\(shelf.root))" }

  /// Takes away what it keeps and no task reads.
  func makeRoom() async { _ = await shelf.clear() }

  // MARK: There

  /// Lays the bench of a task with its inputs.
  /// - Throws: what the server says, `publish.digestMismatch` where a file arrived with other bytes, `store.full`.
  func bring(_ task: AgentTask, _ transfer: AgentTransfer, _ joined: AgentJoined) async throws -> Trip {
    let bench = "\(benches)/\(transfer.bench)"
    let log = "\(logs)/\(task.order.task)-\(task.lease).log"
    let place = "agents/\(Client.escaped(joined.agent))/leases/\(task.lease)"
    users[bench, default: 0] += 1
    if users[bench] == 1 { GuardedFolder.remove(bench) }
    var taken: [Digest] = []
    do {
      try clear(bench)
      // Where sessions are made must be there before a task is.
      if let session = task.order.session { try makeFolder(session.directory) }
      for input in transfer.inputs {
        try Task.checkCancellation()
        if await !shelf.take(input.sha256) { try await bring(input, task.lease, place, joined) }
        taken.append(input.sha256)
        try link(shelf.path(of: input.sha256), at: bench + "/" + input.path)
      }
      for folder in transfer.folders {
        try makeFolder(bench + "/" + folder, ofTask: true)
      }
      // What an attempt of before left there is no output of this one.
      let floor = GuardedFolder.open(bench)
      for output in transfer.outputs ?? [] { floor?.unlink(output) }
      return Trip(
        task: task, transfer: transfer, joined: joined, bench: bench, log: log,
        order: try task.order.moved(to: bench, log: log), taken: taken)
    } catch {
      await shelf.putBack(taken)
      leave(bench)
      throw error
    }
  }

  /// A bench on which another user works: that may put there what it wants, and move nothing of what lies there.
  private func clear(_ bench: String) throws {
    guard let user else { return }
    try GuardedFolder.open(shelf.root)?.make(
      String(bench.dropFirst(shelf.root.count)), owner: nil, group: user.group, mode: 0o1770)
    for name in ["in", "out"] { try makeFolder("\(bench)/\(name)") }
  }

  /// - Parameter ofTask: whether the task's user has it for itself.
  private func makeFolder(_ path: String, ofTask: Bool = false) throws {
    if let user {
      let owner = ofTask ? user : nil
      try GuardedFolder.open(shelf.root)?.make(
        String(path.dropFirst(shelf.root.count)), owner: owner?.user, group: owner?.group, mode: ofTask ? 0o750 : 0o755)
      return
    }
    do {
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    } catch {
      throw isFull ? SluiceError(.storeFull, what: "the disk is full", at: path, fix: "free some space") : error
    }
  }

  private func link(_ target: String, at path: String) throws {
    try PathRule.require(FileName.last(path))
    try makeFolder(FileName.parent(path))
    // Another task on this bench may be about to open it: at no time is it away.
    let aside = path + ".laying"
    unlink(aside)
    guard symlink(target, aside) == 0, rename(aside, path) == 0 else { throw LocalFiles.failure("link", path) }
  }

  /// Brings a file; where there is no room for it, what no task reads makes room first.
  private func bring(
    _ input: AgentTransfer.Input, _ lease: UInt64, _ place: String, _ joined: AgentJoined
  ) async throws {
    do {
      try await fetch(input, lease, place, joined)
    } catch let error as SluiceError where error.code == .storeFull {
      guard await shelf.clear() else { throw error }
      try await fetch(input, lease, place, joined)
    }
  }

  private func fetch(
    _ input: AgentTransfer.Input, _ lease: UInt64, _ place: String, _ joined: AgentJoined
  ) async throws {
    let path = shelf.path(of: input.sha256)
    try makeFolder(FileName.parent(path))
    let temporary = "\(path).\(lease).part"
    unlink(temporary)
    let descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw LocalFiles.failure("write", temporary) }
    do {
      defer { close(descriptor) }
      var hash = Digest.Stream()
      var size: Int64 = 0
      var failures = 0
      while size < input.size || input.size == 0 {
        do {
          let response = try await client.send(
            .GET, "\(place)/inputs/\(input.sha256.hex)",
            headers: [("X-Sluice-Session", joined.session)] + (size > 0 ? [("Range", "bytes=\(size)-")] : []))
          for try await buffer in response.body {
            let bytes = Array(buffer.readableBytesView)
            try bytes.withUnsafeBytes { try LocalFiles.write($0, to: descriptor, temporary) }
            hash.update(bytes)
            size += Int64(bytes.count)
          }
          if size >= input.size { break }
        } catch {
          // A connection that breaks is taken up where it broke.
          if let error = error as? SluiceError, error.code != .serverUnreachable { throw error }
          failures += 1
          guard failures < 5 else { throw error }
          try await Machine.ambient.sleep(.milliseconds(200))
        }
      }
      guard size == input.size, hash.finish() == input.sha256 else {
        throw SluiceError(
          .publishDigest, what: "the input '\(input.path)' arrived with other bytes than it has in the store",
          at: "task", fix: "if it happens again, the store is damaged: restore the file from a backup")
      }
    } catch {
      unlink(temporary)
      throw error
    }
    try await shelf.put(input.sha256, size: input.size, from: temporary)
  }

  // MARK: Back

  /// Sends what the task has made.
  func send(_ trip: Trip) async throws -> [AgentFinish.Output] {
    var sent: [AgentFinish.Output] = []
    guard let floor = GuardedFolder.open(trip.bench) else { return [] }
    for path in trip.transfer.outputs ?? trip.transfer.folders.flatMap({ floor.names(in: $0) }) {
      guard let file = floor.file(path, owner: user?.user) else { continue }
      try await send(file, to: "\(trip.place)/outputs", [("path", path)], trip)
      sent.append(AgentFinish.Output(path: path, sha256: try file.digest(), size: file.size))
    }
    return sent
  }

  private struct Received: Decodable { var size: Int64 }

  /// Sends a file piece by piece, and after a broken connection from where the server has it.
  private func send(
    _ file: GuardedFile, to place: String, _ query: [(String, String?)], _ trip: Trip
  ) async throws {
    var offset: Int64 = 0
    var failures = 0
    repeat {
      let piece = try file.piece(at: offset, Limits.agentPieceBytes)
      do throws(SluiceError) {
        offset = try await put(piece, at: offset, place, query, trip)
      } catch {
        failures += 1
        guard error.code == .serverUnreachable, failures < 20 else { throw error }
        try await Machine.ambient.sleep(.milliseconds(300))
        if let there = try? await put([], at: 0, place, query, trip) { offset = min(there, file.size) }
        continue
      }
      if piece.isEmpty { return }
    } while offset < file.size
  }

  private func put(
    _ bytes: [UInt8], at offset: Int64, _ place: String, _ query: [(String, String?)], _ trip: Trip
  ) async throws(SluiceError) -> Int64 {
    let response = try await client.send(
      .PUT, place, query + [("offset", "\(offset)")], body: .bytes(bytes), type: "application/octet-stream",
      headers: [("X-Sluice-Session", trip.joined.session)], timeout: .minutes(5))
    do {
      return try StableJSON.decode(Received.self, from: try await client.collect(response)).size
    } catch let error as SluiceError {
      throw error
    } catch {
      throw SluiceError(
        .serverAnswer, what: "the server's answer cannot be read: \(error)", at: place,
        fix: "use an agent and a server of the same version")
    }
  }

  /// Sends the log as it grows, until it is cancelled.
  func followLog(_ trip: Trip) async {
    while !Task.isCancelled {
      await sendLog(trip)
      try? await Machine.ambient.sleep(.seconds(1))
    }
  }

  /// Sends what the server does not have of the log.
  func sendLog(_ trip: Trip) async {
    let place = "\(trip.place)/log"
    guard var offset = try? await put([], at: 0, place, [], trip) else { return }
    while let piece = try? LocalFiles.piece(of: trip.log, at: offset, Limits.agentPieceBytes), !piece.isEmpty {
      guard let there = try? await put(piece, at: offset, place, [], trip), there > offset else { return }
      offset = there
    }
  }

  /// Finds what an earlier agent left.
  /// - Throws: `agent.user`, `agent.cache`, `store.denied`, `store.full`.
  func unpack() async throws {
    if let user {
      try FileManager.default.createDirectory(atPath: shelf.root, withIntermediateDirectories: true)
      // Before anything is opened there.
      try await user.requireWay(to: shelf.root)
    }
    try await shelf.open()
    for folder in [benches, sessions, logs] { GuardedFolder.remove(folder) }
  }

  func end(_ trip: Trip) async {
    await shelf.putBack(trip.taken)
    leave(trip.bench)
    guard let key = trip.order.session?.key else {
      unlink(trip.log)
      return
    }
    // What was sent is not kept here; whoever writes there appends.
    truncate(trip.log, 0)
    spoken[key, default: []].append(trip)
  }

  /// Sends what sessions said when they were left.
  func sendLastWords(of key: String) async {
    for trip in spoken.removeValue(forKey: key) ?? [] {
      var offset: Int64 = 0
      while let piece = try? LocalFiles.piece(of: trip.log, at: offset, Limits.agentPieceBytes), !piece.isEmpty,
        let there = try? await put(piece, at: offset, "\(trip.place)/log", [], trip)
      { offset = there }
      unlink(trip.log)
    }
  }

  private func leave(_ bench: String) {
    users[bench, default: 1] -= 1
    guard users[bench] == 0 else { return }
    users[bench] = nil
    GuardedFolder.remove(bench)
  }
}

extension TaskOrder {
  /// The same order on another machine's bench: every path below the server's bench becomes one below its own.
  fileprivate func moved(to bench: String, log: String) throws -> TaskOrder {
    let text = try StableJSON.decode(JSONValue.self, from: StableJSON.encode(self))
    guard case .object(var fields) = text.replacing(directory, by: bench) else { return self }
    fields["log"] = .string(log)
    return try StableJSON.decode(TaskOrder.self, from: StableJSON.encode(JSONValue.object(fields)))
  }
}

extension JSONValue {
  /// With a folder's path replaced in all texts, where it is a whole path or the beginning of one.
  fileprivate func replacing(_ folder: String, by other: String) -> JSONValue {
    switch self {
    case .string(let text):
      if text == folder { return .string(other) }
      return .string(text.replacing(folder + "/", with: other + "/"))
    case .array(let values): return .array(values.map { $0.replacing(folder, by: other) })
    case .object(let fields): return .object(fields.mapValues { $0.replacing(folder, by: other) })
    case .null, .bool, .integer, .number: return self
    }
  }
}
