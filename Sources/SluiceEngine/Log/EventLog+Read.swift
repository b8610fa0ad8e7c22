package import SluiceModel

extension EventLog {
  /// Like `scan`, decoded.
  /// - Throws: `log.damaged`.
  package func read(after sequence: Int64, limit: Int) async throws(SluiceError) -> [StoredRecord] {
    var records: [StoredRecord] = []
    for logged in try await scan(after: sequence, limit: limit) { records.append(try logged.decoded()) }
    return records
  }
}
