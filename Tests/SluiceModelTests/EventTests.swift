import Foundation
import SluiceModel
import Testing

/// One fact of each type, with every field set.
enum Facts {
  static func all() throws -> [Event] {
    let digest = Digest.of("abc")
    let project = try ProjectName("demo")
    let folder = try FolderPath("sq010/sh0010")
    let plate = try ProductRef("demo/sq010/sh0010/plate")
    let review = try ProductRef("demo/sq010/sh0010/review_frames")
    let version = VersionID(second: 1_795_357_381, site: "lon", counter: 2)
    let plan = PlanID("p-0123456789ab")
    let run = RunID("r-0123456789ab")
    let failure = Failure(SluiceError(.taskFailed, what: "it broke", at: "task r-0123456789ab.1001", fix: "mend it"))
    let reason = Reason(
      kind: .input, input: "\(plate)", used: "v-1", now: "v-2", text: "plate moved from v001 to v002 (ada, “new”)")
    var counts = RunCounts()
    (counts.succeeded, counts.failed, counts.unchanged, counts.reused, counts.cancelled) = (5, 1, 2, 3, 4)
    let step = Step(
      name: "review", folders: .type("shot"),
      inputs: [
        StepInput(name: "plate", product: .here("plate"), frames: .oneToOne),
        StepInput(
          name: "lut", product: .absolute(try FolderPath("look"), "show_lut"), tag: .tag("approved"),
          representation: "cube"),
      ],
      outputs: [
        StepOutput(name: "frames", product: "review_frames", files: "review.####.png", preview: true, identity: .pixels)
      ],
      tools: ["oiiotool"], onChange: .auto, command: ["oiiotool", "{plate}", "-o", "{frames}"], chunk: 4,
      timeoutSeconds: 90)
    let sheet = Step(
      name: "contact", folders: .glob("sq*"),
      inputs: [StepInput(name: "reviews", product: .here("review_frames"), gather: .children)],
      outputs: [StepOutput(name: "sheet", product: "contact", files: "contact.jpg", identity: .bytes)],
      command: ["sheet", "{reviews.dir}", "{sheet}"])
    let pipeline = Pipeline(
      project: project,
      folders: [FolderDeclaration(path: folder, type: "shot", attributes: ["range": "1001-1024", "fps": "24"])],
      steps: [step, sheet])
    let made = Made(
      step: "review", run: run, plan: plan, core: digest,
      tools: ["oiiotool": ToolVersion(digest: digest, line: "OpenImageIO 2.4")], recipe: digest, uniform: false,
      reasons: [reason])
    var published = VersionPublished(
      version: version, number: 43, manifest: digest,
      representations: [
        RepresentationSummary(
          name: "png", kind: .sequence, files: 24, bytes: 4_096, sha256: digest, content: digest,
          frames: FrameSet("1001-1024"))
      ],
      madeFrom: [
        Used(input: "plate", product: plate, version: version, content: digest, frames: FrameSet("1001-1012"))
      ],
      note: "über \"quoted\" \\ /", label: "look A", base: version, changed: FrameSet("1012"), made: made)
    published.inPlace = .hashed
    let place = FilePlace(path: "/mnt/scans/plate.1001.exr", modified: 1_795_357_381_250_000_000, inode: 7)
    let difference = FileDifference(
      StoredFile(path: "plate.1001.exr", frame: 1001, size: 4_096, sha256: digest), at: place,
      now: FileDifference.State(size: 8_192, modified: 1_795_357_999_000_000_000))
    return try [
      event(.projectCreated(ProjectCreated(home: "lon")), project: project),
      event(
        .folderChanged(FolderChanged(type: "shot", set: ["fps": "24", "range": ""], omitted: true)), project: project,
        folder: folder),
      event(
        .castingChanged(
          CastingChanged(add: [try FolderPath("assets/chair")], remove: [try FolderPath("assets/tree")])),
        project: project, folder: folder),
      event(.pipelineApplied(PipelineApplied(revision: 7, pipeline: pipeline, source: digest)), project: project),
      event(.versionPublished(published), project: project, folder: folder, product: review),
      event(
        .versionNumbered(VersionNumbered(version: version, number: 44)), project: project, folder: folder,
        product: review),
      event(
        .versionHashed(
          VersionHashed(version: version, manifest: digest, representations: published.representations)),
        project: project, folder: folder, product: review),
      event(
        .versionDamaged(VersionDamaged(version: version, files: 2, first: difference)),
        project: project, folder: folder, product: review),
      event(
        .versionPurged(VersionPurged(version: version, bytes: 4_096, because: "sq010 is final")), project: project,
        folder: folder, product: review),
      event(
        .versionRestored(
          VersionRestored(
            version: version, run: run, plan: plan, bytes: 4_096, manifest: digest,
            representations: published.representations)),
        project: project, folder: folder, product: review),
      event(.tagMoved(TagMoved(tag: "approved", version: version)), project: project, folder: folder, product: review),
      event(
        .versionJudged(VersionJudged(version: version, verdict: .rejected, because: "too green")), project: project,
        folder: folder, product: review),
      event(
        .versionVouched(
          VersionVouched(
            version: version,
            inputs: [Used(input: "plate", product: plate, version: version, content: digest)], core: digest,
            because: "not seen here")),
        project: project, folder: folder, product: review),
      event(
        .productFrozen(
          ProductFrozen(
            at: version, until: Date(timeIntervalSince1970: 1_796_000_000.5), because: "the cut is locked")),
        project: project, folder: folder, product: review),
      event(
        .productHeld(ProductHeld(held: true, because: "wires painted out")), project: project, folder: folder,
        product: review),
      event(
        .planProposed(
          PlanProposed(plan: plan, body: digest, runs: 2, tasks: 25, superseded: PlanID("p-ba9876543210"))),
        project: project),
      event(.planDeclined(PlanDeclined(plan: plan, because: "not this week")), project: project),
      event(.planSuperseded(PlanSuperseded(plan: plan)), project: project),
      event(
        .planApplied(PlanApplied(plan: plan, body: digest, runs: 2, tasks: 25, only: [run])), project: project),
      event(.planFinished(PlanFinished(plan: plan, outcome: .failed, counts: counts)), project: project),
      event(
        .runStarted(RunStarted(plan: plan, run: run, step: "review", attempt: 2, tasks: 24, chunk: 4, probes: 2)),
        project: project, folder: folder),
      event(
        .taskFinished(
          TaskFinished(
            task: TaskID(run: run, frame: 1001), attempt: 2, frames: FrameSet("1001-1004"), outcome: .failed,
            seconds: 1.25, recipe: digest, log: "logs/demo/x.log", failure: failure)),
        project: project, folder: folder),
      event(.taskFinished(triedTwice(run, digest)), project: project, folder: folder),
      event(.taskRetried(tried(run, digest)), project: project, folder: folder),
      event(
        .queueChanged(QueueChanged(run: run, tier: .high, paused: false, passed: true)), project: project,
        folder: folder),
      event(
        .agentChanged(
          AgentChanged(
            agent: "render07", standing: .quarantined,
            suspects: [AgentChanged.Suspect(project: project, step: "review")])),
        project: nil),
      event(
        .runFinished(
          RunFinished(
            plan: plan, run: run, step: "review", attempt: 2, outcome: .failed, executed: 3, reused: 1, seconds: 7.5,
            recipe: digest, failure: failure,
            spared: SparedWork(
              cutOff: .init(tasks: 1, frames: nil, bytes: 10), reused: .init(tasks: 1, frames: 4, bytes: 40),
              carried: .init(tasks: 5, frames: 20, bytes: 200), secondsPerTask: 2.5))),
        project: project, folder: folder),
      event(.tokenCreated(TokenCreated(name: "ada", digest: digest, rights: [.publish, .run])), project: nil),
    ]
      + (try subscriptions()) + [
        event(
          .unknown(
            type: "sluice.session.kept.v1", critical: true,
            content: .json(
              .object([
                "a": .array([.null, .bool(true), .integer(-5), .number(2.5), .string("ü")]), "b": .object([:]),
              ]))),
          project: project)
      ]
  }

  private static func subscriptions() throws -> [Event] {
    let name = try SubscriptionName("dailies")
    let webhook = SubscriptionTarget.webhook(
      url: "https://tools.studio.example/hook", mode: .batch, timeoutSeconds: 10, isSigned: true)
    return [
      event(
        .subscriptionCreated(
          SubscriptionCreated(
            name: name, types: ["sluice.version.*"], where: "project = 'demo'", target: webhook, tries: 10,
            after: 412)),
        project: nil),
      event(.subscriptionPaused(SubscriptionPaused(name: name, paused: true)), project: nil),
      event(.subscriptionReset(SubscriptionReset(name: name, after: 7)), project: nil),
      event(.subscriptionDeleted(SubscriptionDeleted(name: name)), project: nil),
      event(
        .replayRequested(
          ReplayRequested(
            name: name, after: 400, through: 412, where: "project = 'demo'", count: 3, because: "lost")),
        project: nil),
      event(.personErased(PersonErased(alias: PersonAlias(chance: 0x5f0c_9a3e_21bd))), project: nil),
    ]
  }

  private static func event(
    _ fact: Fact, project: ProjectName?, folder: FolderPath? = nil, product: ProductRef? = nil
  ) -> Event {
    Event(
      id: EventID("01a20368-8dac-7fff-bfff-ffffffffffff"), time: Date(timeIntervalSince1970: 1_795_357_381.25),
      site: "lon", actor: Actor(name: "ada", trust: .token), cause: EventID("01a20368-0000-7fff-bfff-ffffffffffff"),
      project: project, folder: folder, product: product, fact: fact)
  }
}

@Suite struct `An event` {
  @Test func `of every type is read back as it was written`() throws {
    for event in try Facts.all() {
      #expect(try Event(Envelope(event.json)) == event, "\(event.fact.type)")
    }
  }

  @Test func `of every type is tried here`() throws {
    #expect(Set(try Facts.all().map(\.fact.type)).isSuperset(of: Fact.types))
  }

  @Test func `has what CloudEvents 1.0 wants`() throws {
    for event in try Facts.all() {
      guard case .object(let map) = try StableJSON.decode(JSONValue.self, from: event.json) else {
        Issue.record("no object")
        continue
      }
      #expect(map["specversion"] == .string("1.0") && map["source"] == .string("/sites/lon"))
      #expect(map["datacontenttype"] == .string("application/json"))
      #expect(map["type"] == .string(event.fact.type) && map["time"] == .string("2026-11-22T14:23:01.250Z"))
      // Attribute names: lower-case letters and digits, at most 20 of them.
      #expect(map.keys.allSatisfy { $0.count <= 20 && $0.allSatisfy { ("a"..."z").contains($0) || $0.isASCIIDigit } })
    }
  }

  @Test func `of a later Sluice keeps its data and whether it is critical`() throws {
    let text =
      #"{"actor":"ada","actortrust":"claimed","critical":true,"data":{"x":[1,2.5,"y"]},"id":"e-1","site":"lon","#
      + #""source":"/sites/lon","specversion":"1.0","time":"2026-11-22T14:23:01.250Z","type":"sluice.new.thing.v9"}"#
    let event = try Event(Envelope(Array(text.utf8)))
    #expect(
      event.fact
        == .unknown(
          type: "sluice.new.thing.v9", critical: true,
          content: .json(Array(#"{"x":[1,2.5,"y"]}"#.utf8))))
    #expect(try Event(Envelope(event.json)) == event)
  }

  @Test func `with fields that a later Sluice added is read`() throws {
    let old = try Facts.all()[0]
    let text = String(decoding: old.json, as: UTF8.self).replacingOccurrences(
      of: "\"data\":{", with: "\"data\":{\"added\":[1],")
    #expect(try Event(Envelope(Array(text.utf8))) == old)
  }

  @Test func `of a time that is none is refused`() throws {
    let text = String(decoding: try Facts.all()[0].json, as: UTF8.self).replacingOccurrences(
      of: "2026-11-22T", with: "yesterday ")
    #expect(throws: EnvelopeProblem.self) { try Event(Envelope(Array(text.utf8))) }
  }
}

/// Lines of logs that are out there: they must decode for ever. `SLUICE_BLESS=1 swift test` adds what is missing.
@Suite struct `An old event` {
  static let folder = #filePath.components(separatedBy: "/EventTests.swift")[0] + "/Fixtures"

  @Test(arguments: Fact.types + ["sluice.session.kept.v1"])
  func `is read and written byte for byte as it was`(type: String) throws {
    let path = "\(Self.folder)/\(type).json"
    if FileManager.default.contents(atPath: path) == nil, ProcessInfo.processInfo.environment["SLUICE_BLESS"] != nil {
      let event = try Facts.all().first { $0.fact.type == type }
      try (String(decoding: try #require(event).json, as: UTF8.self) + "\n").write(
        toFile: path, atomically: true, encoding: .utf8)
    }
    let bytes = try #require(FileManager.default.contents(atPath: path))
    for line in bytes.split(separator: UInt8(ascii: "\n")) {
      let event = try Event(Envelope(Array(line)))
      #expect(event.fact.type == type)
      #expect(String(decoding: event.json, as: UTF8.self) == String(decoding: line, as: UTF8.self))
    }
  }
}

@Suite struct `An error` {
  @Test func `has a code that is its own`() {
    #expect(Set(ErrorCode.allCases.map(\.rawValue)).count == ErrorCode.allCases.count)
  }

  @Test func `has an HTTP status of an error, and an exit code from 1 to 3`() {
    for code in ErrorCode.allCases {
      #expect((400...599).contains(code.status) && (1...3).contains(code.exitCode), "\(code)")
    }
  }
}

@Suite struct `An event of an outside tool` {
  private func event(seed: UInt64) throws -> Event {
    var random = RandomJSON(seed: seed)
    let project = try ProjectName("demo")
    let product = try ProductRef("demo/sq010/plate")
    let contents: [(Content, String?)] = [
      (.none, nil),
      (.json(try Content.line(ofJSON: Array(random.value().utf8))), [nil, "application/json"][random.chance.below(2)]),
      (.text("words\r\n\u{0}\u{2028}é"), "text/plain"),
      (.binary([0, 10, 13, 255]), [nil, "image/x-exr"][random.chance.below(2)]),
      (.json(Array("[1]".utf8)), "text/plain"),
    ]
    let (content, type) = contents[random.chance.below(contents.count)]
    let has = { (random: inout RandomJSON) in random.chance.below(2) == 0 }
    return Event(
      id: EventID("job \"7\"\\é"), time: Date(timeIntervalSince1970: 1_795_357_381.25), site: "lon",
      actor: Actor(name: "farm", trust: .token), cause: has(&random) ? EventID("c-1") : nil,
      project: has(&random) ? project : nil, folder: has(&random) ? product.folder : nil,
      product: has(&random) ? product : nil,
      extensions: has(&random)
        ? ["traceparent": .string("00-1-2-03"), "n": .integer(.min), "flag": .boolean(false), "zz": .string("")] : [:],
      outside: Event.Outside(
        source: "urn:farm:7", subject: has(&random) ? "sh010" : nil,
        time: has(&random) ? "2026-11-22T14:23:01.123456+02:00" : nil, contentType: type,
        schema: has(&random) ? "https://example.com/job" : nil),
      fact: .unknown(type: "farm.job.done", critical: false, content: content))
  }

  @Test func `is read back as it was written`() throws {
    for seed in Chance.seeds {
      let event = try event(seed: seed)
      #expect(try Event(Envelope(event.json)) == event, "seed \(seed)")
      #expect(!event.json.contains(0x0A) && !event.json.contains(0x0D), "seed \(seed)")
    }
  }

  @Test func `keeps its own time beside the time when it was recorded`() throws {
    for seed in Chance.seeds {
      let event = try event(seed: seed)
      let envelope = try Envelope(event.json)
      #expect(envelope.text("recordedtime") == "2026-11-22T14:23:01.250Z")
      #expect(envelope.text("time") == event.outside?.time && envelope.text("source") == "urn:farm:7")
    }
  }
}
