extension OpenJD.IntegerRange {
  /// These numbers, each once and in their order, in runs as long as can be.
  package init(_ numbers: [Int]) {
    let sorted = Set(numbers).sorted()
    var runs: [Run] = []
    var at = 0
    while at < sorted.count {
      var end = at
      var step = 1
      if at + 1 < sorted.count {
        let (width, isTooWide) = sorted[at + 1].subtractingReportingOverflow(sorted[at])
        if !isTooWide {
          step = width
          while end + 1 < sorted.count, sorted[end] <= Int.max - step, sorted[end] + step == sorted[end + 1] {
            end += 1
          }
        }
      }
      runs.append(Run(first: sorted[at], last: sorted[end], step: end > at ? step : 1))
      at = end + 1
    }
    self.init(disjoint: runs)
  }

  package func contains(_ number: Int) -> Bool {
    runs.contains { run in
      let (low, high) = (min(run.first, run.last), max(run.first, run.last))
      return (low...high).contains(number) && (number - low).isMultiple(of: Int(run.step.magnitude))
    }
  }

  /// The numbers at `start`, `start + step` and so on before `stop`.
  /// - Precondition: all within the range, and `step` above 0.
  package func slice(from start: Int, to stop: Int, by step: Int) -> Self {
    var (sliced, offset, next) = ([Run](), 0, start)
    for run in runs {
      let end = min(offset + run.count, stop)
      if next < end {
        let count = (end - 1 - next) / step
        let (first, last) = (self[next], self[next + count * step])
        sliced.append(Run(first: first, last: last, step: count == 0 ? 1 : Int(run.step.magnitude) * step))
        next += (count + 1) * step
      }
      offset += run.count
    }
    return (try? Self(runs: sliced)) ?? Self(disjoint: sliced)
  }
}
