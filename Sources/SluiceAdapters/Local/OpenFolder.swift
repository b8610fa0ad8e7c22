import Glibc

/// A folder that stays open as long as somebody holds it.
final class OpenFolder: Sendable {
  let descriptor: Int32

  /// Nil where it cannot be opened.
  init?(_ path: String) {
    descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    if descriptor < 0 { return nil }
  }

  deinit { close(descriptor) }
}
