import HashTreeCollections

/// A dictionary whose copies share what is the same: a snapshot is free, a change costs O(log n) (ADR 0004).
///
/// Each value lies in a place of its own, so that a change copies references to its neighbours and not the neighbours.
package struct Table<Key: Hashable & Sendable, Value: Sendable>: Sendable, ExpressibleByDictionaryLiteral {
  private var tree: TreeDictionary<Key, Place<Value>>

  package init(dictionaryLiteral elements: (Key, Value)...) {
    tree = TreeDictionary(uniqueKeysWithValues: elements.lazy.map { ($0, Place(values: [$1])) })
  }

  package var count: Int { tree.count }
  package var isEmpty: Bool { tree.isEmpty }
  /// In no order that means anything: sort before showing.
  package var keys: some Collection<Key> { tree.keys }
  package var values: some Collection<Value> { tree.values.lazy.map(\.value) }

  package subscript(key: Key) -> Value? {
    get { tree[key]?.value }
    _modify { yield &tree[key].content }
  }

  /// Takes out what does not stay.
  /// - Returns: the keys of what was taken out.
  package mutating func removeAll(where isGone: (Value) -> Bool) -> [Key] {
    let gone = tree.filter { isGone($0.value.value) }.map(\.key)
    for key in gone { tree[key] = nil }
    return gone
  }

  package subscript(key: Key, default fallback: @autoclosure () -> Value) -> Value {
    get { tree[key]?.value ?? fallback() }
    _modify { yield &tree[key, default: Place(values: [fallback()])].value }
  }
}

extension Table: Equatable where Value: Equatable {}

/// One value behind a reference; what is shared is copied before it is changed.
private struct Place<Value: Sendable>: Placing, Sendable {
  /// Always one, but while it is being changed.
  var values: [Value]

  var value: Value {
    _read { yield values[0] }
    _modify { yield &values[0] }
  }
}

extension Place: Equatable where Value: Equatable {}

private protocol Placing {
  associatedtype Value
  var values: [Value] { get set }
  init(values: [Value])
}

extension Optional where Wrapped: Placing {
  /// The value itself, moved out and back while it is changed.
  fileprivate var content: Wrapped.Value? {
    get { self?.values[0] }
    _modify {
      var value = self?.values.removeLast()
      defer {
        if let value = value.take() {
          if self?.values.append(value) == nil { self = Wrapped(values: [value]) }
        } else {
          self = nil
        }
      }
      yield &value
    }
  }
}

/// A set of the same kind.
package struct KeySet<Element: Hashable & Sendable>: Sendable, Equatable {
  private var tree: TreeSet<Element>

  package init(_ elements: some Sequence<Element>) { tree = TreeSet(elements) }

  package var isEmpty: Bool { tree.isEmpty }
  package func contains(_ element: Element) -> Bool { tree.contains(element) }
  package mutating func insert(_ element: Element) { tree.insert(element) }
  /// In no order that means anything.
  var elements: some Collection<Element> { tree }
  /// - Returns: nil where it was not there.
  @discardableResult
  package mutating func remove(_ element: Element) -> Element? { tree.remove(element) }
  package mutating func keep(where isKept: (Element) -> Bool) { tree = tree.filter(isKept) }
}
