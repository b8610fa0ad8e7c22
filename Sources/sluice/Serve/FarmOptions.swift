import ArgumentParser
import SluiceEngine
import SluiceModel
import SluicePolicy

/// What `serve` takes about agents and sizes.
struct FarmOptions: ParsableArguments {
  @Option(help: "An agent that says nothing for so many seconds has lost its tasks.") var agentLease = 30.0
  @Option(
    help: ArgumentHelp(
      "What a size stands for; may be given several times.",
      discussion: "XS=1,2G S=2,8G M=4,16G L=8,32G XL=16,64G where it is not said; a third number is GPUs.",
      valueName: "name=cores,memory[,gpus]"))
  var size: [String] = []
  @Option(
    help: ArgumentHelp(
      "How many of something tasks may have at once, such as licences; may be given several times.",
      discussion: "With /host, all tasks on one machine share one.", valueName: "name=count[/host]"))
  var limit: [String] = []
  @Option(
    help: ArgumentHelp(
      "A program that says how many there are of a limit; may be given several times.",
      discussion: "It prints '20', or '20 7' where others have 7 of them. One that fails keeps its last value.",
      valueName: "name=program"))
  var limitCommand: [String] = []
  @Option(help: "How often these programs are asked, in seconds.") var limitSeconds = 30.0

  @Option(
    help: ArgumentHelp(
      "How many seconds an agent takes no other task after one that says nothing of its memory.",
      discussion: "Or until one of its run has succeeded, so that ten do not land before the first one's memory shows.")
  )
  var ramp = 0.0
  @OptionGroup var machine: HostOptions
  @OptionGroup var queueManager: QueueManagerOptions

  func validate() throws {
    guard (0...3_600).contains(ramp) else { throw ValidationError("--ramp takes 0 to 3600 seconds.") }
    guard (0.2...3_600).contains(agentLease) else {
      throw ValidationError("--agent-lease takes 0.2 to 3600 seconds.")
    }
    for text in size where FarmOptions.size(text) == nil {
      throw ValidationError("--size takes XS, S, M, L or XL with cores and memory, such as M=4,16G; not '\(text)'.")
    }
    for text in limit where FarmOptions.limit(text) == nil {
      throw ValidationError("--limit takes NAME=COUNT or NAME=COUNT/host, not '\(text)'.")
    }
    for text in limitCommand where FarmOptions.program(text) == nil {
      throw ValidationError("--limit-command takes NAME=PROGRAM, not '\(text)'.")
    }
    guard (0.5...86_400).contains(limitSeconds) else {
      throw ValidationError("--limit-seconds takes 0.5 to 86400 seconds.")
    }
  }

  func settings(probe: FarmSettings.Probe) -> FarmSettings {
    var settings = FarmSettings(
      lease: .milliseconds(Int(agentLease * 1_000)),
      sizes: Sizes(Dictionary(size.compactMap(FarmOptions.size), uniquingKeysWith: { _, last in last })),
      limits: Dictionary(limit.compactMap(FarmOptions.limit), uniquingKeysWith: { _, last in last }),
      host: Machine.host, memory: Machine.memory, probe: probe)
    settings.askedLimits = Set(limitPrograms.keys)
    settings.ramp = .milliseconds(Int(ramp * 1_000))
    settings.limitPause = .milliseconds(Int(limitSeconds * 1_000))
    settings.pool = queueManager.labels
    (settings.labels, settings.traits) = (machine.labels, machine.traits)
    return settings
  }

  /// By the limits' names.
  var limitPrograms: [String: String] {
    Dictionary(limitCommand.compactMap(FarmOptions.program), uniquingKeysWith: { _, last in last })
  }

  private static func program(_ text: String) -> (String, String)? {
    guard let equals = text.firstIndex(of: "="), NameRule.problem(in: text[..<equals]) == nil else { return nil }
    let program = String(text[text.index(after: equals)...])
    guard !program.isEmpty else { return nil }
    return (String(text[..<equals]), program.contains("/") ? Machine.absolute(program) : program)
  }

  private static func size(_ text: String) -> (SizeName, Amounts)? {
    guard let equals = text.firstIndex(of: "="), let name = SizeName(rawValue: String(text[..<equals])) else {
      return nil
    }
    let parts = text[text.index(after: equals)...].split(separator: ",", omittingEmptySubsequences: false)
    guard (2...3).contains(parts.count), let cores = Int(parts[0]), (1...Limits.agentCores).contains(cores),
      let memory = MemorySize.mebibytes(String(parts[1]))
    else { return nil }
    guard parts.count == 3 else { return (name, Amounts(cores: cores, memory: memory)) }
    guard let gpus = Int(parts[2]), (0...Limits.agentGPUs).contains(gpus) else { return nil }
    return (name, Amounts(cores: cores, memory: memory, gpus: gpus))
  }

  private static func limit(_ text: String) -> (String, CountedLimit)? {
    guard let equals = text.firstIndex(of: "="), NameRule.problem(in: text[..<equals]) == nil else { return nil }
    let parts = text[text.index(after: equals)...].split(separator: "/", omittingEmptySubsequences: false)
    guard let count = parts.first.flatMap({ Int($0) }), (0...Limits.limitCount).contains(count),
      parts.count == 1 || parts.count == 2 && parts[1] == "host"
    else { return nil }
    return (String(text[..<equals]), CountedLimit(count: count, unit: parts.count == 2 ? .host : .seat))
  }
}
