/// Every bound in one place, each with its reason.
package enum Limits {
  /// A path component may have 255 bytes on common file systems; names join with others and want room.
  package static let nameBytes = 96
  package static let folderDepth = 16
  /// Longer than any real reference: 16 folders of 96 bytes and a file name.
  package static let referenceBytes = 2_048
  /// One decision is one record; JetStream's default message limit is 1 MiB, a quarter leaves room for headers.
  package static let recordBytes = 256 * 1024
  /// Small facts that one record surely holds: 500 of 400 bytes are 200 KiB.
  package static let factsPerRecord = 500
  /// A pipeline file is written by people.
  package static let pipelineBytes = 1024 * 1024
  /// What a pipeline may unfold to; an alias bomb is past this at once.
  package static let pipelineNodes = 50_000
  package static let pipelineDepth = 32
  /// JSON bodies: a manifest of 50,000 files is about 8 MiB.
  package static let jsonBodyBytes = 16 * 1024 * 1024
  /// Bytes that a manifest may carry inside itself; larger files are streamed.
  package static let inlineFileBytes = 256 * 1024
  /// One file of an upload: a 16K, 4-channel float EXR sequence frame is about 2 GiB, a movie may be more.
  package static let uploadFileBytes = 1024 * 1024 * 1024 * 1024
  package static let filesPerVersion = 200_000
  package static let noteBytes = 4_096
  /// Plans that were computed but not applied and that `apply --plan` may name.
  package static let computedPlans = 1_000
  /// Decisions gathered into one commit of the log.
  package static let recordsPerCommit = 1_000
  /// Rows and index entries that the views may lag behind the log before writing waits for them.
  package static let unsavedRows = 20_000
  /// Commands remembered in memory beside those in the views.
  package static let recentCommands = 10_000
  package static let eventsPerPage = 1_000
  /// Records of one stream that wait for their causes in another: a few pages of it, a quarter of a gigabyte at the
  /// worst.
  package static let heldRecords = 1_000
  /// A site whose clock runs further ahead than this is wrong, not fast (NTP keeps machines within a second), and the
  /// others do not follow it.
  package static let clockDriftMilliseconds: Int64 = 60_000
  /// Nesting of JSON from outside; deeper text would only be made to exhaust the stack.
  package static let jsonDepth = 128
  /// One page that is read from the log: large enough to be fast, small enough to hold a few at once.
  package static let scanBytes = 4 * 1024 * 1024
  /// A reader of the live stream that falls this far behind is dropped and resumes by id.
  package static let streamBacklog = 1_024
  /// Manifests kept decoded in memory.
  package static let cachedManifests = 2_000
  package static let runsPerPlan = 100_000
  /// What `sluice task log` and the page read of one log at a time.
  package static let logPageBytes = 1024 * 1024
  /// A step without `timeout` ends its task after this; a hung task must not hold a slot for ever.
  package static let taskTimeoutSeconds = 6 * 3600
  /// Versions that one product may get in one second; the counter has two digits.
  package static let versionsPerSecond = 99
}
