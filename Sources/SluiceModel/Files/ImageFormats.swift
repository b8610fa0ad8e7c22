/// Which files are pictures, by extension.
package enum ImageFormats {
  private static let images: Set<String> = [
    "exr", "png", "jpg", "jpeg", "tif", "tiff", "dpx", "cin", "tga", "bmp", "hdr", "webp", "gif", "jp2", "tx", "sgi",
    "ppm", "psd", "heic",
  ]
  private static let forBrowsers: Set<String> = ["png", "jpg", "jpeg", "gif", "webp", "bmp", "svg"]

  package static func isImage(_ path: String) -> Bool { images.contains(FileName(path).fileExtension.lowercased()) }
  package static func isForBrowsers(_ path: String) -> Bool {
    forBrowsers.contains(FileName(path).fileExtension.lowercased())
  }
}
