package import SluiceModel

/// What opening a log came upon.
package struct LogOpening: Sendable, Equatable {
  /// A batch that was being written when the power went. Nobody was told that it is there; it was cut off.
  package struct TornTail: Sendable, Equatable {
    package let file: String
    package let offset: Int
    package let bytes: Int
  }
  package var torn: TornTail?
  /// Where there is any, nothing is written until it is mended.
  package var damages: [LogDamage] = []
  /// Files that had been begun and were taken away.
  package var unfinished: [String] = []
  /// Events that came from an older log; nil where there was none.
  package var imported: Int64?

  package init() {}
}
