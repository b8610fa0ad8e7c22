import Glibc
import SluiceModel
import Synchronization

/// A number that a process hands on to all that it starts, whatever that does to its environment, its session and its
/// parents: a hard limit of the kernel's that no program needs, and which nobody but root can raise again.
///
/// It is `RLIMIT_RTTIME`, the time that a process with real-time scheduling may take without a pause: from 2^62 to 2^63
/// microseconds here, which is 146,000 years and more. Source: ADR 0028.
struct ProcessMark: Sendable, Hashable {
  /// What the limit is set to.
  let number: UInt64

  /// Marks of one program, and of those that come after it.
  struct Family: Sendable, Hashable {
    fileprivate let number: UInt64

    /// - Parameter name: what they have in common.
    init(_ name: String) {
      let digits = UInt64(Digest.of(name).hex.prefix(16), radix: 16) ?? 0
      let kept = digits >> (64 - ProcessMark.familyBits)
      number = (1 << ProcessMark.familyBits | kept) << ProcessMark.memberBits
    }

    /// One of the family. Those that are `2^24` apart are the same: no two of them are there at a time.
    func member(_ member: Int) -> ProcessMark {
      ProcessMark(number: number | UInt64(truncatingIfNeeded: member) & (1 << ProcessMark.memberBits - 1))
    }
  }

  private static let familyBits: UInt64 = 38
  private static let memberBits: UInt64 = 24

  func belongs(to family: Family) -> Bool { number >> Self.memberBits == family.number >> Self.memberBits }

  private init(number: UInt64) { self.number = number }

  /// The mark that a process carries; nil for none.
  init?(of process: Int32) { self.init(in: Census.text(of: "/proc/\(process)/limits")) }

  /// - Parameter text: as `/proc/PID/limits` has it. Source: proc_pid_limits(5).
  init?(in text: String) {
    guard let line = text.split(separator: "\n").first(where: { $0.hasPrefix("Max realtime timeout") }) else {
      return nil
    }
    // The soft one may be less, as of a program that plays sound.
    let words = line.split(separator: " ")
    guard words.count > 4, let hard = UInt64(words[4]), hard >> (Self.familyBits + Self.memberBits) == 1 else {
      return nil
    }
    number = hard
  }
}

/// Gives each task or session of a program a mark of its own.
final class ProcessMarks: Sendable {
  let family: ProcessMark.Family
  private let given = Mutex(0)

  init(_ name: String) { family = ProcessMark.Family(name) }

  func next() -> ProcessMark {
    family.member(
      given.withLock { given in
        given += 1
        return given
      })
  }
}
