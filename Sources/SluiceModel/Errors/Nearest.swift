/// The word of `known` that someone who wrote `word` most likely meant; nil when none is close.
package func nearest(to word: String, in known: some Sequence<String>) -> String? {
  let bound = max(1, word.count / 3)
  return
    known
    .map { (distance: editDistance(word.lowercased(), $0.lowercased()), word: $0) }
    .filter { $0.distance <= bound }
    .min { ($0.distance, $0.word) < ($1.distance, $1.word) }?
    .word
}

/// Optimal string alignment distance: insert, delete, replace, and swap of neighbours count one each.
private func editDistance(_ left: String, _ right: String) -> Int {
  let (a, b) = (Array(left.unicodeScalars.prefix(64)), Array(right.unicodeScalars.prefix(64)))
  var before: [Int] = []
  var previous = Array(0...b.count)
  for i in a.indices {
    var current = [i + 1]
    for j in b.indices {
      var best = min(previous[j] + (a[i] == b[j] ? 0 : 1), previous[j + 1] + 1, current[j] + 1)
      if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] { best = min(best, before[j - 1] + 1) }
      current.append(best)
    }
    (before, previous) = (previous, current)
  }
  return previous[b.count]
}
