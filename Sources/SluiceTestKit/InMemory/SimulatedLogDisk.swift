package import SluiceModel
package import SluiceStorage
import Synchronization

/// A disk for the log that can lose power: what was not synced is in a cache, by sectors of 512 bytes.
///
/// Without tasks and without a clock; the same calls and seeds give the same bytes. It fails, fills up, writes to the
/// wrong place and forgets, when it is told to.
package final class SimulatedLogDisk: LogFiles {
  /// Calls that can be told to fail.
  package enum Call: Sendable, Hashable { case create, read, write, truncate, sync, rename, remove, syncFolder }

  /// How often each call was made.
  package typealias Counts = [Call: Int]

  private let state: Mutex<SimulatedDiskState>

  package init() { state = Mutex(SimulatedDiskState()) }
  private init(_ state: SimulatedDiskState) { self.state = Mutex(state) }

  package var counts: Counts { state.withLock { $0.counts } }

  // MARK: What can go wrong

  /// The disk as it is found when the power is back: of what was not synced, some sectors, names and sizes are there.
  package func crash(seed: UInt64) -> SimulatedLogDisk {
    let chance = Seeded(seed: seed)
    return SimulatedLogDisk(state.withLock { $0.afterCrash { chance.below(2) == 0 } })
  }

  /// The power goes during the so-many-th call from now on that changes something: that call is made by half.
  package func losePower(in calls: Int, seed: UInt64) {
    state.withLock { ($0.callsLeft, $0.chance) = (calls, Seeded(seed: seed)) }
  }

  /// The power stays after all.
  package func keepPower() { state.withLock { $0.callsLeft = nil } }

  package var isOff: Bool { state.withLock { $0.isOff } }

  /// The next calls of this kind fail with `log.failed`, writes after half of their bytes, syncs after half of the
  /// sectors; as Linux has it, what could not be synced then counts as clean.
  package func fail(_ call: Call, times: Int = 1) { state.withLock { $0.failures[call, default: 0] += times } }

  /// Nothing fails any more.
  package func heal() { state.withLock { $0.failures = [:] } }

  /// Bytes that all files may have together.
  package func limit(to bytes: Int?) { state.withLock { $0.capacity = bytes ?? .max } }
  package var used: Int { state.withLock { $0.used } }
  package func setReadOnly(_ isReadOnly: Bool) { state.withLock { $0.isReadOnly = isReadOnly } }

  /// What the next sync of a file brings to the disk lands so many sectors away from where it belongs.
  package func misdirectNextSync(by sectors: Int) { state.withLock { $0.misdirection = sectors } }

  /// Turns one bit around.
  package func flip(bit: Int, ofByte offset: Int, in path: String) {
    state.withLock { $0.change(path, at: offset) { $0 ^ UInt8(1) << UInt8(bit & 7) } }
  }

  /// Turns one bit around on the disk, and not in the cache: it is seen once the cache was given up.
  package func flipOnDisk(bit: Int, ofByte offset: Int, in path: String) {
    state.withLock { state in
      guard let inode = state.names[path], offset < state.inodes[inode]?.durable.count ?? 0 else { return }
      state.inodes[inode]?.durable[offset] ^= UInt8(1) << UInt8(bit & 7)
    }
  }

  // MARK: What lies there

  package func contents(_ path: String) -> [UInt8]? {
    state.withLock { state in state.names[path].flatMap { state.inodes[$0]?.cached } }
  }

  /// Puts a file there whole and durable, as somebody else would.
  package func place(_ bytes: [UInt8], at path: String) {
    state.withLock { state in
      let inode = state.make(path)
      state.inodes[inode] = SimulatedInode(bytes)
      state.durableNames[path] = inode
    }
  }

  /// Takes a file away for good.
  package func take(_ path: String) {
    state.withLock { ($0.names[path], $0.durableNames[path]) = (nil, nil) }
  }

  // MARK: LogFiles

  package func names(in folder: String) throws(SluiceError) -> [String]? {
    try ask(nil, folder) { state in
      guard state.folders.contains(folder) else { return nil }
      return state.names.keys.filter { $0.hasPrefix(folder + "/") && !$0.dropFirst(folder.count + 1).contains("/") }
        .map { String($0.dropFirst(folder.count + 1)) }.sorted()
    }
  }

  package func open(_ path: String, _ access: LogFileAccess) throws(SluiceError) -> (any LogFile)? {
    let inode = try ask(nil, path) { state throws(SluiceError) in
      guard let inode = state.names[path] else { return nil as Int? }
      if access == .writing && state.isReadOnly { throw SimulatedDiskState.readOnly(path) }
      return inode
    }
    return inode.map { SimulatedLogFile(path: path, inode: $0, disk: self) }
  }

  package func create(_ path: String) throws(SluiceError) -> any LogFile {
    SimulatedLogFile(path: path, inode: try ask(.create, path) { $0.make(path) }, disk: self)
  }

  package func rename(_ path: String, to other: String) throws(SluiceError) {
    try ask(.rename, path) { state in state.names[other] = state.names.removeValue(forKey: path) }
  }

  package func remove(_ path: String) throws(SluiceError) { try ask(.remove, path) { $0.names[path] = nil } }

  package func makeFolder(_ path: String) throws(SluiceError) {
    _ = try ask(.create, path) { $0.folders.insert(path) }
  }

  package func syncFolder(_ path: String) throws(SluiceError) {
    try ask(.syncFolder, path) { state in
      for name in Set(state.names.keys).union(state.durableNames.keys) where name.hasPrefix(path + "/") {
        state.durableNames[name] = state.names[name]
      }
    }
  }

  /// One call: counted, and refused where the disk was told to.
  fileprivate func ask<Answer>(
    _ call: Call?, _ path: String,
    byHalf: (inout SimulatedDiskState, Seeded) -> Void = { _, _ in },
    _ work: (inout SimulatedDiskState) throws(SluiceError) -> Answer
  ) throws(SluiceError) -> Answer {
    let result = state.withLock { state -> Result<Answer, SluiceError> in
      do throws(SluiceError) {
        try state.admit(call, path, byHalf)
        return .success(try work(&state))
      } catch {
        return .failure(error)
      }
    }
    return try result.get()
  }
}

private final class SimulatedLogFile: LogFile {
  let path: String
  private let inode: Int
  private let disk: SimulatedLogDisk

  init(path: String, inode: Int, disk: SimulatedLogDisk) { (self.path, self.inode, self.disk) = (path, inode, disk) }

  func size() throws(SluiceError) -> Int { try disk.ask(nil, path) { $0.inodes[inode]?.cached.count ?? 0 } }

  func read(at offset: Int, into buffer: UnsafeMutableRawBufferPointer) throws(SluiceError) -> Int {
    let bytes = try disk.ask(.read, path) { state in
      (state.inodes[inode]?.cached ?? []).dropFirst(offset).prefix(buffer.count)
    }
    buffer.copyBytes(from: bytes)
    return bytes.count
  }

  func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws(SluiceError) {
    let inode = inode
    try disk.ask(
      .write, path,
      byHalf: { state, chance in
        // The kernel copies page by page: what is cut off ends at the boundary of one, and so of a sector.
        let end = (offset + chance.below(bytes.count)) / SimulatedInode.sectorBytes * SimulatedInode.sectorBytes
        state.write(bytes.prefix(max(0, end - offset)), at: offset, to: inode)
      },
      { state throws(SluiceError) in
        let room = state.room(for: bytes.count, at: offset, in: inode)
        state.write(bytes.prefix(room), at: offset, to: inode)
        if room < bytes.count { throw SimulatedDiskState.full(path) }
      })
  }

  func truncate(to size: Int) throws(SluiceError) {
    let inode = inode
    try disk.ask(.truncate, path) { $0.inodes[inode]?.resize(to: size) }
  }

  func sync() throws(SluiceError) {
    let inode = inode
    try disk.ask(.sync, path, byHalf: { $0.syncByHalf(inode, $1) }, { $0.sync(inode) })
  }

  func forget() {
    let inode = inode
    do throws(SluiceError) { try disk.ask(nil, path) { $0.inodes[inode]?.forget() } } catch {}
  }
}
