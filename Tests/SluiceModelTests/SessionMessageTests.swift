import SluiceModel
import Testing

@Suite struct `A line of an action's output` {
  @Test(arguments: [
    ("openjd_progress: 12.5", OpenJD.SessionMessage.progress(12.5)),
    ("openjd_status: rendering: hair", .status("rendering: hair")),
    ("openjd_fail: no licence", .failure("no licence")),
    ("openjd_env: A=b=c ", .set(name: "A", value: "b=c ")),
    ("openjd_env: A=", .set(name: "A", value: "")),
    (#"openjd_env: "A=b\nc""#, .set(name: "A", value: "b\nc")),
    ("openjd_redacted_env: A=b", .setRedacted(name: "A", value: "b")),
    ("openjd_unset_env: A", .unset("A")),
  ]) func `says something`(line: String, message: OpenJD.SessionMessage) {
    #expect(OpenJD.SessionMessage(line: line) == message)
  }

  @Test(arguments: [
    "frame 12", " openjd_progress: 12", "openjd_progress:12", "OPENJD_STATUS: x", "openjd_environment: ready",
    "openjd_env_setup: done", "openjd_status: ",
  ]) func `says nothing`(line: String) {
    #expect(OpenJD.SessionMessage(line: line) == nil)
  }

  @Test(arguments: [
    ("openjd_progress: 101", false), ("openjd_env: 1A=b", true), ("openjd_env: A", true), ("openjd_env:A=b", true),
    (" openjd_env: A=b", true), ("OpenJD_Unset_Env: A", true), ("openjd_unset_env: A B", true),
    (#"openjd_env: "A=b"#, true),
  ]) func `is a message that is wrong`(line: String, endsAction: Bool) {
    guard case .malformed(_, let ends)? = OpenJD.SessionMessage(line: line) else {
      Issue.record("'\(line)' is taken for something else")
      return
    }
    #expect(ends == endsAction)
  }

  @Test func `has no redacted value in it`() {
    var redactions = OpenJD.Redactions()
    redactions.add("secret")
    redactions.add("cretary")
    redactions.add("one\ntwo\nthree")
    #expect(redactions.applied(to: "a secret, secretary, two") == "a ********, ********, two")
    #expect(redactions.applied(to: "two") == "********")
    #expect(redactions.applied(to: "secretsecret") == "********")
    #expect(redactions.applied(to: "nothing") == "nothing")
    #expect(OpenJD.Redactions().applied(to: "secret") == "secret")
  }
}

@Suite struct `A path mapping rule` {
  private let posix = OpenJD.PathMappingRule(format: .posix, source: "/proj", destination: "/mnt/proj")
  private let windows = OpenJD.PathMappingRule(format: .windows, source: #"Z:\Proj"#, destination: "/mnt/z/")

  @Test(arguments: [
    ("/proj/a", "/mnt/proj/a"), ("/proj", "/mnt/proj"), ("/proj/a/", "/mnt/proj/a/"), ("/projects", nil),
    ("proj/a", nil), ("/a/proj", nil), ("/Proj/a", nil),
  ]) func `maps whole names of POSIX paths`(path: String, mapped: String?) {
    #expect(posix.mapped(path) == mapped)
  }

  @Test(arguments: [
    (#"z:\proj\A"#, "/mnt/z/A"), ("Z:/Proj/a/b", "/mnt/z/a/b"), (#"Z:\Projects"#, nil),
  ]) func `maps Windows paths whatever their case`(path: String, mapped: String?) {
    #expect(windows.mapped(path) == mapped)
  }

  @Test func `decides alone when it is the first that says something`() {
    let other = OpenJD.PathMappingRule(format: .posix, source: "/", destination: "/else")
    #expect(OpenJD.PathMappingRule.map("/proj/a", by: [posix, other]) == "/mnt/proj/a")
    #expect(OpenJD.PathMappingRule.map("/b", by: [posix, other]) == "/else/b")
    #expect(OpenJD.PathMappingRule.map("b", by: [posix, other]) == "b")
  }
}

@Suite struct `A session's order` {
  @Test func `is the same after a journey as JSON`() throws {
    let template = """
      {"specificationVersion": "jobtemplate-2023-09", "extensions": ["FEATURE_BUNDLE_1"], "name": "J",
       "parameterDefinitions": [{"name": "T", "type": "INT", "default": 5},
         {"name": "P", "type": "PATH", "default": "x"}],
       "jobEnvironments": [{"name": "E", "variables": {"A": "{{Param.P}}"},
         "script": {"actions": {"onEnter": {"command": "a", "timeout": "{{Param.T}}",
           "cancelation": {"mode": "NOTIFY_THEN_TERMINATE", "notifyPeriodInSeconds": 9}}}}}],
       "steps": [{"name": "S", "bash": {"script": "echo {{Session.WorkingDirectory}}"}}]}
      """
    guard case .job(let job) = try TemplateFile.read(json: template).template else {
      Issue.record("it is a job template")
      return
    }
    let order = try job.job([:], folders: .init(template: "/t", working: "/w"))
      .session(key: "k", directory: "/d", tasks: [("S", [[:]])])
    let back = try StableJSON.decode(OpenJD.SessionOrder.self, from: StableJSON.encode(order))
    #expect(back == order)
    #expect(order.variables["Param.P"] == "/t/x")
    #expect(order.paths == ["P"])
  }

  @Test func `keeps a text that stands for itself although it has braces`() throws {
    let text = OpenJD.FormatString(literal: "{{not closed")
    #expect(try StableJSON.decode(OpenJD.FormatString.self, from: StableJSON.encode(text)) == text)
  }
}
