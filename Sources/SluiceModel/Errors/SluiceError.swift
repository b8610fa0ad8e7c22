/// The one error type: a stable code, what happened, where, and how to fix it.
///
/// The command line, HTTP (RFC 9457 problem details) and clients show the same code and the same words.
package struct SluiceError: Error, Sendable, Equatable, CustomStringConvertible {
  package let code: ErrorCode
  package let what: String
  package let at: String
  package let fix: String

  package init(_ code: ErrorCode, what: String, at: String, fix: String) {
    (self.code, self.what, self.at, self.fix) = (code, what, at, fix)
  }

  /// The server stops; what was not recorded is taken up again after the restart.
  package static let stopping = SluiceError(
    .logFailed, what: "the server stops", at: "the log", fix: "start it again")

  package var description: String { "\(what)\n  where: \(at)\n  fix:   \(fix)\n  code:  \(code.rawValue)" }
}

/// Stable names of what can go wrong; each has a section in `docs/reference/errors.md`.
package enum ErrorCode: String, Sendable, CaseIterable {
  case referenceInvalid = "reference.invalid"
  case pathInvalid = "path.invalid"
  case projectUnknown = "project.unknown"
  case folderUnknown = "folder.unknown"
  case folderOmitted = "folder.omitted"
  case cutInvalid = "cut.invalid"
  case cutAmbiguous = "cut.ambiguous"
  case cutChanged = "cut.changed"
  case timelineUnreadable = "timeline.unreadable"
  case timelineTool = "timeline.tool"
  case productUnknown = "product.unknown"
  case versionUnknown = "version.unknown"
  case versionPurged = "version.purged"
  case versionDamaged = "version.damaged"
  case placeNoRoots = "place.noRoots"
  case placeOutside = "place.outside"
  case placeVanished = "place.vanished"
  case placeChanged = "place.changed"
  case placeScattered = "place.scattered"
  case fileUnknown = "file.unknown"
  case planUnknown = "plan.unknown"
  case planChanged = "plan.changed"
  case planNotWaiting = "plan.notWaiting"
  case planWhatIf = "plan.whatIf"
  case runUnknown = "run.unknown"
  case taskUnknown = "task.unknown"
  case runActive = "run.active"
  case runNotQueued = "run.notQueued"
  case agentUnknown = "agent.unknown"
  case agentReplaced = "agent.replaced"
  case agentName = "agent.name"
  case agentLease = "agent.lease"
  case agentFile = "agent.file"
  case agentCache = "agent.cache"
  case agentUser = "agent.user"
  case storeOwner = "store.owner"
  case farmScripts = "farm.scripts"
  case publishNothing = "publish.nothing"
  case publishFileMissing = "publish.fileMissing"
  case publishHole = "publish.hole"
  case publishMade = "publish.madeByStep"
  case publishPatch = "publish.patch"
  case publishOutside = "publish.outside"
  case publishDigest = "publish.digestMismatch"
  case publishManifest = "publish.manifest"
  case publishSource = "publish.unknownSource"
  case productHeld = "product.held"
  case vouchNothing = "vouch.nothing"
  case uploadUnknown = "upload.unknown"
  case storeFull = "store.full"
  case storeDenied = "store.denied"
  case storeDamaged = "store.damaged"
  case storeBusy = "store.busy"
  case logFull = "log.full"
  case logFailed = "log.failed"
  case logDamaged = "log.damaged"
  case logArchived = "log.archived"
  case recordTooLarge = "record.tooLarge"
  case subscriptionUnknown = "subscription.unknown"
  case subscriptionExists = "subscription.exists"
  case subscriptionKind = "subscription.kind"
  case subscriptionBatch = "subscription.batch"
  case subscriptionCommand = "subscription.command"
  case webhookRefused = "webhook.refused"
  case replayNothing = "replay.nothing"
  case eventUnknown = "event.unknown"
  case personUnknown = "person.unknown"
  case personLimit = "person.limit"
  case namesDamaged = "names.damaged"
  case pipelineSyntax = "pipeline.syntax"
  case pipelineShape = "pipeline.shape"
  case pipelineUnknownKey = "pipeline.unknownKey"
  case pipelineUnknownWord = "pipeline.unknownWord"
  case pipelineCycle = "pipeline.cycle"
  case pipelineDoubleOutput = "pipeline.doubleOutput"
  case pipelinePlaceholder = "pipeline.placeholder"
  case pipelineBody = "pipeline.body"
  case pipelineTooLarge = "pipeline.tooLarge"
  case pipelineMissing = "pipeline.missing"
  case openjdSyntax = "openjd.syntax"
  case openjdVersion = "openjd.version"
  case openjdShape = "openjd.shape"
  case openjdUnknownKey = "openjd.unknownKey"
  case openjdExtension = "openjd.extension"
  case openjdValue = "openjd.value"
  case openjdRange = "openjd.range"
  case openjdFormat = "openjd.format"
  case openjdExpression = "openjd.expression"
  case openjdReference = "openjd.reference"
  case openjdCycle = "openjd.cycle"
  case openjdParameter = "openjd.parameter"
  case openjdTooLarge = "openjd.tooLarge"
  case selectionInvalid = "selection.invalid"
  case framesInvalid = "frames.invalid"
  case graphDotMissing = "graph.dotMissing"
  case graphDotFailed = "graph.dotFailed"
  case filterSyntax = "filter.syntax"
  case taskFailed = "task.failed"
  case taskNotFound = "task.commandNotFound"
  case taskTimedOut = "task.timedOut"
  case taskOverMemory = "task.overMemory"
  case taskOutputMissing = "task.outputMissing"
  case taskOutputDiffers = "task.outputDiffers"
  case taskInput = "task.input"
  case bodyInvalid = "body.invalid"
  case bodyTooLarge = "body.tooLarge"
  case eventInvalid = "event.invalid"
  case eventReserved = "event.reserved"
  case eventMode = "event.mode"
  case eventTooLarge = "event.tooLarge"
  case tokenMissing = "token.missing"
  case tokenRight = "token.right"
  case hostRefused = "host.refused"
  case originRefused = "origin.refused"
  case routeUnknown = "route.unknown"
  case serverUnreachable = "server.unreachable"
  case serverAnswer = "server.answer"
  case listenRefused = "listen.refused"
  case positionAhead = "position.ahead"
  case siteElsewhere = "site.elsewhere"
  case usage = "usage"
  case internalError = "internal"

  /// The HTTP status that carries this error.
  package var status: Int {
    switch self {
    case .projectUnknown, .folderUnknown, .productUnknown, .versionUnknown, .fileUnknown, .planUnknown, .runUnknown,
      .taskUnknown, .uploadUnknown, .routeUnknown, .pipelineMissing, .subscriptionUnknown, .eventUnknown,
      .personUnknown, .agentUnknown, .placeVanished:
      404
    case .planChanged, .publishMade, .productHeld, .runActive, .storeBusy, .positionAhead, .siteElsewhere,
      .subscriptionExists, .subscriptionBatch, .planNotWaiting, .planWhatIf, .folderOmitted, .cutChanged,
      .agentReplaced, .agentLease, .agentCache, .runNotQueued, .versionDamaged, .placeChanged, .placeScattered:
      409
    case .logArchived, .versionPurged: 410
    case .bodyTooLarge, .eventTooLarge: 413
    case .eventMode: 415
    case .tokenMissing: 401
    case .placeNoRoots, .tokenRight, .hostRefused, .originRefused, .listenRefused: 403
    case .storeFull, .logFull: 507
    case .storeDenied, .storeDamaged, .logFailed, .logDamaged, .namesDamaged, .internalError, .serverAnswer,
      .serverUnreachable, .timelineTool:
      500
    case .graphDotMissing, .graphDotFailed: 500
    case .agentFile: 422
    case .taskFailed, .taskNotFound, .taskTimedOut, .taskOutputMissing, .taskOutputDiffers, .taskInput: 422
    case .taskOverMemory: 422
    default: 400
    }
  }

  /// What the command line exits with: 1 what was asked for failed, 2 bad input, 3 server not reachable.
  package var exitCode: Int32 {
    switch self {
    case .serverUnreachable: 3
    case .planChanged, .storeFull, .storeDenied, .storeDamaged, .storeBusy, .logFull, .logFailed, .logDamaged,
      .logArchived, .internalError, .serverAnswer, .taskFailed, .taskNotFound, .taskTimedOut, .taskOutputMissing,
      .taskInput, .runActive, .positionAhead, .listenRefused, .tokenMissing, .tokenRight, .hostRefused,
      .originRefused, .subscriptionExists, .subscriptionBatch, .namesDamaged, .siteElsewhere:
      1
    case .planNotWaiting, .planWhatIf, .productHeld, .versionPurged, .versionDamaged, .placeChanged, .taskOutputDiffers:
      1
    case .agentReplaced, .agentLease, .agentFile, .agentCache, .runNotQueued, .taskOverMemory: 1
    case .graphDotMissing, .graphDotFailed, .placeNoRoots, .placeScattered: 1
    case .folderOmitted, .cutChanged, .timelineTool: 1
    default: 2
    }
  }
}
