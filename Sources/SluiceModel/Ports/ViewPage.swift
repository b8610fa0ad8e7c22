/// Rows of one model that lie one behind the other, in one piece of memory: there may be millions of them.
package struct ViewPage: Sendable {
  /// The row that a page ends with.
  package struct End: Sendable, Hashable {
    package let model: String
    package let key: String
    package init(model: String, key: String) { (self.model, self.key) = (model, key) }
  }

  package let model: String
  private var bytes: [UInt8] = []
  /// Where each key and each body ends, one after the other.
  private var ends: [Int] = []

  package init(model: String) { self.model = model }

  package var count: Int { ends.count / 2 }
  package var byteCount: Int { bytes.count }

  package mutating func add(key: UnsafeRawBufferPointer, body: UnsafeRawBufferPointer) {
    bytes.append(contentsOf: key)
    ends.append(bytes.count)
    bytes.append(contentsOf: body)
    ends.append(bytes.count)
  }

  /// Calls with every row in order.
  package func forEach<Failure: Error>(
    _ look: (_ key: UnsafeRawBufferPointer, _ body: UnsafeRawBufferPointer) throws(Failure) -> Void
  ) throws(Failure) {
    let result = bytes.withUnsafeBytes { bytes -> Result<Void, Failure> in
      var start = 0
      for row in 0..<count {
        let (middle, end) = (ends[2 * row], ends[2 * row + 1])
        do throws(Failure) {
          try look(
            UnsafeRawBufferPointer(rebasing: bytes[start..<middle]),
            UnsafeRawBufferPointer(rebasing: bytes[middle..<end]))
        } catch {
          return .failure(error)
        }
        start = end
      }
      return .success(())
    }
    try result.get()
  }

  package var rows: [ViewRow] {
    var rows: [ViewRow] = []
    forEach { (key, body) throws(Never) in
      rows.append(ViewRow(model: model, key: String(decoding: key, as: UTF8.self), body: Array(body)))
    }
    return rows
  }

  /// Nil for a page without rows.
  package var end: End? {
    guard count > 0 else { return nil }
    let start = count > 1 ? ends[2 * count - 3] : 0
    return End(model: model, key: String(decoding: bytes[start..<ends[2 * count - 2]], as: UTF8.self))
  }

  /// Rows as pages of at most so many bytes, but for what is in one folder.
  package static func pages(of rows: [ViewRow], bytes: Int = .max) -> [ViewPage] {
    var pages: [ViewPage] = []
    var (page, folder): (ViewPage?, Substring) = (nil, "")
    for row in rows.sorted(by: { ($0.model, $0.key) < ($1.model, $1.key) }) {
      guard let body = row.body else { continue }
      let next = row.key.lastIndex(of: "/").map { row.key[..<$0] } ?? row.key[...]
      if let full = page, full.model != row.model || full.byteCount > bytes && next != folder {
        pages.append(full)
        page = nil
      }
      folder = next
      var (key, added) = (row.key, page ?? ViewPage(model: row.model))
      page = nil
      key.withUTF8 { key in
        body.withUnsafeBytes { body in added.add(key: UnsafeRawBufferPointer(key), body: body) }
      }
      page = added
    }
    if let page { pages.append(page) }
    return pages
  }
}
