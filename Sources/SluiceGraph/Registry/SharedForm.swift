import SluiceModel

/// A form, for all versions that have it: with the core by which they were made, where many have the same.
struct SharedForm: Sendable {
  private let plain: [VersionForm]
  private var core: Digest?
  /// How many versions had that core, one after the other.
  private var count = 0
  private var full: [VersionForm] = []

  init(_ form: VersionForm) { plain = [form] }

  /// - Parameter core: nil for what no step made.
  mutating func form(madeBy core: Digest?) -> [VersionForm] {
    guard let core else { return plain }
    if core != self.core { (self.core, count, full) = (core, 0, []) }
    count += 1
    // A command that names its folder has another core in each: a form costs more than a few of these.
    guard count > SharedForm.sharers else { return plain }
    if full.isEmpty {
      full = plain
      full[0].core = core
    }
    return full
  }
  private static let sharers = 8
}
