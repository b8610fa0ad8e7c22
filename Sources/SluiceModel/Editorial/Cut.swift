/// A cut as a plain list of clips, whatever format it came in.
package struct Cut: Sendable, Equatable, Codable {
  /// What the timeline is called.
  package var name: String
  /// Those that are seen, in the order of the cut.
  package var clips: [CutClip]
  package init(name: String, clips: [CutClip]) { (self.name, self.clips) = (name, clips) }
}

/// A piece of a source in a cut. Where it stands in the cut is no part of it: when an earlier clip gets shorter, the
/// later ones only slip.
package struct CutClip: Sendable, Equatable, Codable {
  package var name: String
  /// What names its source: a file, or what an edit list says of one; nil where nothing does.
  package var media: String?
  /// The folder of its shot, where the timeline says so.
  package var folder: String?
  /// In frames of the source: the first, and how many.
  package var start: Double
  package var duration: Double
  /// Frames a second.
  package var rate: Double

  package init(
    name: String, media: String? = nil, folder: String? = nil, start: Double, duration: Double, rate: Double
  ) {
    (self.name, self.media, self.folder) = (name, media, folder)
    (self.start, self.duration, self.rate) = (start, duration, rate)
  }

  /// The frames of the source that it shows.
  /// - Throws: `cut.invalid` for what is no range of frames.
  package func frames() throws(SluiceError) -> FrameSet {
    let (first, count) = (start.rounded(), duration.rounded())
    let limits = Double(FrameSet.limits.lowerBound)...Double(FrameSet.limits.upperBound)
    guard limits.contains(first), count >= 1, limits.contains(first + count - 1) else {
      throw problem("has no frames that can be counted: it begins at \(start) and has \(duration)")
    }
    guard rate > 0, rate.isFinite else { throw problem("has no frame rate") }
    return FrameSet(Int(first)...Int(first + count - 1))
  }

  package func problem(_ what: String) -> SluiceError {
    SluiceError(
      .cutInvalid, what: "the clip '\(NameRule.printable(name))' \(what)", at: "the cut; nothing was recorded",
      fix: "mend the clip in the timeline, or leave it out")
  }
}

extension CutClip {
  /// The folder name that a clip's name stands for: runs of what no name may have become one `_`.
  /// - Returns: nil where nothing is left.
  package static func folderName(of name: String) -> String? {
    var result = ""
    for scalar in name.unicodeScalars {
      let isKept = scalar.isASCII && (scalar.properties.isAlphabetic || (0x30...0x39).contains(scalar.value))
      if isKept || "_-.".unicodeScalars.contains(scalar) {
        result.unicodeScalars.append(scalar)
      } else if result.last != "_" {
        result.append("_")
      }
    }
    while let first = result.first, "_-.".contains(first) { result.removeFirst() }
    while let last = result.last, "_-.".contains(last) { result.removeLast() }
    return NameRule.problem(in: result) == nil ? result : nil
  }
}
