/// What Linux says of one process in `/proc/PID/stat`. Pure. Source: proc_pid_stat(5).
struct ProcessStat: Sendable, Hashable {
  let process: Int32
  let session: Int32
  /// Its own and that of children it has waited for, in ticks.
  let ticks: Int64
  /// Pages in memory, those shared with others too.
  let residentPages: Int64

  /// Nil for what is no such line, and for a process that has ended and waits for its parent.
  init?(_ text: String) {
    // The name stands in parentheses and may have any characters, these too.
    guard let open = text.firstIndex(of: "("), let close = text.lastIndex(of: ")"), open < close,
      let process = Int32(text[..<open].filter(\.isNumber))
    else { return nil }
    let fields = text[text.index(after: close)...].split(whereSeparator: \.isWhitespace)
    guard fields.count > 21, fields[0] != "Z", let session = Int32(fields[3]), let pages = Int64(fields[21]) else {
      return nil
    }
    (self.process, self.session, residentPages) = (process, session, pages)
    ticks = fields[11...14].reduce(0) { $0 + (Int64($1) ?? 0) }
  }

  /// A figure such as `VmHWM:     1234 kB` of `/proc/PID/status` or `smaps_rollup`, in bytes.
  static func bytes(_ name: String, in text: String) -> Int64? {
    for line in text.split(separator: "\n") where line.hasPrefix(name + ":") {
      let digits = line.dropFirst(name.count + 1).drop { $0.isWhitespace }.prefix { $0.isNumber }
      return Int64(digits).map { $0 * 1_024 }
    }
    return nil
  }
}
