/// Small pictures of image files, derived and never in plans.
package protocol PreviewMaker: Sendable {
  /// The path of a JPEG of an image at most `width` pixels wide; made on demand, kept, nil for what is no image.
  /// - Parameter name: what the file is called, which says its format; `path` may not.
  func preview(of path: String, named name: String, key: Digest, width: Int) async -> String?
}
