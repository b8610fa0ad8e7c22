import FoundationEssentials
import SluiceModel
import Testing

/// What must hold between bounds, so that nobody raises one alone.
@Suite struct `The limits` {
  @Test func `leave room for a name in a file system's component`() {
    #expect(Limits.nameBytes <= 255)
  }

  @Test func `let the deepest reference with a file through`() {
    let names = 2 + Limits.folderDepth
    #expect(names * (Limits.nameBytes + 1) + 255 <= Limits.referenceBytes)
  }

  @Test func `keep a record within a quarter of a JetStream message`() {
    #expect(Limits.recordBytes <= 1_048_576 / 4)
  }

  @Test func `let a record hold its facts at 400 bytes each`() {
    #expect(Limits.factsPerRecord * 400 <= Limits.recordBytes)
  }

  @Test func `let a pipeline file and a file in a manifest through in a JSON body`() {
    #expect(Limits.pipelineBytes <= Limits.jsonBodyBytes)
    #expect(Limits.inlineFileBytes <= Limits.jsonBodyBytes)
  }

  @Test func `keep all tries of a task that count, with one of another size`() {
    #expect(Limits.rememberedTries > Limits.taskRetries + 1)
  }

  @Test func `let the end of a log be small beside its beginning, and a page hold it`() {
    #expect(Limits.taskLogEndBytes * 8 <= Limits.taskLogBytes)
    #expect(Limits.taskLogEndBytes <= Limits.logPageBytes)
    #expect(Limits.sessionLineBytes <= Limits.taskLogEndBytes)
  }

  @Test func `wait for the end of a control group longer than for its making`() {
    #expect(Limits.controlGroupLooks > 6 && Limits.controlGroups >= Limits.agents)
  }

  @Test func `fit versions of one second into two digits`() {
    #expect(Limits.versionsPerSecond == 99)
  }

  @Test func `let a node of a drawing be opened, and all that it names be in it`() {
    #expect(Limits.graphParts < Limits.graphNodes)
    #expect(Limits.graphRefs <= Limits.graphParts)
  }

  @Test func `let files in place lie as deep as folders may, and be read at once like several of an upload`() {
    #expect(Limits.inPlaceDepth >= Limits.folderDepth)
    #expect(Limits.hashedAtOnceBytes > Limits.inlineFileBytes)
  }

  @Test func `let a task's memory be looked at often enough to stop it early`() {
    #expect(Limits.memoryFirstLookMilliseconds <= Limits.memoryLookMilliseconds)
    #expect(Limits.taskPatienceMilliseconds + Limits.memoryFirstLookMilliseconds <= Limits.memoryLookMilliseconds)
    #expect(Limits.memoryLookMilliseconds <= 1_000)
  }

  @Test func `let ends of tasks wait for each other for moments only, and share records`() {
    #expect(Limits.endsPauseMilliseconds < Limits.endsApartMilliseconds)
    #expect(Limits.endsApartMilliseconds < Limits.taskPatienceMilliseconds)
    #expect(2...Limits.unrecordedTasks ~= Limits.endsPerRecord)
    #expect(Limits.endsPerRecord <= Limits.factsPerRecord)
  }

  @Test func `let a size be learned from fewer tasks than are kept`() {
    #expect(Limits.learnedTasksLeast * 20 <= Limits.learnedTasks)
  }

  @Test func `let the live stream fall behind by a page`() {
    #expect(Limits.streamBacklog >= Limits.eventsPerPage)
  }

  @Test func `hold as many frames as a version may have files`() {
    #expect(FrameSet.limits.count >= Limits.filesPerVersion)
  }

  @Test func `let a filter compare with the longest reference, and join any attribute of a record`() {
    #expect(Limits.referenceBytes * 2 <= Limits.filterBytes)
    #expect(Limits.recordBytes <= Limits.filterTextBytes)
  }

  @Test func `let a selection name as many things as it may have words, and be nested no deeper than a filter`() {
    #expect(Limits.selectionTokens * 16 <= Limits.selectionBytes)
    #expect(Limits.selectionDepth <= Limits.filterDepth)
  }

  @Test func `let what many subscriptions have passed be looked at again within a count of their lag`() {
    #expect(Limits.unsavedPassed <= Limits.lagScan)
  }

  @Test func `let one commit of the largest records through, with room for blobs`() {
    #expect(Limits.recordsPerCommit * Limits.recordBytes <= Limits.batchBytes / 2)
  }

  @Test func `let a segment have many of the zeros that lie ready`() {
    #expect(Limits.zerosAheadBytes * 16 <= Limits.segmentBytes && Limits.indexedBytes * 16 <= Limits.zerosAheadBytes)
  }

  @Test func `let what came in be read back from a record, and handed on in a batch`() {
    // A record's object, its list, the event; an answer's object and list around that.
    #expect(Limits.eventDepth + 8 <= Limits.jsonDepth)
  }

  @Test func `let changes rest no longer than a person waits, and be looked at again after a failure later still`() {
    #expect(Limits.reactionQuiet > .zero && Limits.reactionQuiet < Limits.reactionLongest)
    #expect(Limits.reactionLongest < Limits.reactionRetry)
    #expect(Limits.reactionRetry < Limits.inPlaceLook)
  }

  @Test func `let what is asked for again be answered before a proxy ends a silent connection`() {
    #expect(max(Limits.pullWaitSeconds, Limits.agentPollSeconds) < 60)
  }

  @Test func `let a look at what changed hold a record of facts, and runs be remembered of the largest plan`() {
    #expect(Limits.changedRows >= Limits.factsPerRecord)
    #expect(Limits.rememberedRuns >= Limits.runsPerPlan && Limits.sessionTasks <= Limits.runsPerPlan)
  }

  @Test func `let a name be believed for less than a receiver may ask us to stay away`() {
    #expect(Limits.webhookNameSeconds < Limits.webhookRetryAfterSeconds)
    #expect(Limits.webhookAddresses <= Limits.webhookPlaces && Limits.webhookURLBytes <= Limits.recordBytes)
    #expect(Limits.webhookRedirects < Limits.deliveryTries && Limits.webhookAnswerBytes <= Limits.jsonBodyBytes)
  }

  @Test func `let a delivery be a part of a page, and many be handled while a head is tried again`() {
    #expect(Limits.eventsPerDelivery <= Limits.eventsPerPage && Limits.deliveryTries <= Limits.retriesPerSubscription)
    #expect(Limits.heldRecords <= Limits.recordsPerCommit)
  }

  @Test func `leave half of the files that a process may have open, whatever the log reads`() {
    #expect(Limits.openLogFiles * 2 <= 1_024 && Limits.logReaders < Limits.openLogFiles)
    #expect(Limits.blobFilterBytes <= Limits.segmentBytes)
  }

  @Test func `let a queue manager be asked about all that one script says, and stop in haste`() {
    #expect(Limits.farmJobsAsked * 1_024 <= Limits.farmReplyBytes)
    #expect(Limits.farmHasteSeconds < Limits.farmScriptSeconds && Limits.farmScriptSeconds < Limits.farmOrphanSeconds)
    #expect(Limits.farmSubmits <= Limits.farmJobsAsked && Limits.farmUnknown <= Limits.taskRetries)
  }

  @Test func `let a template's task take longer than a step's, and its end shorter while the server stops`() {
    #expect(Limits.taskTimeoutSeconds < Limits.jobTaskTimeoutSeconds)
    #expect(Limits.sessionHasteSeconds < Limits.sessionExitSeconds)
    #expect(Limits.sessionLineBytes <= Limits.logPageBytes)
  }

  @Test func `let lists be shorter than what they are of`() {
    #expect(Limits.jobsListed <= Limits.workListed && Limits.workListed <= Limits.runsPerPlan)
    #expect(Limits.unrecordedTasks < Limits.recordsPerCommit)
  }

  @Test func `let a drawing be laid out sooner than it is tried again, and its layout be read`() {
    #expect(Limits.graphLayoutSeconds < Limits.graphRetrySeconds)
    // A curve has some 200 bytes, and a node as much.
    #expect((Limits.graphNodes + Limits.graphEdges) * 200 <= Limits.graphLayoutBytes)
    #expect(Limits.graphEdges >= Limits.graphNodes && Limits.graphReasons <= Limits.graphRefs)
  }

  @Test func `let a question about changes name as many products as a selection may have words`() {
    #expect(Limits.whatIfProducts <= Limits.selectionTokens)
  }

  @Test func `let an agent say the ends of as many tasks as it has cores for, and give back what it cannot do`() {
    #expect(Limits.agentEnds <= Limits.agentCores && Limits.agentTroubles <= Limits.taskRetries)
    #expect(Limits.agentPieceBytes <= Limits.jsonBodyBytes)
    #expect(Limits.agentRoomBytes <= UInt64(Limits.agentPieceBytes))
  }

  @Test func `let an agent have of anything what is counted exactly, and more than it may have of memory`() {
    #expect(Limits.agentAmount < 0x1p53 && Limits.agentAmount > Double(Limits.agentMemoryMebibytes))
  }

  @Test func `let a machine's user be noticed more often than anybody asks a program`() {
    #expect(Limits.presenceMilliseconds <= Limits.presenceProgramSeconds * 1_000)
    #expect(Limits.presenceProgramSeconds <= Limits.limitProgramSeconds)
  }

  @Test func `let failures be remembered of all that one answer lists, and a wrong clock be told from a fast one`() {
    #expect(Limits.rememberedFailures >= Limits.workListed && Limits.rememberedPaces >= Limits.workListed)
    #expect(Limits.probedNumbers <= Limits.probedChunks)
    // NTP keeps machines within a second.
    #expect(Limits.clockDriftMilliseconds > 1_000)
  }

  @Test func `let views rest for less than a person notices, and never so long that many rows wait`() {
    #expect(Limits.viewsRest > .zero && Limits.viewsRest <= .milliseconds(100))
  }

  @Test func `let a batch be one commit`() {
    #expect(Limits.eventsPerBatch <= Limits.recordsPerCommit)
  }

  @Test func `leave most of a record to an event's data`() {
    #expect(Limits.eventAttributesBytes * 8 <= Limits.recordBytes)
    #expect(Limits.eventIDBytes + Limits.eventSourceBytes + Limits.eventTypeBytes < Limits.eventAttributesBytes)
  }

  @Test func `are all above nothing`() {
    let all = [
      Limits.nameBytes, Limits.folderDepth, Limits.referenceBytes, Limits.recordBytes, Limits.factsPerRecord,
      Limits.pipelineBytes, Limits.pipelineNodes, Limits.pipelineDepth, Limits.jsonBodyBytes, Limits.inlineFileBytes,
      Limits.uploadFileBytes, Limits.filesPerVersion, Limits.noteBytes, Limits.computedPlans, Limits.recordsPerCommit,
      Limits.eventsPerPage, Limits.scanBytes, Limits.jsonDepth, Limits.unsavedRows,
      Limits.viewPageBytes, Limits.viewPagesAhead, Limits.unitsPerSighting,
      Limits.recentCommands,
      Limits.streamBacklog, Limits.cachedManifests, Limits.runsPerPlan, Limits.logPageBytes,
      Limits.taskTimeoutSeconds, Limits.versionsPerSecond, Limits.filterBytes, Limits.filterTokens, Limits.filterDepth,
      Limits.filterTextBytes, Limits.refsPerResolve, Limits.suggestionsPerResolve, Limits.replaysPerSubscription,
      Limits.batchesRemembered,
      Limits.typesPerSubscription, Limits.typeBytes, Limits.retriesPerSubscription, Int(Limits.unsavedPassed),
      Limits.reasonCharacters, Limits.wordsBytes, Limits.eventCommandSeconds, Limits.troubleSeconds,
      Limits.timelineSeconds,
      Limits.eventIDBytes, Limits.eventTypeBytes, Limits.eventParameterBytes,
      Limits.eventSourceBytes, Limits.eventAttributesBytes, Limits.eventAttributes, Limits.eventAttributeNameBytes,
      Limits.eventDepth, Limits.eventsPerBatch, Limits.handleFrames, Limits.offsetFrames, Limits.rangeFrames,
      Limits.people, Limits.subscriptions, Limits.webhookPlaces, Limits.reportedDamages, Limits.farmReplyBytes,
      Limits.sessionTasks, Limits.graphLayouts, Limits.agentCores, Limits.agentMemoryMebibytes, Limits.agentGPUs,
      Limits.agentLabels, Limits.agents, Limits.inPlaceRead, Limits.agentTroubles, Limits.limitCount,
      Limits.limitProgramSeconds, Limits.expressionOperations, Limits.templateOperations, Limits.expressionBytes,
      Limits.expressionTextBytes,
      Limits.expressionDepth, Limits.expressionNesting, Limits.patternSteps,
    ]
    #expect(all.allSatisfy { $0 > 0 })
  }
}

@Suite struct `An encoded record` {
  private func record(note bytes: Int) throws -> Record {
    let content = Content.json(.string(String(repeating: "x", count: bytes)))
    return Record(events: [
      Event(
        id: EventID("e"), time: Date(timeIntervalSince1970: 1_795_357_381), site: "lon",
        actor: .system, fact: .unknown(type: "t", critical: false, content: content))
    ])
  }

  @Test func `is refused by its code where it is too large`() throws {
    let large = try record(note: Limits.recordBytes)
    let error = try #require(throws: SluiceError.self) { try EncodedRecord(large) }
    #expect(error.code == .recordTooLarge)
  }

  @Test func `may be as large as the limit says`() throws {
    let rest = try record(note: 0).json.count
    #expect(try EncodedRecord(record(note: Limits.recordBytes - rest)).bytes.count == Limits.recordBytes)
    #expect(throws: SluiceError.self) { try EncodedRecord(record(note: Limits.recordBytes - rest + 1)) }
  }

  @Test func `knows the sequence of each of its events`() throws {
    let event = try record(note: 0).events[0]
    let stored = StoredRecord(last: 12, record: Record(events: [event, event, event]))
    #expect((0..<3).map(stored.sequence(ofEvent:)) == [10, 11, 12])
  }
}
