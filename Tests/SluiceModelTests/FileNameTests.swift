import SluiceModel
import Testing

@Suite struct `A file name` {
  @Test(arguments: [
    ("plate.1001.exr", "", "plate.", "1001", "", "exr"),
    ("a/b/plate_0042.exr", "a/b/", "plate_", "0042", "", "exr"),
    ("1001.exr", "", "", "1001", "", "exr"),
    ("plate.1001", "", "plate.", "1001", "", ""),
    ("sh0010_plate.1001.exr", "", "sh0010_plate.", "1001", "", "exr"),
    ("plate.v2.1001.exr", "", "plate.v2.", "1001", "", "exr"),
    ("sh0010.exr", "", "sh", "0010", "", "exr"),
    ("plate.1001.left.exr", "", "plate.", "1001", ".left", "exr"),
    ("plate.1001_extra.exr", "", "plate.", "1001", "_extra", "exr"),
    ("movie.3.mp4", "", "movie.", "3", "", "mp4"),
    ("archive.7.7z", "", "archive.", "7", "", "7z"),
    ("plate.1001.tar.gz", "", "plate.", "1001", ".tar", "gz"),
    ("show_lut.cube", "", "show_lut", "", "", "cube"),
    ("README", "", "README", "", "", ""),
    (".hidden", "", ".hidden", "", "", ""),
    ("sq010/readme", "sq010/", "readme", "", "", ""),
    ("v001.d/file.txt", "v001.d/", "file", "", "", "txt"),
    ("plate.１００１.exr", "", "plate.１００１", "", "", "exr"),
    ("plate.-0010.exr", "", "plate.-", "0010", "", "exr"),
    ("name.", "", "name.", "", "", ""),
    ("", "", "", "", "", ""),
  ])
  func `has its frame in the last number before the extension`(
    path: String, directory: String, base: String, digits: String, tail: String, suffix: String
  ) {
    let name = FileName(path)
    #expect(
      [name.directory, name.base, name.digits, name.tail, name.fileExtension] == [
        directory, base, digits, tail, suffix,
      ])
  }

  @Test(arguments: [
    ("plate.1001.exr", 1001), ("plate.0000.exr", 0), ("plate.10000000.exr", 10_000_000), ("plate.10000001.exr", nil),
    ("notes.20261122.txt", nil), ("a.99999999999999999999.exr", nil), ("show_lut.cube", nil), ("look.3dl", nil),
    ("take.mp4", nil),
  ])
  func `has no frame where the number is none that film has`(path: String, frame: Int?) {
    #expect(FileName(path).frame == frame)
  }

  @Test func `shares its key with the frames of its sequence, and nothing else`() {
    let key = FileName("a/plate.1001.exr").sequenceKey
    #expect(FileName("a/plate.1002.exr").sequenceKey == key)
    for other in ["b/plate.1001.exr", "a/plate_1001.exr", "a/plate.1001.jpg", "a/plate.1001.left.exr", "a/plate.exr"] {
      #expect(FileName(other).sequenceKey != key, "\(other)")
    }
  }
}

@Suite struct `A pattern of file names` {
  @Test(arguments: [
    ("plate.####.exr", 7, "plate.0007.exr"), ("plate.####.exr", 1001, "plate.1001.exr"),
    ("plate.####.exr", 100_000, "plate.100000.exr"), ("#.exr", 12, "12.exr"), ("plate_######", 3, "plate_000003"),
    ("review.mov", 3, "review.mov"), ("a/##/x.###.exr", 5, "a/05/x.###.exr"),
  ])
  func `is filled with as many digits as it has marks, and more where the frame needs them`(
    pattern: String, frame: Int, name: String
  ) {
    #expect(FileName.fill(pattern, frame: frame) == name)
  }

  @Test(arguments: [
    ("work", "plate.####.exr", "work/plate.%04d.exr"), ("work", "#.exr", "work/%01d.exr"),
    ("work", "review.mov", "work/review.mov"), ("100%", "plate.##.exr", "100%%/plate.%02d.exr"),
    ("work", "50%.###.%d", "work/50%%.%03d.%%d"), ("100%", "review.mov", "100%/review.mov"),
  ])
  func `is a printf format with the percent signs of its path doubled`(folder: String, name: String, format: String) {
    #expect(FileName.printf(folder + "/", name: name) == format)
  }

  /// What C's printf writes for `%04d`, so that a program and Sluice mean the same file.
  @Test(arguments: [
    (5, 4, "0005"), (0, 4, "0000"), (-5, 4, "-005"), (-1001, 4, "-1001"), (-12, 1, "-12"), (12_345, 4, "12345"),
    (-5, 0, "-5"), (Int.min, 4, "-9223372036854775808"),
  ])
  func `counts the sign of a frame as a digit`(frame: Int, width: Int, text: String) {
    #expect(FileName.padded(frame, width: width) == text)
  }

  @Test func `gives names that lead back to their frame`() {
    for seed in Chance.seeds {
      var random = Chance(seed: seed)
      let (frame, width) = (random.below(1_000_000), 1 + random.below(8))
      let name = FileName.fill("sh0010.\(String(repeating: "#", count: width)).exr", frame: frame)
      #expect(FileName(name).frame == frame, "seed \(seed): \(name)")
    }
  }
}
