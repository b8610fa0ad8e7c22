import SluiceModel
import Synchronization

/// The log in segments, without a task or a clock: every call runs to its end on the caller's thread.
///
/// One append at a time; readers go on beside it, see only what is synced, and never wait for a sync.
/// `SegmentedLog` puts threads around it, a simulator calls it as it is.
package final class SegmentEngine: Sendable {
  package struct Settings: Sendable {
    /// A segment that would grow beyond this is sealed; one batch may be larger.
    package var segmentBytes = Limits.segmentBytes
    package var zerosAheadBytes = Limits.zerosAheadBytes
    package var indexedBytes = Limits.indexedBytes
    package init() {}
  }

  /// What readers see.
  struct Readable: Sendable {
    var sealed: [SealedSegment]
    var active: SegmentIdentity
    var file: any LogFile
    var index: SegmentIndex
    /// Where synced bytes of the active segment end.
    var end: Int
    /// The last event.
    var head: Int64
  }

  /// Whether the next batch can be written as it is.
  enum Condition: Sendable {
    case sound
    /// What a failed append left behind `place` must go first.
    case leftovers
    /// A sync failed: nobody knows what of the last pages is on disk.
    case doubtful
    /// A new segment was begun and must be finished: it may be there already, and says where this one ends.
    case halfRolled
    case damaged(SluiceError)
  }

  /// What the one who appends needs.
  struct Writing: Sendable {
    var header: SegmentHeader
    var file: any LogFile
    /// Where the next batch begins.
    var place: LogPlace
    /// Up to where the file has bytes, zeros among them.
    var size: Int
    /// Of the last batch.
    var time: Int64
    var condition: Condition
    var buffer: [UInt8] = []

    var hasEvents: Bool { place.sequence > header.identity.first }
  }

  package let folder: String
  let files: any LogFiles
  let settings: Settings
  let readable: Mutex<Readable>
  let writing: Mutex<Writing>
  let openFiles = Mutex(RecentlyUsed<any LogFile>(capacity: Limits.openLogFiles))
  let openIndexes = Mutex(RecentlyUsed<OpenIndex>(capacity: Limits.openLogFiles))
  /// Held while an index is made anew.
  let indexing = Mutex(())
  /// Held by what moves or copies whole segments.
  let maintenance = Mutex(())

  init(_ folder: String, _ files: any LogFiles, _ settings: Settings, _ readable: Readable, _ writing: Writing) {
    (self.folder, self.files, self.settings) = (folder, files, settings)
    self.readable = Mutex(readable)
    self.writing = Mutex(writing)
  }

  package func head() -> Int64 { readable.withLock { $0.head } }

  func path(_ name: String) -> String { folder + "/" + name }
}
