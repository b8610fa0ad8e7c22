import SluiceModel

/// How far a look is, told in steps that a person can follow.
final class Meter {
  var segment = ""
  private let inAll: Int
  private let tell: (LogProgress) -> Void
  private var done = 0
  private var told = 0

  init(inAll: Int, _ tell: @escaping (LogProgress) -> Void) { (self.inAll, self.tell) = (inAll, tell) }

  func add(_ bytes: Int) {
    done += bytes
    guard done - told >= Limits.scanBytes else { return }
    told = done
    tell(LogProgress(segment: segment, bytesDone: done, bytesInAll: max(done, inAll)))
  }
}
