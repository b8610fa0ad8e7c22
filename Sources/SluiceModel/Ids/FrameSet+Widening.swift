extension FrameSet {
  /// Every frame with the frames around it: `-1...1` adds one before and one after each range.
  package func widened(by offsets: ClosedRange<Int>) -> FrameSet {
    FrameSet(ranges: ranges.map { ($0.lowerBound + offsets.lowerBound)...($0.upperBound + offsets.upperBound) })
  }
}
