import SluiceModel

extension FreezeNote {
  /// `frozen at v001 until 2026-12-01T00:00:00.000Z (anna, 2026-11-23T14:23:01.000Z): “the cut is locked”`.
  var text: String {
    let at = Console.number(number, else: version)
    let end = until.map { " until \(Timestamp.text($0))" } ?? ""
    return "frozen at \(at)\(end) (\(actor.name), \(Timestamp.text(time)))\(because.map { ": “\($0)”" } ?? "")"
  }
}

extension Approval {
  /// `rejected by tess: “too green”`; nil where nothing holds that somebody said.
  var text: String? {
    guard verdict != .withdrawn else { return nil }
    return verdict.rawValue + (by.map { " by \($0)" } ?? "") + (because.map { ": “\($0)”" } ?? "")
  }
}

extension NewerVersion {
  var text: String { "superseded by \(Console.number(number, else: version))" }
}

extension CarriedFrames {
  /// `carried from v001 but for frame 1004`.
  var text: String {
    let from = Console.number(number, else: version)
    let frames = but.isEmpty ? "" : " but for \(but.count == 1 ? "frame" : "frames") \(but)"
    return "carried from \(from)\(frames)"
  }
}

extension Console {
  /// `v001`, or what names a version that has no number.
  fileprivate static func number(_ number: Int?, else version: VersionID) -> String {
    number == nil ? "\(version)" : Self.number(number)
  }
}
