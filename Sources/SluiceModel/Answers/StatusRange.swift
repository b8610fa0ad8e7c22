/// Frames of a product that stand alike, and for the same reasons.
package struct StatusRange: Sendable, Equatable, Codable {
  package var frames: FrameSet
  package var freshness: Freshness
  /// Places in the product's `reasons`.
  package var reasons: [Int]
  package init(frames: FrameSet, freshness: Freshness, reasons: [Int]) {
    (self.frames, self.freshness, self.reasons) = (frames, freshness, reasons)
  }
}
