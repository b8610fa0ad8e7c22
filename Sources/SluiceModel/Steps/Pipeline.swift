/// The step templates of a project, as read from `sluice.yaml`.
package struct Pipeline: Sendable, Hashable, Codable {
  package var project: ProjectName
  package var folders: [FolderDeclaration]
  package var steps: [Step]

  package init(project: ProjectName, folders: [FolderDeclaration], steps: [Step]) {
    (self.project, self.folders, self.steps) = (project, folders, steps)
  }

  package func step(named name: String) -> Step? { steps.first { $0.name == name } }
}

/// A folder that the pipeline file names; applying adds it and never removes one.
package struct FolderDeclaration: Sendable, Hashable, Codable {
  package var path: FolderPath
  package var type: String?
  package var attributes: [String: String]
  package init(path: FolderPath, type: String?, attributes: [String: String]) {
    (self.path, self.type, self.attributes) = (path, type, attributes)
  }
}

/// A step template: for which folders, from which products, which products, and how.
package struct Step: Sendable, Hashable, Codable {
  package var name: String
  package var folders: FolderPattern
  package var inputs: [StepInput]
  package var outputs: [StepOutput]
  /// Programs whose version enters the recipe.
  package var tools: [String]
  /// An event that it listens for: it is made when one has come in, and made anew when another says something else.
  package var on: EventTrigger?
  package var onChange: OnChange
  /// What an `auto` step may cost in one plan that Sluice makes by itself; above it, or where nobody knows, Sluice
  /// proposes instead. Nil for no ceiling.
  package var maxCoreHours: Double?
  /// Empty for a human step, and for one with a body.
  package var command: [String]
  /// What it runs instead of a command.
  package var body: StepBody?
  /// Over which frames it works, where no input says so; nil leaves it to the inputs.
  package var frames: StepFrames?
  /// Frames per task, for steps that work frame by frame.
  package var chunk: Int
  package var timeoutSeconds: Int
  /// What a task takes of a machine; nil for one core.
  package var needs: StepNeeds?
  /// Nil for `on`.
  package var tests: TestPolicy?
  /// How often a failed task is run again by itself; nil for never.
  package var retries: Int?

  package init(
    name: String, folders: FolderPattern, inputs: [StepInput], outputs: [StepOutput], tools: [String] = [],
    on: EventTrigger? = nil, onChange: OnChange = .propose, maxCoreHours: Double? = nil, command: [String],
    frames: StepFrames? = nil, chunk: Int = 1, timeoutSeconds: Int = Limits.taskTimeoutSeconds,
    needs: StepNeeds? = nil, tests: TestPolicy? = nil, body: StepBody? = nil
  ) {
    (self.needs, self.tests) = (needs, tests)
    (self.frames, self.body) = (frames, body)
    (self.name, self.folders, self.inputs, self.outputs) = (name, folders, inputs, outputs)
    (self.tools, self.onChange, self.command, self.chunk) = (tools, onChange, command, chunk)
    (self.on, self.maxCoreHours, self.timeoutSeconds) = (on, maxCoreHours, timeoutSeconds)
  }

  private enum CodingKeys: String, CodingKey {
    case name
    case folders = "for"
    case inputs, outputs, tools, on
    case onChange = "on_change"
    case maxCoreHours = "max_core_hours"
    case command, body, frames, chunk
    case timeoutSeconds = "timeout"
    case needs, tests, retries
  }

  /// Whether each frame is a piece of work of its own.
  package var isPerFrame: Bool {
    frames == .range
      || inputs.contains { input in
        input.link == .dependency && input.frames.isPerFrame
          && outputs.contains { input.frames.of($0.name).isPerFrame }
      }
  }

  /// For each output in order, which frames of an input a frame is made from.
  package func relations(to input: StepInput) -> [FrameRelation] { outputs.map { input.frames.of($0.name) } }

  /// Whether people do it and publish what comes out: it has neither command nor body, and nothing ever runs it.
  package var isHuman: Bool { command.isEmpty && body == nil }
}

package enum FolderPattern: Sendable, Hashable {
  case type(String)
  /// A folder path with `*` for one level's name or a part of it, and `**` for any levels.
  case glob(String)
}

/// What a step does by itself when what it is made from changes.
package enum OnChange: String, Sendable, Codable, CaseIterable {
  /// It runs.
  case auto
  /// Sluice proposes a plan, and a person decides.
  case propose
  /// Its state shows it, and nothing more.
  case manual
}

package struct StepInput: Sendable, Hashable {
  package var name: String
  package var product: ProductAddress
  package var gather: Gather
  package var link: Link
  package var frames: FrameRelations
  /// `latest` or a tag.
  package var tag: VersionSelector
  package var representation: String?

  package init(
    name: String, product: ProductAddress, gather: Gather = .here, link: Link = .dependency,
    frames: FrameRelations = .all, tag: VersionSelector = .latest, representation: String? = nil
  ) {
    (self.name, self.product, self.gather, self.link, self.frames) = (name, product, gather, link, frames)
    (self.tag, self.representation) = (tag, representation)
  }
}

/// A product as a step names it: in the step's own folder, or from the project's root.
package enum ProductAddress: Sendable, Hashable {
  case here(String)
  case absolute(FolderPath, String)
}

/// Over which folders an input is gathered.
package enum Gather: String, Sendable, Codable, CaseIterable {
  case here
  /// The folders directly below: by their `order` in the cut, then by path.
  case children
  /// The assets that are cast in the folder, by path.
  case cast
}

package struct StepOutput: Sendable, Hashable, Codable {
  package var name: String
  package var product: String
  /// A file name; one run of `#` makes it a sequence. Empty where people publish what they like.
  package var files: String
  package var preview: Bool
  package var identity: Identity

  package init(name: String, product: String, files: String, preview: Bool = false, identity: Identity) {
    (self.name, self.product, self.files, self.preview) = (name, product, files, preview)
    self.identity = identity
  }

  package var isSequence: Bool { files.contains("#") }
}

/// By what two files are the same: their bytes, or what they look like.
package enum Identity: String, Sendable, Codable, CaseIterable {
  case bytes
  /// Image writers put dates and command lines into headers; pixels leave them out.
  case pixels
}
