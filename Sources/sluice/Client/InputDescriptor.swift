import Glibc

/// An open file to read from; closed when it goes.
final class InputDescriptor {
  private let descriptor: Int32

  init?(_ path: String) {
    descriptor = open(path, O_RDONLY | O_CLOEXEC)
    if descriptor < 0 { return nil }
  }

  deinit { close(descriptor) }

  /// At most `count` bytes; empty at the end, and where nothing more can be read.
  func read(_ count: Int) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    let got = bytes.withUnsafeMutableBytes { Glibc.read(descriptor, $0.baseAddress, count) }
    return got > 0 ? Array(bytes.prefix(got)) : []
  }
}
