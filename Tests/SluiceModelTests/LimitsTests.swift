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
    #expect(Limits.memoryLookMilliseconds <= 1_000)
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
