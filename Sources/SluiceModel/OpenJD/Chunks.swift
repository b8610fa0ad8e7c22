extension OpenJD {
  /// How the values of a `CHUNK[INT]` parameter are handed out, several to a task.
  package struct Chunks: Sendable, Hashable {
    package enum Constraint: String, Sendable, Hashable, CaseIterable {
      /// Each chunk is one interval: `1-5`, and `7-7` for a single value.
      case contiguous = "CONTIGUOUS"
      /// A chunk may have gaps: `1-5,9`.
      case noncontiguous = "NONCONTIGUOUS"
    }
    /// At least 1.
    package let tasks: Int
    /// What a chunk should take, for whoever measures; 0 or nil asks for nothing.
    package let targetSeconds: Int?
    package let constraint: Constraint

    package init(tasks: Int, targetSeconds: Int?, constraint: Constraint) {
      (self.tasks, self.targetSeconds, self.constraint) = (tasks, targetSeconds, constraint)
    }

    /// Whether sizes are to follow what was measured: chunks are then full but for the last one, and dealt innermost.
    package var isAdaptive: Bool { targetSeconds ?? 0 > 0 }
  }

  /// Numbers dealt into chunks of nearly equal size; a chunk is made when it is asked for.
  package struct ChunkedNumbers: Sendable, Hashable {
    /// Numbers that are dealt together.
    private enum Stretch: Sendable, Hashable {
      /// Consecutive, dealt into `chunks` intervals.
      case interval(first: Int, count: Int, chunks: Int)
      /// No two of them consecutive: each is a chunk of its own.
      case singles(IntegerRange.Run)

      var chunks: Int {
        switch self {
        case .interval(_, _, let chunks): chunks
        case .singles(let run): run.count
        }
      }
    }

    private let numbers: Numbers
    package let chunks: Chunks
    private let stretches: [Stretch]
    private let ends: [Int]
    package let count: Int

    /// - Complexity: O(runs) for a range, O(numbers) for a list; both are bounded by the template's size.
    package init(_ numbers: Numbers, chunks: Chunks) {
      (self.numbers, self.chunks) = (numbers, chunks)
      guard chunks.constraint == .contiguous else {
        (stretches, ends) = ([], [])
        count = ChunkedNumbers.chunks(of: numbers.count, size: chunks.tasks)
        return
      }
      stretches = ChunkedNumbers.stretches(numbers, size: chunks.tasks)
      var ends: [Int] = []
      for stretch in stretches { ends.append((ends.last ?? 0) + stretch.chunks) }
      self.ends = ends
      count = ends.last ?? 0
    }

    /// Other numbers, dealt by the same rule; where sizes follow what was measured they have been, and stay together.
    package func dealing(_ numbers: [Int]) -> ChunkedNumbers {
      guard chunks.isAdaptive else { return ChunkedNumbers(.list(numbers), chunks: chunks) }
      let whole = Chunks(
        tasks: max(1, numbers.count), targetSeconds: chunks.targetSeconds, constraint: chunks.constraint)
      return ChunkedNumbers(.list(numbers), chunks: whole)
    }

    /// The same numbers in chunks of another size.
    package func dealt(by size: Int) -> ChunkedNumbers {
      ChunkedNumbers(
        numbers, chunks: Chunks(tasks: size, targetSeconds: chunks.targetSeconds, constraint: chunks.constraint))
    }

    /// The numbers that come after those of so many chunks, in chunks of another size.
    func rest(after done: Int, by size: Int) -> ChunkedNumbers {
      let taken = (0..<done).reduce(0) { $0 + ((try? IntegerRange(self[$1]))?.count ?? 0) }
      let left: Numbers =
        switch numbers {
        case .list(let list): .list(Array(list.dropFirst(taken)))
        case .range(let range): .range(range.dropping(taken))
        }
      return ChunkedNumbers(
        left, chunks: Chunks(tasks: size, targetSeconds: chunks.targetSeconds, constraint: chunks.constraint))
    }

    /// The text that the task gets: `1-5`.
    package subscript(_ index: Int) -> String {
      guard chunks.constraint == .contiguous else {
        let piece = piece(index, of: count, over: numbers.count)
        return IntegerRange.text(piece.map { numbers[$0] })
      }
      let at = ends.firstIndex { $0 > index } ?? ends.count - 1
      let inside = index - (at == 0 ? 0 : ends[at - 1])
      switch stretches[at] {
      case .singles(let run): return "\(run[inside])-\(run[inside])"
      case .interval(let first, let count, let chunks):
        let piece = piece(inside, of: chunks, over: count)
        return "\(first + piece.lowerBound)-\(first + piece.upperBound - 1)"
      }
    }

    private static func chunks(of count: Int, size: Int) -> Int {
      size <= 0 || count == 0 ? min(1, count) : (count - 1) / size + 1
    }

    private func piece(_ index: Int, of count: Int, over numbers: Int) -> Range<Int> {
      guard chunks.isAdaptive else { return ChunkedNumbers.evenPiece(index, of: count, over: numbers) }
      return (index * chunks.tasks)..<min(numbers, (index + 1) * chunks.tasks)
    }

    /// Which of `count` numbers the chunk `index` has: sizes differ by one at most, the larger ones spread evenly.
    private static func evenPiece(_ index: Int, of chunks: Int, over count: Int) -> Range<Int> {
      let (size, extra) = count.quotientAndRemainder(dividingBy: chunks)
      // Chunk number (i * chunks) / extra is a larger one, for each i below `extra`: so many lie before an index.
      func start(_ index: Int) -> Int {
        let (before, rest) = chunks.dividingFullWidth(index.multipliedFullWidth(by: extra))
        return index * size + before + (rest > 0 ? 1 : 0)
      }
      return start(index)..<start(index + 1)
    }

    private static func stretches(_ numbers: Numbers, size: Int) -> [Stretch] {
      var stretches: [Stretch] = []
      var pending: (first: Int, count: Int)?
      func flush() {
        guard let interval = pending else { return }
        stretches.append(
          .interval(
            first: interval.first, count: interval.count, chunks: chunks(of: interval.count, size: size)))
        pending = nil
      }
      func add(first: Int, count: Int) {
        if let interval = pending, interval.first + interval.count == first {
          pending = (interval.first, interval.count + count)
        } else {
          flush()
          pending = (first, count)
        }
      }
      switch numbers {
      case .list(let list): for number in list { add(first: number, count: 1) }
      case .range(let range):
        for run in range.runs {
          if run.step == 1 || run.count == 1 {
            add(first: run.first, count: run.count)
            continue
          }
          // Its first may go on from what was before, its last may go on into what comes.
          add(first: run.first, count: 1)
          flush()
          if run.count > 2 {
            stretches.append(.singles(.init(first: run[1], last: run[run.count - 2], step: run.step)))
          }
          add(first: run.last, count: 1)
        }
      }
      flush()
      return stretches
    }
  }

  /// The values of a parameter of whole numbers.
  package enum Numbers: Sendable, Hashable {
    case list([Int])
    case range(IntegerRange)

    package var count: Int {
      switch self {
      case .list(let list): list.count
      case .range(let range): range.count
      }
    }

    package subscript(_ index: Int) -> Int {
      switch self {
      case .list(let list): list[index]
      case .range(let range): range[index]
      }
    }
  }
}
