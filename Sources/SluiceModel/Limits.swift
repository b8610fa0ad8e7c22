/// Every bound in one place, each with its reason.
package enum Limits {
  /// A path component may have 255 bytes on common file systems; names join with others and want room.
  package static let nameBytes = 96
  package static let folderDepth = 16
  /// Longer than any real reference: 16 folders of 96 bytes and a file name.
  package static let referenceBytes = 2_048
  /// One decision is one record; JetStream's default message limit is 1 MiB, a quarter leaves room for headers.
  package static let recordBytes = 256 * 1024
  /// Small facts that one record surely holds: 500 of 400 bytes are 200 KiB.
  package static let factsPerRecord = 500
  /// A pipeline file is written by people.
  package static let pipelineBytes = 1024 * 1024
  /// What a pipeline may unfold to; an alias bomb is past this at once.
  package static let pipelineNodes = 50_000
  package static let pipelineDepth = 32
  /// JSON bodies: a manifest of 50,000 files is about 8 MiB.
  package static let jsonBodyBytes = 16 * 1024 * 1024
  /// Bytes that a manifest may carry inside itself; larger files are streamed.
  package static let inlineFileBytes = 256 * 1024
  /// One file of an upload: a 16K, 4-channel float EXR sequence frame is about 2 GiB, a movie may be more.
  package static let uploadFileBytes = 1024 * 1024 * 1024 * 1024
  package static let filesPerVersion = 200_000
  /// Files in place are read before the answer up to this; more are read in the background: some seconds of a disk.
  package static let hashedAtOnceBytes: Int64 = 256 * 1024 * 1024
  /// How often files in place are looked at again.
  package static let inPlaceLook = Duration.seconds(600)
  /// Folders within a folder that is recorded in place.
  package static let inPlaceDepth = 32
  package static let noteBytes = 4_096
  /// Plans that were computed but not applied and that `apply --plan` may name.
  package static let computedPlans = 1_000
  /// How long changes must rest before Sluice reacts: a person's next publish comes within this, or much later.
  package static let reactionQuiet = Duration.seconds(2)
  /// While changes keep coming, Sluice reacts at least this often: people wait for it.
  package static let reactionLongest = Duration.seconds(10)
  /// A look at a project that failed, because the disk is full or a manifest cannot be read, is tried again after this.
  package static let reactionRetry = Duration.seconds(60)
  /// Runs of plans remembered in memory, at about 200 bytes each, so that each look does not read their plans again.
  package static let rememberedRuns = 100_000
  /// Rows of projects that changed since somebody looked at what is out of date, at about 200 bytes each; after more it
  /// is quicker to look at everything.
  package static let changedRows = 100_000
  /// Decisions gathered into one commit of the log.
  package static let recordsPerCommit = 1_000
  /// Rows and index entries that the views may lag behind the log before writing waits for them.
  package static let unsavedRows = 20_000
  /// Units that are sighted one after the other when a project is assessed from scratch.
  package static let unitsPerSighting = 65_536
  /// Rows that are read from the views in one piece, but for those of one folder.
  package static let viewPageBytes = 4 << 20
  /// Such pieces that wait until somebody reads them, for every processor of a small machine one and one more.
  package static let viewPagesAhead = 4
  /// How long views are left alone after they were written: a restart reads again from the log what they have not got.
  package static let viewsRest = Duration.milliseconds(50)
  /// Commands remembered in memory beside those in the views.
  package static let recentCommands = 10_000
  package static let eventsPerPage = 1_000
  /// Names that are kept, 100 bytes each on disk: more are no people, but something new under each command's name.
  package static let people = 100_000
  /// Records of one stream that wait for their causes in another: a few pages of it, a quarter of a gigabyte at the
  /// worst.
  package static let heldRecords = 1_000
  /// Replays of a subscription that wait or go on; it remembers as many, and done ones are forgotten first.
  package static let replaysPerSubscription = 100
  /// Globs of types that a subscription lists, and how long one is: more are better said as a filter.
  package static let typesPerSubscription = 100
  package static let typeBytes = 256
  /// Batches of a subscription of which a part may still be acknowledged; as many clients may pull beside each other.
  package static let batchesRemembered = 8
  /// Dead letters that are being tried again at once: the list is saved anew with each one that arrives.
  package static let retriesPerSubscription = 1_000
  /// Events that nobody wants may be passed without saving it each time; so many are looked at again after a crash.
  package static let unsavedPassed: Int64 = 1_000
  /// Why an event could not be delivered: some lines of a program's last words.
  package static let reasonCharacters = 500
  /// What a program says on its standard error is read to its end, and so much of the end is kept.
  package static let wordsBytes = 4_096
  /// A program that takes events ends within this time; a hung one must not hold up its subscription for ever.
  package static let eventCommandSeconds = 60
  /// A timeline is read within this time: the largest took seconds, and a hung reader must not hold a person up.
  package static let timelineSeconds = 120
  /// Where a disk is full or a setting is missing, a subscription looks again after this time.
  package static let troubleSeconds = 5
  /// Subscriptions of a site; each is a reader of the log.
  package static let subscriptions = 1_000
  /// Events handed to a webhook or a command between two looks at the log.
  package static let eventsPerDelivery = 100
  /// A pull waits at most this long for an event: proxies end connections that are silent for a minute.
  package static let pullWaitSeconds = 55
  /// Tries a subscription may ask for, so that a head does not hold up the rest for days.
  package static let deliveryTries = 100
  /// Events that are looked at to say how many a subscription waits for; more are counted without looking.
  package static let lagScan: Int64 = 10_000
  /// A site whose clock runs further ahead than this is wrong, not fast (NTP keeps machines within a second), and the
  /// others do not follow it.
  package static let clockDriftMilliseconds: Int64 = 60_000
  /// Nesting of JSON from outside; deeper text would only be made to exhaust the stack.
  package static let jsonDepth = 128
  /// References of one resolve: more than a shot opens, and an answer of about 5 MiB.
  package static let refsPerResolve = 10_000
  /// Unknown names of one resolve for which the nearest known one is searched: each search meets every product.
  package static let suggestionsPerResolve = 10
  /// Of an outside event: a UUID and a path of the tool that made it.
  package static let eventIDBytes = 256
  package static let eventTypeBytes = 256
  /// Of an outside event: an address with its path.
  package static let eventSourceBytes = 1_024
  /// All attributes of an outside event with their names; as headers they have to pass common web servers, which take
  /// 16 KiB and more.
  package static let eventAttributesBytes = 8 * 1024
  /// Far more than any tool has.
  package static let eventAttributes = 64
  /// CloudEvents lets a receiver refuse longer names.
  package static let eventAttributeNameBytes = 20
  /// Nesting of an outside event: records and answers nest it further, and must not pass `jsonDepth`.
  package static let eventDepth = 64
  /// Outside events in one request; a batch is one commit.
  package static let eventsPerBatch = 1_000
  /// A value that a step takes out of an event: a name, a number or a path.
  package static let eventParameterBytes = 1_024
  /// Longer than any address that people write; proxies cut off beyond 8 KiB.
  package static let webhookURLBytes = 2_048
  /// A receiver moves now and then, and does not send us around.
  package static let webhookRedirects = 3
  /// Nothing in a receiver's answer is read but its status; the rest is taken so that the connection can be used again.
  package static let webhookAnswerBytes = 64 * 1024
  /// Addresses of one name that are tried; a round-robin name has more, and one that answers is enough.
  package static let webhookAddresses = 4
  /// How long the addresses of a name are believed; a receiver that moves is found again within this.
  package static let webhookNameSeconds = 10
  /// Names whose addresses, and receivers whose connections, are kept.
  package static let webhookPlaces = 256
  /// The longest time that a receiver may ask us to stay away.
  package static let webhookRetryAfterSeconds = 24 * 3600
  /// One page that is read from the log: large enough to be fast, small enough to hold a few at once.
  package static let scanBytes = 4 * 1024 * 1024
  /// A file of the log: small enough to check and copy in a second, large enough that 10 million events are a hundred.
  package static let segmentBytes = 64 * 1024 * 1024
  /// Zeros that lie ready behind the log's end, so that a sync has no metadata to write; more made it no faster.
  package static let zerosAheadBytes = 1024 * 1024
  /// One commit of the log: a thousand of the largest records are a quarter of it; the rest is for blobs.
  package static let batchBytes = 1024 * 1024 * 1024
  /// From one entry of a segment's index to the next: what a reader has to skip at most, in a few microseconds.
  package static let indexedBytes = 16 * 1024
  /// Files of the log, and indexes, that are kept open: with both, half of the 1,024 that a process usually may have.
  package static let openLogFiles = 256
  /// Filters that tell which segments surely do not have a blob: ten bits each for 6 million blobs. Older segments are
  /// looked up on disk.
  package static let blobFilterBytes = 8 * 1024 * 1024
  /// Damages of a log that one report lists; a disk that has more is not mended by reading on.
  package static let reportedDamages = 10_000
  /// Readers of the log that may wait for the disk at once; more than that does not make a disk faster.
  package static let logReaders = 8
  /// A reader of the live stream that falls this far behind is dropped and resumes by id.
  package static let streamBacklog = 1_024
  /// Manifests kept decoded in memory.
  package static let cachedManifests = 2_000
  package static let runsPerPlan = 100_000
  /// Tasks that have ended and wait to be recorded; while there are more, no other begins before one is.
  package static let unrecordedTasks = 128
  /// Ends of tasks that share a record: it may hold 256 KiB, and a failure's words are some.
  package static let endsPerRecord = 32
  /// Where the end before was recorded no longer ago, the next one waits a little for those that come with it.
  package static let endsApartMilliseconds = 20
  package static let endsPauseMilliseconds = 4
  /// A task's log of one try takes so much as it comes: renderers that say everything write tens of MiB.
  package static let taskLogBytes = 64 * 1024 * 1024
  /// Of what comes behind that the end is kept: there stands why it failed. A task has up to twice that in memory.
  package static let taskLogEndBytes = 1024 * 1024
  /// Control groups of a machine among which those of an earlier program are looked for.
  package static let controlGroups = 100_000
  /// How often it is looked whether a group that was ended is empty, from 1 to 50 ms apart: two seconds and a half.
  package static let controlGroupLooks = 56
  /// What `sluice task log` and the page read of one log at a time.
  package static let logPageBytes = 1024 * 1024
  /// A step without `timeout` ends its task after this; a hung task must not hold a slot for ever.
  package static let taskTimeoutSeconds = 6 * 3600
  /// Jobs that `sluice job list` shows, the newest ones.
  package static let jobsListed = 200
  /// Runs or tasks that one answer lists.
  package static let workListed = 2_000
  /// What one call of a queue manager's script may take; it is asked again.
  package static let farmScriptSeconds = 60
  /// The same while the server stops; what is left then, the next one ends.
  package static let farmHasteSeconds = 10
  /// What such a script may print: two hundred jobs with a sentence each are 40 KiB.
  package static let farmReplyBytes = 1024 * 1024
  /// Jobs that one call asks about or cancels, so that the ids fit on a command line.
  package static let farmJobsAsked = 200
  /// Submit scripts that run at once; a queue manager is no file server.
  package static let farmSubmits = 4
  /// Answers in a row that do not know a job, until it counts as lost.
  package static let farmUnknown = 5
  /// How long a server that starts waits for the end of what the one before had running in a queue manager.
  package static let farmOrphanSeconds = 120
  /// A task of a template that runs on its own, whose actions may say less: a week.
  package static let jobTaskTimeoutSeconds = 7 * 24 * 3600
  /// What a line of an action may hold and still be a message, such as a variable; longer ones are written in pieces.
  package static let sessionLineBytes = 64 * 1024
  /// What leaving an environment may take where its template does not say; as `openjd-sessions` has it.
  package static let sessionExitSeconds = 300
  /// What an action may take over its end while the server stops.
  package static let sessionHasteSeconds = 3
  /// Tasks of a template in one run or job: each is a row in the registry, and an element of its order.
  package static let sessionTasks = 100_000
  /// Bounds of an expression of Open Job Description, as `openjd-model` 0.13 has them.
  package static let expressionOperations = 10_000_000
  /// Of all expressions of a template together, while it is read, and again while a job is made of it.
  package static let templateOperations = 50_000_000
  package static let expressionBytes = 100_000_000
  package static let expressionTextBytes = 64 * 1024
  /// Of the tree; the evaluation goes down as deep, and worker threads have small stacks.
  package static let expressionDepth = 64
  /// Of brackets and signs, which leave no trace in the tree.
  package static let expressionNesting = 100
  /// What a pattern's groups and repetitions may unfold to.
  package static let patternSteps = 20_000
  /// Versions that one product may get in one second; the counter has two digits.
  package static let versionsPerSecond = 99
  /// Frames on either side of a range that a folder may have as handles; editors ask for a second or two.
  package static let handleFrames = 10_000
  /// How far from its frame a step may look at neighbours: the longest echo and retime windows have a few hundred.
  package static let offsetFrames = 1_000
  /// Frames that a step works over because of its folder's range: eleven hours at 24 frames a second.
  package static let rangeFrames = 1_000_000
  /// A filter is written by people; a list of a few hundred shots fits.
  package static let filterBytes = 4_096
  /// Each makes a part of a tree, and each `LIKE` a table of 2 KiB.
  package static let filterTokens = 1_024
  /// Whatever reads or evaluates a filter calls itself this deep, and a worker thread may have half a MiB of stack.
  package static let filterDepth = 32
  /// What `CONCAT` may make; no attribute is longer than a record.
  package static let filterTextBytes = 256 * 1024
  /// Nodes of one drawing: more is no picture any more, and up to here `dot` is done within seconds.
  package static let graphNodes = 500
  package static let graphEdges = 2_000
  /// Nodes into which one is opened at once; one with more parts opens by folders.
  package static let graphParts = 60
  /// A drawing's nodes name so many of their products; `sluice status` names them all.
  package static let graphRefs = 50
  package static let graphReasons = 5
  /// How long the layout of a drawing may take; it is drawn for somebody who waits.
  package static let graphLayoutSeconds = 10
  /// What `dot` may answer; 500 nodes and 2,000 links are about 1 MiB.
  package static let graphLayoutBytes = 16 * 1024 * 1024
  /// Layouts kept in memory, at about 200 KiB for the largest.
  package static let graphLayouts = 128
  /// A layout that failed is tried again after this: the machine may have been busy.
  package static let graphRetrySeconds = 60
  /// A selection that lists every shot of a film by name fits.
  package static let selectionBytes = 64 * 1024
  /// Each is compared with every product.
  package static let selectionTokens = 4_096
  /// Whatever reads, writes or answers a selection calls itself this deep, several calls each.
  package static let selectionDepth = 32
  /// Products that one question may take as changed; somebody asks it before a delivery, not for a whole show.
  package static let whatIfProducts = 1_000
  /// One agent: twice the largest machine that is sold.
  package static let agentCores = 4_096
  /// 64 TiB.
  package static let agentMemoryMebibytes = 64 * 1024 * 1024
  package static let agentGPUs = 256
  package static let agentLabels = 64
  /// Of anything that an agent has and templates may ask for: what is counted exactly.
  package static let agentAmount = 1e15
  /// Machines of one site; each keeps one request open.
  package static let agents = 10_000
  /// An agent's poll waits at most this long for a task: proxies end connections that are silent for a minute.
  package static let agentPollSeconds = 55
  /// Digests that are remembered of files in place that were read for agents, at about 100 bytes each.
  package static let inPlaceRead = 100_000
  /// Ends of tasks that a server remembers for each agent, for one that says them again.
  package static let agentEnds = 64
  /// So often machines may give a task back because they cannot do it; then it has failed.
  package static let agentTroubles = 3
  /// A disk of an agent, or of the store, with less room than that is full, in bytes.
  package static let agentRoomBytes: UInt64 = 1 << 20
  /// What an agent sends of a file or a log at a time, so that a broken connection costs little.
  package static let agentPieceBytes = 8 * 1024 * 1024
  /// Of one counted limit: more than any studio has of a licence.
  package static let limitCount = 1_000_000
  /// What a program may take to say how many there are of a limit.
  package static let limitProgramSeconds = 10
  /// What a program may take to say whether somebody works at a machine: whoever comes waits no longer.
  package static let presenceProgramSeconds = 5
  /// How often an artist's machine is looked at for its user.
  package static let presenceMilliseconds = 1_000
  /// A task that is over within this has nobody who looks at its time, its memory, or a wish to stop it.
  package static let taskPatienceMilliseconds = 50
  /// When the memory of a longer task is looked at first: most tasks of less than that have little.
  package static let memoryFirstLookMilliseconds = 60
  /// How often from then on: what grows by 1 GiB a second is stopped within 256 MiB of its limit.
  package static let memoryLookMilliseconds = 250
  /// A step's newest tasks that its sizes are learned from; older ones were made of other scenes.
  package static let learnedTasks = 1_000
  /// With fewer measured tasks nothing is suggested.
  package static let learnedTasksLeast = 5
  /// Failed tasks of which it is known on which machine they failed.
  package static let rememberedFailures = 10_000
  /// Steps, and steps of submitted templates, of which it is known how long numbers of their chunks took.
  package static let rememberedPaces = 10_000
  /// So many numbers say how long others will take; with fewer, chunks grow by a quarter of the way.
  package static let probedNumbers = 10
  /// More chunks than that are not waited for before the others are dealt.
  package static let probedChunks = 64
  /// Tries of a task that are kept: with `taskRetries`, and one of another size, all that count.
  package static let rememberedTries = 16
  /// How often a failed task may be run again by itself.
  package static let taskRetries = 10
}
