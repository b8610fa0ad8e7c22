import ArgumentParser
import Glibc
import SluiceModel

/// The program: parses, runs, and turns what went wrong into words and an exit code.
@main struct Sluice: AsyncParsableCommand {
  static let version = "0.1.0"

  static let configuration = CommandConfiguration(
    commandName: "sluice",
    abstract: "Remembers what every file was made from, shows what a change will touch, re-runs exactly that.",
    discussion: """
      Environment: SLUICE_SERVER (default http://127.0.0.1:7733), SLUICE_TOKEN, SLUICE_ACTOR.
      Exit codes: 0 done, 1 what was asked for failed, 2 wrong usage or bad input, 3 server not reachable.
      """,
    version: version,
    subcommands: [
      Serve.self, PipelineCommand.self, FolderCommand.self, CastCommand.self, Conform.self, Publish.self,
      Identify.self, Show.self, Status.self, PlanCommand.self, Apply.self, PlansCommand.self, Cancel.self,
      Retry.self, RunCommand.self, TaskCommand.self, Why.self, Impact.self, GraphCommand.self, SavingsCommand.self,
      SizesCommand.self, TagCommand.self,
      Approve.self, Reject.self, Vouch.self, FreezeCommand.self, Thaw.self, Release.self, Fetch.self,
      PurgeCommand.self, EventsCommand.self, EventCommand.self, SubscriptionCommand.self, Replay.self,
      JobCommand.self, AgentCommand.self, AgentsCommand.self, QueueCommand.self, FarmCommand.self,
      TokenCommand.self, PersonCommand.self, LogCommand.self, Backup.self, Restore.self,
    ])

  static func main() async {
    do {
      var command = try parseAsRoot()
      if var asynchronous = command as? any AsyncParsableCommand {
        try await asynchronous.run()
      } else {
        try command.run()
      }
    } catch let error as SluiceError {
      Console.report(error)
      Glibc.exit(error.code.exitCode)
    } catch let end as ExitCode {
      Glibc.exit(end.rawValue)
    } catch {
      finish(error)
    }
  }

  /// Help and version go out as asked; a wrong call is exit code 2.
  private static func finish(_ error: any Error) -> Never {
    let code = exitCode(for: error)
    let text = fullMessage(for: error)
    if code == .success {
      print(text)
      Glibc.exit(0)
    }
    if code == .validationFailure {
      if Console.wantsJSON {
        Console.report(SluiceError(.usage, what: message(for: error), at: "command line", fix: "see sluice --help"))
      } else {
        Console.complain(text)
      }
      Glibc.exit(2)
    }
    Console.complain("\(error)")
    Glibc.exit(1)
  }
}
