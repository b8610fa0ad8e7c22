package import SluiceModel

extension Step {
  package init(
    _ name: String, for type: String, _ inputs: [StepInput], makes outputs: [StepOutput], tools: [String] = [],
    _ command: [String], chunk: Int = 1
  ) {
    self.init(
      name: name, folders: .type(type), inputs: inputs, outputs: outputs, tools: tools, command: command, chunk: chunk)
  }
}

extension Show {
  /// The steps of `examples/demo`, with the same links.
  package static func demoSteps() throws -> [Step] {
    let look = try FolderPath("look")
    let plate = StepInput(name: "plate", product: .here("plate"), frames: .oneToOne)
    func graded(_ name: String, _ product: String, lut: String) -> Step {
      Step(
        name, for: "shot", [plate, StepInput(name: "lut", product: .absolute(look, lut))],
        makes: [
          StepOutput(name: "frames", product: product, files: "\(name).####.png", preview: true, identity: .pixels)
        ],
        tools: ["oiiotool"], ["oiiotool", "{plate}", "--ociofiletransform", "{lut}", "-o", "{frames}"])
    }
    return [
      graded("review", "review_frames", lut: "show_lut"),
      Step(
        "review_movie", for: "shot", [StepInput(name: "frames", product: .here("review_frames"))],
        makes: [StepOutput(name: "movie", product: "review_movie", files: "review.mp4", identity: .bytes)],
        tools: ["ffmpeg"], ["ffmpeg", "-framerate", "{folder.fps}", "-i", "{frames.printf}", "{movie}"]),
      graded("neutral", "neutral_frames", lut: "neutral_lut"),
      Step(
        "contact", for: "sequence",
        [StepInput(name: "reviews", product: .here("review_frames"), gather: .children)],
        makes: [StepOutput(name: "sheet", product: "contact", files: "contact.jpg", identity: .pixels)],
        ["contact-sheet", "{sheet}", "{reviews.dir}"]),
    ]
  }

  package static func demoFolders() throws -> [FolderDeclaration] {
    var folders: [FolderDeclaration] = []
    for (sequence, shots) in [("sq010", ["sh0010", "sh0020", "sh0030"]), ("sq020", ["sh0040", "sh0050", "sh0060"])] {
      folders.append(FolderDeclaration(path: try FolderPath(sequence), type: "sequence", attributes: [:]))
      for shot in shots {
        folders.append(
          FolderDeclaration(
            path: try FolderPath("\(sequence)/\(shot)"), type: "shot", attributes: ["range": "1001-1024", "fps": "24"]))
      }
    }
    return folders
  }

  package static let demoShots = [
    "sq010/sh0010", "sq010/sh0020", "sq010/sh0030", "sq020/sh0040", "sq020/sh0050", "sq020/sh0060",
  ]

  /// Two sequences, six shots, a show LUT and a neutral one, as the demo makes them; nothing published.
  package static func empty(seed: UInt64 = 0) throws -> Show {
    var show = try Show(folders: demoFolders(), steps: demoSteps(), seed: seed)
    show.tools = ["oiiotool": FixedTools.version("oiiotool 2.4"), "ffmpeg": FixedTools.version("ffmpeg 5")]
    return show
  }

  /// The demo with its sources published.
  package static func published(frames: ClosedRange<Int> = 1001...1024) throws -> Show {
    var show = try empty()
    for shot in demoShots { try show.publish("\(shot)/plate", frames: FrameSet(frames)) { "\(shot) \($0)" } }
    try show.publish("look/show_lut", file: "warm")
    try show.publish("look/neutral_lut", file: "none")
    return show
  }

  /// The demo with everything made once.
  package static func made(frames: ClosedRange<Int> = 1001...1024) throws -> Show {
    var show = try published(frames: frames)
    try show.makeAll()
    return show
  }
}
