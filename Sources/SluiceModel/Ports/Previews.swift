/// Small pictures of image files, derived and never in plans.
package protocol PreviewMaker: Sendable {
  /// The path of a JPEG of an image at most `width` pixels wide; made on demand, kept, nil for what is no image.
  func preview(of path: String, key: Digest, width: Int) async -> String?
}
