extension OpenJD.Library {
  private typealias Fault = OpenJD.ExpressionFault
  private typealias Value = OpenJD.Value

  static let lists: [(String, [Signature])] = [
    (
      "__add__",
      [
        Signature("(list[T1], list[T2]) -> list[T3]") { try concatenated($1[0], $1[1], &$0) },
        Signature("(range_expr, list[T1]) -> list[T2]") {
          try Value.list(of: expanded($1[0], &$0) + $1[1].elements, hint: $1[1].type.element ?? .null)
        },
        Signature("(list[T1], range_expr) -> list[T2]") {
          try Value.list(of: $1[0].elements + expanded($1[1], &$0), hint: $1[0].type.element ?? .null)
        },
        Signature("(range_expr, range_expr) -> list[int]") {
          try Value.list(of: expanded($1[0], &$0) + expanded($1[1], &$0), hint: .int)
        },
      ]
    ),
    ("__mul__", [Signature("(list[T1], int) -> list[T1]") { try repeated($1[0], $1[1].number, &$0) }]),
    (
      "__getitem__",
      [
        Signature("(list[T1], int) -> T1") {
          $1[0].elements[try index($1[1].number, of: $1[0].elements.count, "list")]
        },
        Signature("(range_expr, int) -> int") {
          guard case .range(let range) = $1[0] else { return $1[0] }
          return .int(range[try index($1[1].number, of: range.count, "range")])
        },
        Signature("(list[T1], int | nulltype, int | nulltype, int | nulltype) -> list[T1]") {
          guard case .list(let elements, let type) = $1[0] else { return $1[0] }
          let picked = try Slice($1, count: elements.count).indices
          try $0.spend(picked.count)
          if picked.isEmpty { return try Value.list(of: [], hint: type) }
          return .list(picked.map { elements[$0] }, of: type)
        },
        Signature("(range_expr, int | nulltype, int | nulltype, int | nulltype) -> range_expr | list[int]") {
          guard case .range(let range) = $1[0] else { return $1[0] }
          let slice = try Slice($1, count: range.count)
          if slice.step > 0 { return .range(range.slice(from: slice.start, to: slice.stop, by: slice.step)) }
          try $0.spend(slice.count)
          try $0.wants(slice.count &* 40)
          return .list(slice.indices.map { .int(range[$0]) }, of: .int)
        },
      ]
    ),
    ("__contains__", contains { $0 }),
    ("__not_contains__", contains { !$0 }),
    (
      "sorted",
      [
        Signature("(list[T1]) -> list[T1]") {
          guard case .list(let elements, let type) = $1[0] else { return $1[0] }
          try $0.spend(elements.count)
          // Stable: equal ones stay in their order.
          let sorted = elements.enumerated().sorted {
            let order = $0.element.compared(with: $1.element) ?? 0
            return order == 0 ? $0.offset < $1.offset : order < 0
          }
          return .list(sorted.map(\.element), of: type)
        }
      ]
    ),
    (
      "reversed",
      [
        Signature("(list[T1]) -> list[T1]") {
          guard case .list(let elements, let type) = $1[0] else { return $1[0] }
          try $0.spend(elements.count)
          return .list(elements.reversed(), of: type)
        }
      ]
    ),
    ("unique", [Signature("(list[T1]) -> list[T1]") { try unique($1[0], &$0) }]),
    (
      "flatten",
      [
        Signature("(list[list[T1]]) -> list[T1]") { try flattened($1[0], &$0) },
        Signature("(list[T1]) -> list[T1]") { try flattened($1[0], &$0) },
        Signature("(list[nulltype]) -> list[nulltype]") { $1[0] },
      ]
    ),
    (
      "join",
      ["string", "path", "nulltype"].map { type in
        Signature("(list[\(type)], string) -> string") {
          try $0.spend($1[0].elements.count)
          let (size, separator) = ($1[0].size, $1[1].text)
          try $0.wants(size + separator.utf8.count &* $1[0].elements.count)
          try $0.spend(bytes: size)
          return .string($1[0].elements.map(\.text).joined(separator: separator))
        }
      }
    ),
    (
      "range",
      [
        Signature("(int) -> list[int]") { try counted(0, $1[0].number, 1, &$0) },
        Signature("(int, int) -> list[int]") { try counted($1[0].number, $1[1].number, 1, &$0) },
        Signature("(int, int, int) -> list[int]") { try counted($1[0].number, $1[1].number, $1[2].number, &$0) },
      ]
    ),
    (
      "any",
      ["bool", "nulltype"].map { type in
        Signature("(list[\(type)]) -> bool") {
          try $0.spend($1[0].elements.count)
          return .bool($1[0].elements.contains(.bool(true)))
        }
      }
    ),
    (
      "all",
      ["bool", "nulltype"].map { type in
        Signature("(list[\(type)]) -> bool") {
          try $0.spend($1[0].elements.count)
          return .bool(!$1[0].elements.contains(.bool(false)))
        }
      }
    ),
    (
      "len",
      [
        Signature("(string) -> int") { .int($1[0].text.unicodeScalars.count) },
        Signature("(path) -> int") { .int($1[0].text.unicodeScalars.count) },
        Signature("(list[T1]) -> int") { .int($1[0].elements.count) },
        Signature("(range_expr) -> int") {
          if case .range(let range) = $1[0] { .int(range.count) } else { $1[0] }
        },
      ]
    ),
  ]

  private static func contains(_ told: @escaping @Sendable (Bool) -> Bool) -> [Signature] {
    [
      Signature("(list[T], T) -> bool") {
        let elements = $1[0].elements
        try $0.spend(elements.count)
        for element in elements where try element.equals($1[1], &$0) { return .bool(told(true)) }
        return .bool(told(false))
      },
      Signature("(range_expr, int | float) -> bool") {
        guard case .range(let range) = $1[0], let number = Int(exactly: $1[1].double) else { return .bool(told(false)) }
        if case .int(let exact) = $1[1] { return .bool(told(range.contains(exact))) }
        return .bool(told(range.contains(number)))
      },
      Signature("(string, string) -> bool") {
        try $0.spend(bytes: $1[0].text.utf8.count + $1[1].text.utf8.count)
        return .bool(told(TextSearch($1[1].text).first(in: Array($1[0].text.utf8)) != nil))
      },
    ]
  }

  // MARK: Elements

  static func index(_ index: Int, of count: Int, _ what: String) throws(OpenJD.ExpressionFault) -> Int {
    let place = index < 0 ? count &+ index : index
    guard place >= 0, place < count else {
      throw OpenJD.ExpressionFault("the \(what) has \(count) elements, and \(index) is none of them")
    }
    return place
  }

  /// Which elements `[start:stop:step]` takes.
  struct Slice {
    let start: Int
    let stop: Int
    let step: Int

    /// - Parameter arguments: what is sliced, then start, stop and step, each a number or null.
    init(_ arguments: [OpenJD.Value], count: Int) throws(OpenJD.ExpressionFault) {
      func bound(_ place: Int) -> Int? { if case .int(let number) = arguments[place] { number } else { nil } }
      step = bound(3) ?? 1
      if step == 0 { throw OpenJD.ExpressionFault("the step of a slice is 0") }
      let (least, most) = step > 0 ? (0, count) : (-1, count - 1)
      func place(_ bound: Int?, _ standard: Int) -> Int {
        guard let bound else { return standard }
        return min(max(bound < 0 ? bound.addingReportingOverflow(count).partialValue : bound, least), most)
      }
      start = place(bound(1), step > 0 ? 0 : count - 1)
      stop = place(bound(2), step > 0 ? count : -1)
    }

    var count: Int {
      let span = step > 0 ? stop - start : start - stop
      return span > 0 ? Int((UInt(span) - 1) / step.magnitude) + 1 : 0
    }

    var indices: [Int] { (0..<count).map { start + $0 * step } }
  }

  private static func expanded(_ value: Value, _ budget: inout OpenJD.Budget) throws(Fault) -> [Value] {
    guard case .range(let range) = value else { return [] }
    return try numbers(of: range, &budget).elements
  }

  private static func concatenated(
    _ a: Value, _ b: Value, _ budget: inout OpenJD.Budget
  ) throws(Fault) -> Value {
    guard case .list(let left, let first) = a, case .list(let right, let second) = b else { return a }
    try budget.spend(left.count + right.count)
    try budget.wants(a.size + b.size)
    switch (first, second) {
    case (.int, .float), (.float, .int), (.path, .string), (.string, .path), (.null, _), (_, .null): break
    default: if first != second { throw Fault("list[\(first)] and list[\(second)] do not go together") }
    }
    return try Value.list(of: left + right, hint: first == .null ? second : first)
  }

  private static func repeated(
    _ list: Value, _ count: Int, _ budget: inout OpenJD.Budget
  ) throws(Fault) -> Value {
    guard case .list(let elements, let type) = list else { return list }
    guard count > 0, !elements.isEmpty else { return try Value.list(of: [], hint: type) }
    let (total, isTooMany) = elements.count.multipliedReportingOverflow(by: count)
    let (bytes, isTooLarge) = list.size.multipliedReportingOverflow(by: count)
    if isTooMany || isTooLarge { throw OpenJD.Evaluation.overflow }
    try budget.wants(bytes)
    try budget.spend(total)
    return .list(Array(repeatElement(elements, count: count).joined()), of: type)
  }

  private static func unique(_ list: Value, _ budget: inout OpenJD.Budget) throws(Fault) -> Value {
    guard case .list(let elements, let type) = list else { return list }
    try budget.spend(elements.count)
    var seen: Set<[UInt8]> = []
    return .list(elements.filter { seen.insert($0.identity).inserted }, of: type)
  }

  private static func flattened(_ list: Value, _ budget: inout OpenJD.Budget) throws(Fault) -> Value {
    guard case .list(let elements, _) = list else { return list }
    var flat: [Value] = []
    for element in elements {
      if case .list(let inner, _) = element {
        try budget.spend(inner.count + 1)
        flat += inner
      } else {
        try budget.spend(1)
        flat.append(element)
      }
    }
    return try Value.list(of: flat, hint: .null)
  }

  private static func counted(
    _ start: Int, _ stop: Int, _ step: Int, _ budget: inout OpenJD.Budget
  ) throws(Fault) -> Value {
    if step == 0 { throw Fault("the step of range() is 0") }
    guard step > 0 ? start < stop : start > stop else { return .list([], of: .int) }
    let span = step > 0 ? UInt(bitPattern: stop &- start) : UInt(bitPattern: start &- stop)
    let count = (span - 1) / step.magnitude + 1
    try budget.spend(Int(clamping: count))
    try budget.wants(Int(clamping: count) &* 40)
    return .list((0..<Int(count)).map { .int(start + $0 * step) }, of: .int)
  }
}

extension OpenJD.Value {
  /// The same for values that are equal, and for no others.
  fileprivate var identity: [UInt8] {
    switch self {
    case .null: [0]
    case .bool(let value): [1, value ? 1 : 0]
    case .int(let number): [2] + Array(String(number).utf8)
    case .float(let real): Int(exactly: real.value).map { Self.int($0).identity } ?? [3] + Array("\(real.value)".utf8)
    case .string(let text), .path(let text): [4] + Array(text.utf8)
    case .range(let range): [5] + Array(range.description.utf8)
    case .list(let elements, _):
      [6]
        + elements.flatMap { element in
          let inner = element.identity
          return Array("\(inner.count):".utf8) + inner
        }
    case .unknown(let type): [7] + Array(type.description.utf8)
    }
  }
}
