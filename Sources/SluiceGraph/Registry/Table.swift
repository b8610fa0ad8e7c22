import HashTreeCollections

/// A dictionary whose copies share what is the same: a snapshot is free, a change costs O(log n) (ADR 0004).
package struct Table<Key: Hashable & Sendable, Value: Sendable>: Sendable, ExpressibleByDictionaryLiteral {
  private var tree: TreeDictionary<Key, Value>

  package init(dictionaryLiteral elements: (Key, Value)...) {
    tree = TreeDictionary(uniqueKeysWithValues: elements)
  }

  package var count: Int { tree.count }
  package var isEmpty: Bool { tree.isEmpty }
  /// In no order that means anything: sort before showing.
  package var keys: some Collection<Key> { tree.keys }
  package var values: some Collection<Value> { tree.values }

  package subscript(key: Key) -> Value? {
    get { tree[key] }
    _modify { yield &tree[key] }
  }

  /// Takes out what does not stay.
  /// - Returns: the keys of what was taken out.
  package mutating func removeAll(where isGone: (Value) -> Bool) -> [Key] {
    let gone = tree.filter { isGone($0.value) }.map(\.key)
    for key in gone { tree[key] = nil }
    return gone
  }

  package subscript(key: Key, default fallback: @autoclosure () -> Value) -> Value {
    get { tree[key] ?? fallback() }
    _modify { yield &tree[key, default: fallback()] }
  }
}

extension Table: Equatable where Value: Equatable {}

/// A set of the same kind.
package struct KeySet<Element: Hashable & Sendable>: Sendable, Equatable {
  private var tree: TreeSet<Element>

  package init(_ elements: some Sequence<Element>) { tree = TreeSet(elements) }

  package var isEmpty: Bool { tree.isEmpty }
  package func contains(_ element: Element) -> Bool { tree.contains(element) }
  /// - Returns: nil where it was not there.
  @discardableResult
  package mutating func remove(_ element: Element) -> Element? { tree.remove(element) }
  package mutating func keep(where isKept: (Element) -> Bool) { tree = tree.filter(isKept) }
}
