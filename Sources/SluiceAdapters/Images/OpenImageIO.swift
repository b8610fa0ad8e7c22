import FoundationEssentials
package import SluiceModel

/// Looks at pictures through `oiiotool`; where it is not installed nothing can be decoded, and bytes count.
package struct OpenImageIO: PixelReader, PreviewMaker {
  private let environment: [String: String]
  private let previews: String
  private let ambient: Ambient
  private let gate = Gate(width: 2)

  /// - Parameter previews: a folder for small pictures.
  package init(environment: [String: String], previews: String, ambient: Ambient) {
    (self.environment, self.previews, self.ambient) = (environment, previews, ambient)
  }

  // MARK: Pixels

  package func digests(of paths: [String]) async -> [Digest?] {
    if paths.isEmpty { return [] }
    guard Program.path(of: "oiiotool", environment: environment) != nil else { return paths.map { _ in nil } }
    var found: [Digest?] = []
    for start in stride(from: 0, to: paths.count, by: 64) {
      let some = Array(paths[start..<min(start + 64, paths.count)])
      if let digests = await ask(some) {
        found += digests
      } else {
        // One that cannot be decoded ends the whole call; the others still count by their pixels.
        for path in some { found.append(await ask([path])?.first ?? nil) }
      }
    }
    return found
  }

  /// Nil when any of the files could not be read.
  private func ask(_ paths: [String]) async -> [Digest?]? {
    let answer = await Program.output(
      "oiiotool", ["--info", "-v", "-a", "--hash"] + paths, environment: environment, within: .seconds(600),
      sleep: ambient.sleep)
    guard let answer, answer.isSuccess else { return nil }
    let digests = OpenImageIO.pixelDigests(answer.text)
    return digests.count == paths.count ? digests : nil
  }

  /// What `oiiotool --info -v -a --hash` prints, cut into files, with only the lines that are about the picture:
  /// resolution, channels, format, windows and the hash of the pixels.
  static func pixelDigests(_ text: String) -> [Digest?] {
    var files: [[Substring]] = []
    for line in text.split(whereSeparator: \.isNewline) {
      if line.hasPrefix("Reading ") {
        files.append([])
        continue
      }
      guard !files.isEmpty else { continue }
      let trimmed = line.trimmingSpaces()
      let isAboutPicture = ["SHA-1:", "channel list:", "pixel data origin:", "full/display", "subimage"].contains {
        trimmed.hasPrefix($0)
      }
      if isAboutPicture {
        files[files.count - 1].append(trimmed)
      } else if !line.hasPrefix(" "), let colon = line.firstRange(of: " : ") {
        files[files.count - 1].append(line[colon.upperBound...].trimmingSpaces())
      }
    }
    return files.map { lines in
      lines.contains { $0.hasPrefix("SHA-1:") } ? Digest.of(lines.joined(separator: "\n")) : nil
    }
  }

  // MARK: Previews

  package func preview(of path: String, named name: String, key: Digest, width: Int) async -> String? {
    guard ImageFormats.isImage(name) else { return nil }
    let target = "\(previews)/\(key.hex.prefix(2))/\(key.hex)-\(width).jpg"
    if FileManager.default.fileExists(atPath: target) { return target }
    return await gate.run {
      if FileManager.default.fileExists(atPath: target) { return target }
      let folder = "\(previews)/\(key.hex.prefix(2))"
      try? FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
      let secret = ambient.makeSecret(bytes: 6)
      let temporary = "\(folder)/\(secret).jpg"
      let suffix = FileName(name).fileExtension
      // The program chooses its reader by the name, which an open file does not have.
      let link = FileName(path).fileExtension == suffix ? nil : "\(folder)/\(secret).\(suffix)"
      if let link { try? FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: path) }
      defer { if let link { try? FileManager.default.removeItem(atPath: link) } }
      var arguments = [link ?? path, "--ch", "0,1,2"]
      if ["exr", "hdr", "dpx"].contains(suffix.lowercased()) {
        arguments += ["--colorconvert", "lin_rec709", "srgb_rec709_scene"]
      }
      arguments += ["--fit", "\(width)x0", "-d", "uint8", "--attrib", "jpeg:quality", "85", "-o", temporary]
      let answer = await Program.output(
        "oiiotool", arguments, environment: environment, within: .seconds(60), sleep: ambient.sleep)
      guard answer?.isSuccess == true,
        (try? FileManager.default.moveItem(atPath: temporary, toPath: target)) != nil
          || FileManager.default.fileExists(atPath: target)
      else {
        try? FileManager.default.removeItem(atPath: temporary)
        return nil
      }
      return target
    }
  }
}
