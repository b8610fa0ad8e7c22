import SluiceModel

/// The bytes of a file, in the cache and on the disk.
struct SimulatedInode: Sendable {
  static let sectorBytes = 512
  var cached: [UInt8] = []
  var durable: [UInt8] = []
  /// Where the disk says that the file ends.
  var durableSize = 0
  /// Sectors that the cache has and the disk may not have.
  var dirty: Set<Int> = []

  init() {}

  /// A file that is wholly on the disk.
  init(_ bytes: [UInt8]) { (cached, durable, durableSize) = (bytes, bytes, bytes.count) }

  mutating func write(_ bytes: some Collection<UInt8>, at offset: Int) {
    guard !bytes.isEmpty else { return }
    if cached.count < offset + bytes.count {
      cached += [UInt8](repeating: 0, count: offset + bytes.count - cached.count)
    }
    cached.replaceSubrange(offset..<offset + bytes.count, with: bytes)
    dirty.formUnion(offset / Self.sectorBytes...(offset + bytes.count - 1) / Self.sectorBytes)
  }

  mutating func resize(to size: Int) {
    cached = Array(cached.prefix(size)) + [UInt8](repeating: 0, count: max(0, size - cached.count))
    dirty = dirty.filter { $0 * Self.sectorBytes < size }
    if size % Self.sectorBytes > 0 { dirty.insert(size / Self.sectorBytes) }
  }

  /// Brings sectors to the disk, each `shift` sectors away from its place. A sector is written whole, even where the
  /// size that the disk knows ends within it.
  mutating func bring(_ sectors: some Sequence<Int>, shift: Int = 0) {
    for sector in sectors {
      let from = sector * Self.sectorBytes..<min((sector + 1) * Self.sectorBytes, cached.count)
      let target = from.lowerBound + shift * Self.sectorBytes
      guard !from.isEmpty, target >= 0 else { continue }
      durable += [UInt8](repeating: 0, count: max(0, target + from.count - durable.count))
      durable.replaceSubrange(target..<target + from.count, with: cached[from])
    }
  }

  /// Brings the size to the disk. What was cut off is gone for good.
  mutating func bringSize() {
    if durableSize > cached.count { durable = Array(durable.prefix(cached.count)) }
    durableSize = cached.count
  }

  /// What the disk has, as a file of some size.
  func onDisk(size: Int) -> [UInt8] {
    Array(durable.prefix(size)) + [UInt8](repeating: 0, count: max(0, size - durable.count))
  }

  /// The cache as the disk has it, but for what is still to be brought there.
  mutating func forget() {
    let kept = cached
    cached = onDisk(size: kept.count)
    for sector in dirty {
      let range = sector * Self.sectorBytes..<min((sector + 1) * Self.sectorBytes, kept.count)
      if !range.isEmpty { cached.replaceSubrange(range, with: kept[range]) }
    }
  }
}

/// Everything that a simulated disk is.
struct SimulatedDiskState: Sendable {
  var inodes: [Int: SimulatedInode] = [:]
  var names: [String: Int] = [:]
  var durableNames: [String: Int] = [:]
  var folders: Set<String> = []
  var capacity = Int.max
  var isReadOnly = false
  var isOff = false
  var misdirection = 0
  var failures: [SimulatedLogDisk.Call: Int] = [:]
  var counts: [SimulatedLogDisk.Call: Int] = [:]
  /// Calls that change something until the power goes; nil where it does not.
  var callsLeft: Int?
  var chance = Seeded(seed: 0)
  private var next = 0

  static func failed(_ path: String) -> SluiceError {
    SluiceError(.logFailed, what: "the disk reports an error", at: path, fix: "look at the disk")
  }
  static func full(_ path: String) -> SluiceError {
    SluiceError(.logFull, what: "the disk is full", at: path, fix: "free some space")
  }
  static func readOnly(_ path: String) -> SluiceError {
    SluiceError(.logFailed, what: "the disk is read-only", at: path, fix: "mount it writable")
  }

  /// - Parameter call: nil for one that changes nothing and cannot fail but for the power.
  mutating func admit(
    _ call: SimulatedLogDisk.Call?, _ path: String, _ byHalf: (inout SimulatedDiskState, Seeded) -> Void
  ) throws(SluiceError) {
    guard !isOff else { throw SimulatedDiskState.failed(path) }
    guard let call else { return }
    counts[call, default: 0] += 1
    if call != .read, let left = callsLeft {
      callsLeft = left - 1
      if left <= 1 {
        isOff = true
        byHalf(&self, chance)
        throw SimulatedDiskState.failed(path)
      }
    }
    if call != .read && isReadOnly { throw SimulatedDiskState.readOnly(path) }
    if let left = failures[call], left > 0 {
      failures[call] = left - 1
      byHalf(&self, chance)
      throw SimulatedDiskState.failed(path)
    }
  }

  mutating func make(_ path: String) -> Int {
    next += 1
    (inodes[next], names[path]) = (SimulatedInode(), next)
    return next
  }

  var used: Int { Set(names.values).reduce(0) { $0 + (inodes[$1]?.cached.count ?? 0) } }

  /// How many of some bytes there is room for.
  func room(for count: Int, at offset: Int, in inode: Int) -> Int {
    let size = inodes[inode]?.cached.count ?? 0
    let more = max(0, offset + count - size)
    return count - min(count, max(0, more - max(0, capacity - used)))
  }

  mutating func write(_ bytes: some Collection<UInt8>, at offset: Int, to inode: Int) {
    inodes[inode]?.write(bytes, at: offset)
  }

  mutating func change(_ path: String, at offset: Int, _ change: (UInt8) -> UInt8) {
    guard let inode = names[path], var file = inodes[inode], offset < file.cached.count else { return }
    file.cached[offset] = change(file.cached[offset])
    if offset < file.durable.count { file.durable[offset] = file.cached[offset] }
    inodes[inode] = file
  }

  mutating func sync(_ inode: Int) {
    guard var file = inodes[inode] else { return }
    file.bringSize()
    file.bring(file.dirty.sorted(), shift: misdirection)
    misdirection = 0
    file.dirty = []
    inodes[inode] = file
  }

  mutating func syncByHalf(_ inode: Int, _ chance: Seeded) {
    guard var file = inodes[inode] else { return }
    if chance.below(2) == 0 { file.bringSize() }
    file.bring(file.dirty.sorted().filter { _ in chance.below(2) == 0 })
    file.dirty = []
    inodes[inode] = file
  }

  /// - Parameter tosses: heads or tails, for everything of which nobody knows whether it reached the disk.
  func afterCrash(_ tosses: () -> Bool) -> SimulatedDiskState {
    var after = SimulatedDiskState()
    (after.folders, after.next) = (folders, next)
    for name in Set(names.keys).union(durableNames.keys).sorted() {
      after.names[name] = names[name] == durableNames[name] || tosses() ? names[name] : durableNames[name]
    }
    after.durableNames = after.names
    for (number, inode) in inodes.sorted(by: { $0.key < $1.key }) where after.names.values.contains(number) {
      var left = inode
      if tosses() { left.bringSize() }
      left.bring(inode.dirty.sorted().filter { _ in tosses() })
      after.inodes[number] = SimulatedInode(left.onDisk(size: left.durableSize))
    }
    return after
  }
}
