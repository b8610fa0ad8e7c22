/// Which syncs are made; leaving one out exists only so that a test can show that it would notice.
package struct SyncSwitch: Sendable, Hashable {
  package var file = true
  package var folder = true
  package var log = true
  package static let all = SyncSwitch()
  package init() {}
}
