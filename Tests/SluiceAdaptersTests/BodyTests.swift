import SluiceAdapters
import SluiceGraph
import SluiceModel
import Testing

@Suite struct `Templates behind a pipeline file` {
  private let pipeline = "sluice: 1\nsteps:\n  a:\n    body: { file: x.yaml }\n"

  @Test(arguments: ["a: 1\nb: |\n  text\n\n  more\n", "no newline at the end", "", "#| body: y.yaml\n#| z\n"])
  func `come out as they went in`(text: String) {
    let parts = BodyFiles.parts(of: BodyFiles.joined(pipeline, [("x.yaml", text)]))
    #expect(parts.pipeline == pipeline)
    #expect(parts.files.map(\.name) == ["x.yaml"])
    #expect(parts.files.map(\.text) == [text])
  }

  @Test func `are replaced by newer ones of their name`() {
    let once = BodyFiles.joined(pipeline, [("x.yaml", "old"), ("y.yaml", "y")])
    let parts = BodyFiles.parts(of: BodyFiles.joined(once, [("x.yaml", "new")]))
    #expect(parts.files.map(\.text) == ["new", "y"])
    #expect(parts.pipeline == pipeline)
  }

  @Test func `are found by the steps that name them`() throws {
    #expect(BodyFiles.names(in: try YAMLDocument.read(pipeline)) == ["x.yaml"])
  }
}

@Suite struct `A template's canonical form` {
  private func canonical(_ yaml: String) throws -> String {
    try TemplateFile.read(yaml, .yaml).canonical
  }

  private let template = """
    specificationVersion: jobtemplate-2023-09
    name: J
    steps:
      - name: S
        script: { actions: { onRun: { command: ls, args: ["-l"], timeout: 5 } } }
    """

  @Test func `is the same for every layout`() throws {
    let other = """
      # A comment.
      steps:
      - script:
          actions:
            onRun:
              timeout: 5
              args:
              - '-l'
              command: "ls"
        name: S
      name: J
      specificationVersion: jobtemplate-2023-09
      """
    #expect(try canonical(other) == canonical(template))
  }

  @Test func `is another one for another template`() throws {
    #expect(try canonical(template) != canonical(template.replacing("-l", with: "-a")))
  }

  @Test func `is read as the same template`() throws {
    let checked = try TemplateFile.read(template, .yaml)
    let again = try TemplateFile.read(json: checked.canonical)
    #expect(again.template == checked.template)
    #expect(again.canonical == checked.canonical)
  }
}
