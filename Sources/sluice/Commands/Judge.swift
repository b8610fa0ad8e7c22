import ArgumentParser
import SluiceModel

/// What `approve` and `reject` share.
private struct JudgeBody: Encodable {
  var ref: String
  var verdict: Verdict
  var because: String?

  func send(_ options: ServerOptions) async throws {
    let answer: JudgementAnswer = try await options.client.post("judge", self)
    if options.json { return Console.json(answer) }
    let latest = answer.latest.map { $0 == answer.version ? "it is the latest" : "the latest is \($0)" }
    let said = verdict == .withdrawn ? "neither approved nor rejected" : verdict.rawValue
    print(
      "\(answer.ref) \(Console.number(answer.number)) (\(answer.version)) is \(said) now; "
        + "\(latest ?? "no version is left that is not rejected").")
  }
}

private struct WordBody: Encodable {
  var ref: String
  var because: String?
}

struct Approve: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Approve a version: the tag 'approved' moves to it.",
    discussion: """
      EXAMPLE: sluice approve demo/look/show_lut@2 --because "seen in dailies"
      EXAMPLE: sluice approve demo/look/show_lut@2 --withdraw
      """)
  @Argument(help: "A product with @version; the latest where it is not said.") var ref: String
  @Option(help: "Why.") var because: String?
  @Flag(help: "Take back what was said of it.") var withdraw = false
  @OptionGroup var options: ServerOptions

  func run() async throws {
    try await JudgeBody(ref: ref, verdict: withdraw ? .withdrawn : .approved, because: because).send(options)
  }
}

struct Reject: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Reject a version: nobody takes it as the latest any more.",
    discussion: """
      EXAMPLE: sluice reject demo/look/show_lut@3 --because "too green"
      EXAMPLE: sluice reject demo/look/show_lut@3 --withdraw
      """)
  @Argument(help: "A product with @version; the newest where it is not said.") var ref: String
  @Option(help: "Why.") var because: String?
  @Flag(help: "Take back what was said of it.") var withdraw = false
  @OptionGroup var options: ServerOptions

  func run() async throws {
    try await JudgeBody(ref: ref, verdict: withdraw ? .withdrawn : .rejected, because: because).send(options)
  }
}

struct Vouch: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Say that a version is right for its inputs exactly as they are now.",
    discussion: #"EXAMPLE: sluice vouch demo/sq010/sh0010/animation --because "the rig change is not seen here""#)
  @Argument(help: "The product.") var ref: String
  @Option(help: "Why.") var because: String?
  @OptionGroup var options: ServerOptions

  func run() async throws {
    let answer: VouchAnswer = try await options.client.post("vouch", WordBody(ref: ref, because: because))
    if options.json { return Console.json(answer) }
    print("\(answer.ref) \(Console.number(answer.number)) counts as made from:")
    Console.table(
      answer.inputs.map { used in
        ["  " + (used.input ?? ""), "\(used.product)", Console.number(used.number), "\(used.version)"]
      })
    guard let status = answer.status else { return }
    if status.freshness == .current { return print("It is current now.") }
    print("It is \(status.freshness.rawValue) all the same:")
    for reason in status.reasons where !reason.isNote { print("  because \(reason.text)") }
  }
}

struct FreezeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "freeze", abstract: "Keep changes of a product out: who takes the latest takes this version.",
    discussion: """
      EXAMPLE: sluice freeze demo/look/show_lut --at v-20261123-142301-main --until 2026-12-01 --because "cut is locked"
      """)
  @Argument(help: "The product.") var ref: String
  @Option(help: "The version: v-…, a number or a tag.") var at: String
  @Option(help: "When it ends by itself: a date (its first moment, UTC) or a time.") var until: String?
  @Option(help: "Why.") var because: String
  @OptionGroup var options: ServerOptions

  private struct Body: Encodable {
    var ref: String
    var at: String
    var until: String?
    var because: String
  }

  func run() async throws {
    let answer: FreezeAnswer = try await options.client.post(
      "freeze", Body(ref: ref, at: at, until: until, because: because))
    if options.json { return Console.json(answer) }
    let end = answer.until.map { "until \(Timestamp.text($0))" } ?? "until somebody thaws it"
    print("\(answer.ref) is frozen at \(Console.number(answer.number)) \(end): sluice thaw \(answer.ref)")
  }
}

struct Thaw: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "End a freeze: who takes the latest version takes the latest again.",
    discussion: "EXAMPLE: sluice thaw demo/look/show_lut")
  @Argument(help: "The product.") var ref: String
  @Option(help: "Why.") var because: String?
  @OptionGroup var options: ServerOptions

  func run() async throws {
    let answer: FreezeAnswer = try await options.client.post("thaw", WordBody(ref: ref, because: because))
    if options.json { return Console.json(answer) }
    print("\(answer.ref) is not frozen any more.")
  }
}

struct Release: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Let a step make a product again that was painted over.",
    discussion: "EXAMPLE: sluice release demo/sq010/sh0010/comp")
  @Argument(help: "The product.") var ref: String
  @Option(help: "Why.") var because: String?
  @OptionGroup var options: ServerOptions

  func run() async throws {
    let answer: ReleaseAnswer = try await options.client.post("release", WordBody(ref: ref, because: because))
    if options.json { return Console.json(answer) }
    print("Nobody holds \(answer.ref): its step makes it again.")
  }
}
