import SluiceGraph
package import SluiceModel
import SluicePolicy

/// Files of tasks whose agents do not see the store.
extension Runner {
  /// What an agent may read and write for one task.
  struct Transfer: Sendable {
    /// Paths in the store.
    let inputs: [Digest: (path: String, size: Int64)]
    let bench: String
    /// Where what it sends lies aside.
    let aside: String
    let folders: [String]
    let outputs: Set<String>?
    let log: String
    /// Bytes of the log that earlier attempts wrote.
    let logStart: Int64
    /// What it said it has sent.
    var sent: [AgentFinish.Output] = []
  }

  /// - Throws: `store.damaged`, `agent.file` where this server takes no files of agents.
  func transfer(
    _ given: Farm.Given, _ order: TaskOrder, _ run: Going
  ) async throws(SluiceError) -> (told: AgentTransfer, kept: Transfer) {
    guard let dock = parts.dock else {
      throw SluiceError(
        .agentFile, what: "this server takes no files of agents", at: "agent '\(given.lease.agent)'",
        fix: "let the agent see the data folder")
    }
    let pieces = run.tasks[given.task] ?? []
    let plan = try BenchPlan(
      run.order, frames: FrameSet(pieces.compactMap(\.frame)), directory: order.directory, manifests: parts.manifests,
      store: parts.store)
    var inputs: [AgentTransfer.Input] = []
    var paths: [Digest: (path: String, size: Int64)] = [:]
    for link in plan.links {
      guard let file = link.file else { continue }
      let content = try await content(of: file)
      inputs.append(AgentTransfer.Input(path: link.name, sha256: content, size: file.size))
      paths[content] = (link.target, file.size)
    }
    let isOpen = run.order.unit.step.hasOpenOutputs
    let outputs = isOpen ? nil : pieces.flatMap { plan.outputs(of: $0).map(\.path) }
    let told = AgentTransfer(
      bench: order.directory.split(separator: "/").suffix(3).joined(separator: "/"), inputs: inputs,
      folders: plan.outputFolders, outputs: outputs)
    let kept = Transfer(
      inputs: paths, bench: order.directory, aside: "\(order.directory)/.arriving/\(given.lease.token.number)",
      folders: plan.outputFolders, outputs: outputs.map { Set($0) }, log: order.log,
      logStart: await dock.size(of: order.log))
    return (told, kept)
  }

  /// The digest of an input's bytes. One in place that nobody has read yet is read now, since the agent verifies it.
  /// - Throws: `version.damaged`, `place.noRoots`, `place.outside`, `place.vanished`.
  private func content(of file: StoredFile) async throws(SluiceError) -> Digest {
    guard let place = file.place, place.standIn(size: file.size) == file.sha256 else { return file.sha256 }
    guard let inPlace = parts.inPlace else { throw NoOutsideFiles.refusal }
    return try await inPlace.digest(of: file)
  }

  /// What an agent sent of a task becomes what the task has made.
  func accept(_ transfer: Transfer) async throws(SluiceError) {
    try await parts.dock?.accept(transfer.sent, from: transfer.aside, to: transfer.bench)
  }

  // MARK: What agents ask

  /// A file of the store that a task of the agent reads.
  /// - Throws: `agent.unknown`, `agent.replaced`, `agent.lease`, `file.unknown`.
  package func input(
    _ sha256: Digest, lease: UInt64, of name: String, session: String
  ) throws(SluiceError) -> (path: String, size: Int64) {
    guard let file = try transfer(lease, of: name, session).inputs[sha256] else {
      throw SluiceError(
        .fileUnknown, what: "the task does not read a file with the digest \(sha256)", at: "lease \(lease)",
        fix: "ask for the inputs that the task came with")
    }
    return file
  }

  /// Takes a piece of an output.
  /// - Returns: how much of it is there.
  /// - Throws: `agent.unknown`, `agent.replaced`, `agent.lease`, `agent.file`, `path.invalid`, `store.full`.
  package func receive(
    _ bytes: [UInt8], of path: String, at offset: Int64, lease: UInt64, of name: String, session: String
  ) async throws(SluiceError) -> Int64 {
    let transfer = try transfer(lease, of: name, session)
    try PathRule.require(path)
    let isKnown = transfer.outputs?.contains(path) ?? transfer.folders.contains { path.hasPrefix($0 + "/") }
    guard isKnown else {
      throw SluiceError(
        .agentFile, what: "the task makes no file '\(NameRule.printable(path))'", at: "lease \(lease)",
        fix: "send what the task came with as its outputs")
    }
    guard let dock = parts.dock else { return 0 }
    let target = transfer.aside + "/" + path
    return bytes.isEmpty ? await dock.size(of: target) : try await dock.write(bytes, to: target, at: offset)
  }

  /// Takes a piece of a task's log.
  /// - Returns: how much of it is there.
  package func receiveLog(
    _ bytes: [UInt8], at offset: Int64, lease: UInt64, of name: String, session: String
  ) async throws(SluiceError) -> Int64 {
    if let words = connections[try known(name, session)]?.lastWords[LeaseToken(number: lease)] {
      // Its session is left: what stands there may be of a later try, and stays.
      let there = await parts.dock?.size(of: words.log) ?? 0
      if there < Int64(Limits.taskLogBytes + 4 * Limits.taskLogEndBytes) {
        _ = try await parts.dock?.write(bytes, to: words.log, at: there)
      }
      return offset + Int64(bytes.count)
    }
    let transfer = try transfer(lease, of: name, session)
    guard let dock = parts.dock, offset >= 0 else { return 0 }
    if bytes.isEmpty { return await dock.size(of: transfer.log) - transfer.logStart }
    // Agents keep to the bound themselves; one that does not is believed to have sent it.
    let end = offset + Int64(bytes.count)
    if end > Int64(Limits.taskLogBytes + 4 * Limits.taskLogEndBytes) { return end }
    return try await dock.write(bytes, to: transfer.log, at: transfer.logStart + offset) - transfer.logStart
  }

  private func transfer(_ lease: UInt64, of name: String, _ session: String) throws(SluiceError) -> Transfer {
    let id = try known(name, session)
    if let transfer = connections[id]?.transfers[LeaseToken(number: lease)] { return transfer }
    throw SluiceError(
      .agentLease, what: "the task of the lease \(lease) is not this agent's any more", at: "agent '\(id)'",
      fix: "end it; what it made does not count")
  }
}
