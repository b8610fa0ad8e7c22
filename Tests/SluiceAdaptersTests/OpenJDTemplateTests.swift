import SluiceAdapters
import SluiceModel
import Testing

private let folders = OpenJD.Folders(template: "/shows/demo", working: "/studio/anna")

@Suite struct `A job template` {
  @Test func `is refused with every problem, each with its place and way`() {
    let text = """
      specificationVersion: jobtemplate-2023-09
      name: "{{Param.Shot}}"
      parameterDefinitions:
        - { name: Frames, type: STRING, default: 5 }
        - { name: 2nd, type: INT, minValue: 3, maxValue: 1 }
      steps:
        - name: Render
          parameterSpace:
            taskParameterDefinitions:
              - { name: Frame, type: INT, range: "1-5:0" }
          script:
            actions:
              onRun:
                comand: render
                timeout: 0
        - name: Movie
          dependencies: [{ dependsOn: Rendr }]
          script: { actions: { onRun: { command: "{{Task.Param.Frame}}" } } }
      """
    #expect(
      OpenJDText.told(text) == [
        "name 2:7 openjd.reference {{Param.Shot}} is not known here",
        "parameterDefinitions[0].default 4:44 openjd.shape "
          + "the value of a parameter is a text, and here stands the number 5",
        "parameterDefinitions[1].name 5:13 openjd.value '2nd' is not allowed as the name of a parameter",
        "parameterDefinitions[1].maxValue 5:52 openjd.value 'maxValue' is below 'minValue'",
        "steps[0].parameterSpace.taskParameterDefinitions[0].range 10:44 openjd.range the step after ':' is 0",
        "steps[0].script.actions.onRun 14:11 openjd.unknownKey an action has no key 'comand'",
        "steps[0].script.actions.onRun 14:11 openjd.shape an action needs the key 'command'",
        "steps[0].script.actions.onRun.timeout 15:20 openjd.value a timeout is 0; at least 1 is wanted",
        "steps[1].dependencies[0].dependsOn 17:33 openjd.reference there is no step 'Rendr'",
        "steps[1].script.actions.onRun.command 18:44 openjd.reference {{Task.Param.Frame}} is not known here",
      ])
  }

  @Test func `says how each is to be fixed`() {
    let fixes = OpenJDText.problems(
      OpenJDText.job(parameters: ["{ name: Shot, type: STRNG }"], command: "{{Param.Shto}}", script: "embededFiles: []")
    )
    #expect(
      fixes.map(\.fix) == [
        "did you mean STRING?", "did you mean 'embeddedFiles'?", "did you mean {{Param.Shot}}?",
      ])
  }

  @Test(arguments: [
    ("", "openjd.shape"), ("- a", "openjd.shape"), ("a: [", "openjd.syntax"), ("name: x", "openjd.version"),
    ("specificationVersion: jobtemplate-2024-01", "openjd.version"), ("a: 1\na: 2", "openjd.syntax"),
  ])
  func `is refused at once where it is none`(text: String, code: String) {
    #expect(OpenJDText.problems(text).map(\.code) == [code])
  }

  @Test func `in JSON has places, too`() {
    let text = """
      { "specificationVersion": "jobtemplate-2023-09", "name": "é",
        "steps": [ { "name": 5,
          "script": { "actions": { "onRun": { "command": "\\u0041\\ud83d\\ude00" } } } } ] }
      """
    #expect(
      OpenJDText.told(text, .json) == [
        "steps[0].name 2:24 openjd.shape the name of a step is a text, and here stands the number 5"
      ])
    #expect(OpenJDText.problems("{ \"a\": 1, }", .json).map(\.code) == ["openjd.syntax"])
    #expect(OpenJDText.problems("{ \"a\": 1, \"a\": 2 }", .json).map(\.code) == ["openjd.syntax"])
    #expect(OpenJDText.problems(String(repeating: "[", count: 100_000), .json).map(\.code) == ["openjd.tooLarge"])
  }

  @Test(arguments: [
    ("yes", "the truth value true"), ("1:30", "the number 90"), ("2026-01-31", "the date 2026-01-31"),
    ("0x1F", "the number 31"), ("1.5", "the number 1.5"), ("[a]", "a list"), ("{ a: b }", "a map"),
  ])
  func `takes words of YAML as YAML does`(word: String, kind: String) {
    let text = OpenJDText.job(top: "description: \(word)")
    #expect(OpenJDText.problems(text).map(\.what) == ["a description is a text, and here stands \(kind)"])
  }

  @Test(arguments: ["'yes'", "|-\n  5", "!!str 5", "1e3", "1.2.3", "1-5", "no way"])
  func `takes quoted words and blocks as texts`(word: String) {
    #expect(OpenJDText.told(OpenJDText.job(top: "description: \(word)")) == [])
  }

  @Test func `holds scripts with tabs, stars, ampersands and question marks`() throws {
    let text =
      OpenJDText.job(script: "embeddedFiles: [{ name: One, type: TEXT, data: x }]") + """

          - name: Other
            script:
              actions: { onRun: { command: bash, args: ["{{Task.File.Run}}"] } }
              embeddedFiles:
                - name: Run
                  type: TEXT
                  data: |
                    [[ $1 == *'#'* ]] && echo "a ? b : c" >&2
                    \tif test -f *1: ; then cat 2>&1 & wait; fi
                    \t\techo $((a * b ? c : d)) && true
        """
    let template = try #require(try OpenJDText.template(text))
    #expect(template.steps[1].script.embeddedFiles[0].data.text.contains("\n\t\techo $((a * b ? c : d)) && true"))
  }

  @Test func `shares parts by anchor and merge`() {
    let text = """
      specificationVersion: jobtemplate-2023-09
      name: Test
      steps:
        - &first
          name: One
          script: { actions: { onRun: { command: x } } }
        - <<: *first
          name: Two
      """
    #expect(OpenJDText.told(text) == [])
  }

  @Test func `may not use what is known only later`() {
    let path = ["{ name: Scene, type: PATH }"]
    #expect(
      OpenJDText.told(OpenJDText.job(parameters: path, command: "{{Param.Scene}} {{Session.WorkingDirectory}}")) == [])
    let early = OpenJDText.job(
      parameters: path, step: "hostRequirements: { attributes: [{ name: attr.pool, anyOf: [\"{{Param.Scene}}\"] }] }")
    #expect(OpenJDText.problems(early).map(\.code) == ["openjd.reference"])
    #expect(
      OpenJDText.problems(
        OpenJDText.job(
          space: ["{ name: F, type: INT, range: [1] }"], command: "{{Task.Param.F}}",
          script: "embeddedFiles: [{ name: R, type: TEXT, data: \"{{Task.Param.F}} {{Task.File.R}} {{Env.File.R}}\" }]")
      ).map(\.path) == ["steps[0].script.embeddedFiles[0].data"])
  }

  @Test(arguments: [
    (["TASK_CHUNKNG"], "openjd.value"),
    (["TASK_CHUNKING", "TASK_CHUNKING"], "openjd.value"), ([], "openjd.shape"),
  ])
  func `is refused for extensions that are not known`(names: [String], code: String) {
    let text = OpenJDText.job(top: "extensions: [\(names.joined(separator: ", "))]")
    #expect(OpenJDText.problems(text).map(\.code) == [code])
  }

  @Test func `names the extension that it needs`() {
    let chunk = [
      "{ name: F, type: \"CHUNK[INT]\", range: 1-9, chunks: { defaultTaskCount: 3, rangeConstraint: CONTIGUOUS } }"
    ]
    #expect(
      OpenJDText.problems(OpenJDText.job(space: chunk)).map(\.fix) == ["write 'extensions: [TASK_CHUNKING]' at the top"]
    )
    #expect(OpenJDText.told(OpenJDText.job(top: "extensions: [TASK_CHUNKING]", space: chunk)) == [])
    let bash = """
      specificationVersion: jobtemplate-2023-09
      name: Test
      steps: [{ name: One, bash: { script: echo hi } }]
      """
    #expect(OpenJDText.problems(bash).map(\.code) == ["openjd.extension"])
    #expect(OpenJDText.told(bash + "\nextensions: [FEATURE_BUNDLE_1]") == [])
  }

  @Test func `is refused for steps that wait for each other`() {
    let text = """
      specificationVersion: jobtemplate-2023-09
      name: Test
      steps:
        - { name: A, dependencies: [{ dependsOn: B }], script: { actions: { onRun: { command: x } } } }
        - { name: B, dependencies: [{ dependsOn: A }], script: { actions: { onRun: { command: x } } } }
        - { name: C, dependencies: [{ dependsOn: C }], script: { actions: { onRun: { command: x } } } }
      """
    #expect(
      OpenJDText.problems(text).map(\.what) == [
        "steps depend on each other in a circle: 'A' depends on 'B' depends on 'A'", "the step 'C' depends on itself",
      ])
  }

  @Test func `never makes the reader fall over, whatever a byte of it becomes`() throws {
    let good = Array(
      OpenJDText.job(
        top: "extensions: [TASK_CHUNKING]", parameters: ["{ name: A, type: INT, default: 1 }"],
        space: ["{ name: F, type: FLOAT, range: [1.5, \"{{Param.A}}\"] }"], command: "{{Param.A}}"
      ).utf8)
    let bytes = Array("{}[]:,-\"'\\\n\t\0#&*!|>%@`09aé".utf8)
    for seed in 0..<3_000 {
      var text = good
      var state = UInt64(seed) &* 0x9E37_79B9_7F4A_7C15
      for _ in 0...(seed % 3) {
        state = (state ^ (state >> 29)) &* 0xBF58_476D_1CE4_E5B9
        text[Int(state % UInt64(text.count))] = bytes[Int((state >> 32) % UInt64(bytes.count))]
      }
      for format in [TemplateFile.Format.yaml, .json] {
        for problem in OpenJDText.problems(String(decoding: text, as: UTF8.self), format) {
          #expect(!problem.what.isEmpty && !problem.fix.isEmpty, "seed \(seed)")
        }
      }
    }
  }
}

@Suite struct `The job of a template` {
  private let text = """
    specificationVersion: jobtemplate-2023-09
    extensions: [TASK_CHUNKING, FEATURE_BUNDLE_1]
    name: Render {{Param.Shot}}
    parameterDefinitions:
      - { name: Shot, type: STRING, default: sh010, minLength: 2 }
      - { name: Frames, type: STRING, default: 1-10 }
      - { name: Scene, type: PATH, default: scenes/a.blend }
      - { name: Cores, type: INT, minValue: 0, maxValue: 64 }
    steps:
      - name: Render
        hostRequirements:
          amounts: [{ name: amount.worker.vcpu, min: "{{Param.Cores}}" }]
        parameterSpace:
          taskParameterDefinitions:
            - { name: Frame, type: "CHUNK[INT]", range: "{{Param.Frames}}",
                chunks: { defaultTaskCount: 5, rangeConstraint: CONTIGUOUS } }
            - { name: Eye, type: STRING, range: [left, right] }
        script:
          actions:
            onRun:
              { command: render, args: ["{{Param.Scene}}", "-f", "{{Task.Param.Frame}}"], timeout: "{{Param.Cores}}" }
    """

  @Test func `has its values, tasks and filled strings`() throws {
    let template = try #require(try OpenJDText.template(text))
    let job = try template.job(["Cores": "8", "Frames": "1-7,9", "Scene": "b.blend"], folders: folders)
    #expect(job.name == "Render sh010")
    #expect(job.parameters.map(\.value) == ["sh010", "1-7,9", "/studio/anna/b.blend", "8"])
    let step = job.steps[0]
    #expect(step.hostRequirements?.amounts.map(\.least) == [OpenJD.Number(8)])
    #expect(
      (0..<step.space.count).map { step.space[$0] } == [
        ["Frame": "1-4", "Eye": "left"], ["Frame": "1-4", "Eye": "right"], ["Frame": "5-7", "Eye": "left"],
        ["Frame": "5-7", "Eye": "right"], ["Frame": "9-9", "Eye": "left"], ["Frame": "9-9", "Eye": "right"],
      ])
    let task = step.space.variables(3)
    let action = try step.script.onRun.resolved(OpenJD.Symbols(texts: job.variables.merging(task) { $1 }))
    #expect(
      action == OpenJD.ResolvedAction(command: "render", arguments: ["/studio/anna/b.blend", "-f", "5-7"], timeout: 8))
  }

  @Test func `takes default paths from beside the template, and none outside`() throws {
    let template = try #require(try OpenJDText.template(text))
    #expect(try template.job(["Cores": "8"], folders: folders).parameters[2].value == "/shows/demo/scenes/a.blend")
    for path in ["/etc/passwd", "../x", "a/../../x"] {
      let other = try #require(try OpenJDText.template(text.replacing("scenes/a.blend", with: path)))
      #expect(throws: TemplateProblems.self) { try other.job(["Cores": "8"], folders: folders) }
    }
  }

  @Test func `is refused with all that is wrong with the values`() throws {
    let template = try #require(try OpenJDText.template(text))
    let wrong = #expect(throws: TemplateProblems.self) {
      try template.job(["Core": "8", "Cores": "-1", "Shot": "x"], folders: folders)
    }
    #expect(
      wrong?.problems.map { "\($0.path): \($0.what), \($0.fix)" } == [
        "-p Core: the template has no parameter 'Core', did you mean 'Cores'?",
        "-p Shot: 'x' has 1 characters; at least 2 are wanted, give another value",
        "-p Cores: '-1' is below the smallest allowed, 0, give another value",
      ])
    let missing = #expect(throws: TemplateProblems.self) { try template.job([:], folders: folders) }
    #expect(missing?.problems.map(\.fix) == ["give it: -p Cores=…"])
  }

  @Test func `says what becomes of format strings where it is wrong, at their place`() throws {
    let checked = try TemplateFile.read(text, .yaml)
    guard case .job(let template) = checked.template else { return }
    let wrong = #expect(throws: TemplateProblems.self) {
      try template.job(["Cores": "8", "Frames": "1-"], folders: folders)
    }
    let placed = try #require(wrong?.problems.first.map(checked.placed))
    #expect(placed.path == "steps[0].parameterSpace.taskParameterDefinitions[0].range")
    #expect(placed.line == 15)
    #expect(placed.what == "'1-': a number is missing at the end")
  }
}
