package import SluiceModel

extension Folder {
  /// The range with its handles: the frames that there should be; nil where the folder has no range.
  package var frames: FrameSet? {
    guard let range = attributes["range"].flatMap({ FrameSet($0) }), !range.isEmpty else { return nil }
    return range.widened(by: -handles...handles).intersection(FrameSet(FrameSet.limits))
  }

  private var handles: Int { min(max(0, attributes["handles"].flatMap { Int($0) } ?? 0), Limits.handleFrames) }

  /// The range as people wrote it, for sentences.
  var spokenRange: String {
    let range = attributes["range"] ?? ""
    return handles == 0 ? range : "\(range) with handles of \(handles)"
  }
}

/// What the well-known attributes of a folder may be.
package enum FolderAttributes {
  package static func problem(_ key: String, _ value: String) -> String? {
    switch key {
    case "range" where !value.isEmpty: FrameSet(value) == nil ? "'\(NameRule.printable(value))' is no frame range" : nil
    case "handles" where !value.isEmpty:
      Int(value).map { (0...Limits.handleFrames).contains($0) } == true
        ? nil : "'\(NameRule.printable(value))' is no number of handles from 0 to \(Limits.handleFrames)"
    case "order" where !value.isEmpty:
      Double(value)?.isFinite == true
        ? nil : "'\(NameRule.printable(value))' is no place in the cut: an order is a number"
    case "fps" where !value.isEmpty:
      (Double(value) ?? 0) > 0 ? nil : "'\(NameRule.printable(value))' is no frame rate"
    default: nil
    }
  }
}
