import SluiceModel
import Testing

@Suite struct `Frame sets` {
  @Test(arguments: [
    ("1001", "1001"), ("1001-1004,1008", "1001-1004,1008"), ("5,1,2", "1-2,5"), ("-5--1", "-5--1"), ("1-3,2-6", "1-6"),
    ("1,1,1", "1"), ("-2-2", "-2-2"), ("0010-0012", "10-12"), (" 1-2 ,\t4", "1-2,4"), ("1-2,3-4", "1-4"),
  ])
  func `are read in any order and written in one way`(text: String, canonical: String) {
    #expect(FrameSet(text)?.description == canonical)
  }

  @Test(arguments: [
    "", ",", "a", "1-", "-", "--", "4-1", "1,,2", "1,", "1-2-3", "1--2", "1 - 2", "1-9x2", "1.5", "0x10", "99999999999",
    "10000001", "-10000001", "1-10000001", "9223372036854775807", "99999999999999999999", "１",
  ])
  func `refuse what is no range`(text: String) {
    #expect(FrameSet(text) == nil)
  }

  @Test func `hold ranges, however many frames there are`() {
    let all = FrameSet(FrameSet.limits)
    #expect(all.count == 20_000_001)
    #expect(all.ranges == [FrameSet.limits])
    #expect(FrameSet(all.description) == all)
  }

  @Test func `of a long shot cost as little as of a short one`() {
    #expect(FrameSet(1...10_000_000).subtracting(FrameSet(5...5)).ranges == [1...4, 6...10_000_000])
  }

  @Test func `have a first and a last frame unless they are empty`() {
    let frames = FrameSet([1008, 1001, 1002])
    #expect(frames.first == 1001)
    #expect(frames.last == 1008)
    #expect(FrameSet.empty.first == nil)
    #expect(FrameSet.empty.last == nil)
  }

  @Test func `are text in JSON, also when empty`() throws {
    let written = StableJSON.text([FrameSet(1...3), FrameSet.empty])
    #expect(written == #"["1-3",""]"#)
    #expect(try StableJSON.decode([FrameSet].self, from: written.utf8) == [FrameSet(1...3), .empty])
  }

  @Test func `refuse JSON that is no range`() {
    #expect(throws: DecodingError.self) { try StableJSON.decode([FrameSet].self, from: #"["1-"]"#.utf8) }
  }
}

/// Each operation against the same on plain sets of numbers.
@Suite struct `Any two frame sets` {
  private struct Pair {
    let seed: UInt64
    let frames: FrameSet
    let others: FrameSet
    let set: Set<Int>
    let otherSet: Set<Int>
    var random: Chance

    init(seed: UInt64) {
      random = Chance(seed: seed)
      self.seed = seed
      set = Pair.numbers(&random)
      otherSet = Pair.numbers(&random)
      (frames, others) = (FrameSet(set), FrameSet(otherSet))
    }

    /// Now sparse, now dense, now empty, around zero.
    private static func numbers(_ random: inout Chance) -> Set<Int> {
      let span = 1 + random.below(60)
      let share = random.below(5)
      return Set((-span / 2..<span).filter { _ in random.below(4) < share })
    }
  }

  private let pairs = Chance.seeds.map(Pair.init)

  @Test func `hold the frames they were given, in order`() {
    for pair in pairs { #expect(Array(pair.frames.frames) == pair.set.sorted(), "seed \(pair.seed)") }
  }

  @Test func `count their frames`() {
    for pair in pairs { #expect(pair.frames.count == pair.set.count, "seed \(pair.seed)") }
  }

  @Test func `keep ranges ascending, apart and never adjacent`() {
    for pair in pairs {
      for frames in [pair.frames, pair.frames.union(pair.others), pair.frames.subtracting(pair.others)] {
        let gaps = zip(frames.ranges, frames.ranges.dropFirst()).map { $1.lowerBound - $0.upperBound }
        #expect(gaps.allSatisfy { $0 > 1 }, "seed \(pair.seed): \(frames)")
      }
    }
  }

  @Test func `unite as sets do`() {
    for pair in pairs {
      #expect(pair.frames.union(pair.others) == FrameSet(pair.set.union(pair.otherSet)), "seed \(pair.seed)")
    }
  }

  @Test func `intersect as sets do`() {
    for pair in pairs {
      let found = pair.frames.intersection(pair.others)
      #expect(found == FrameSet(pair.set.intersection(pair.otherSet)), "seed \(pair.seed)")
    }
  }

  @Test func `subtract as sets do`() {
    for pair in pairs {
      let found = pair.frames.subtracting(pair.others)
      #expect(found == FrameSet(pair.set.subtracting(pair.otherSet)), "seed \(pair.seed)")
    }
  }

  @Test func `contain what sets contain`() {
    for pair in pairs {
      let found = (-40..<70).filter(pair.frames.contains)
      #expect(found == pair.set.sorted(), "seed \(pair.seed)")
    }
  }

  @Test func `have holes where a frame between the first and the last is not there`() {
    for pair in pairs {
      let all = pair.set.min().flatMap { first in pair.set.max().map { Set(first...$0) } } ?? []
      #expect(pair.frames.holes == FrameSet(all.subtracting(pair.set)), "seed \(pair.seed)")
    }
  }

  @Test func `are cut into chunks of neighbours that lose and repeat nothing`() {
    for var pair in pairs {
      let size = 1 + pair.random.below(9)
      let chunks = pair.frames.chunks(of: size)
      #expect(chunks.flatMap(Array.init) == pair.set.sorted(), "seed \(pair.seed), size \(size)")
      #expect(chunks.allSatisfy { $0.count <= size }, "seed \(pair.seed), size \(size)")
    }
  }

  @Test func `are cut into as few chunks as their ranges allow`() {
    for var pair in pairs {
      let size = 1 + pair.random.below(9)
      let least = pair.frames.ranges.reduce(0) { $0 + ($1.count + size - 1) / size }
      #expect(pair.frames.chunks(of: size).count == least, "seed \(pair.seed), size \(size)")
    }
  }

  @Test func `are read back as they were written`() {
    for pair in pairs where !pair.set.isEmpty {
      #expect(FrameSet(pair.frames.description) == pair.frames, "seed \(pair.seed): \(pair.frames)")
    }
  }

  @Test func `are equal where their ranges were given in another order`() {
    for var pair in pairs {
      let ranges = (pair.frames.ranges + pair.others.ranges).shuffled(using: &pair.random)
      #expect(FrameSet(ranges: ranges) == pair.frames.union(pair.others), "seed \(pair.seed)")
    }
  }
}
