import SluiceModel

extension Facts {
  /// A task that was stopped for its memory, failed on one machine, and was made on another.
  static func triedTwice(_ run: RunID, _ digest: Digest) -> TaskFinished {
    let used = TaskUse(memoryBytes: 2_254_857_830, cpuSeconds: 0.25)
    let stopped = Failure(
      SluiceError(.taskOverMemory, what: "it had too much", at: "task r-0123456789ab.1001", fix: "give it more"))
    let failed = Failure(
      SluiceError(.taskFailed, what: "it broke", at: "task r-0123456789ab.1001", fix: "mend it"))
    var fact = TaskFinished(
      task: TaskID(run: run, frame: 1001), attempt: 3, frames: nil, outcome: .succeeded, seconds: 1.5, recipe: digest,
      log: "logs/demo/x.log")
    (fact.step, fact.agent) = ("review", "render07")
    (fact.given, fact.used) = (TaskShare(cores: 2, memory: 8_192, gpus: 1, size: .s), used)
    fact.tries = [
      TaskTry(
        agent: "server", given: TaskShare(cores: 1, memory: 2_048, gpus: 1, size: .xs), seconds: 0.5, used: used,
        failure: stopped),
      TaskTry(
        agent: "server", given: TaskShare(cores: 3, memory: 0, gpus: 1), seconds: 0.5, used: nil, failure: failed),
    ]
    return fact
  }

  /// The first of its tries, as it was recorded at once.
  static func tried(_ run: RunID, _ digest: Digest) -> TaskRetried {
    let fact = triedTwice(run, digest)
    let first =
      fact.tries?.first
      ?? TaskTry(
        agent: "", given: TaskShare(cores: 1, memory: 0, gpus: 0), seconds: 0, used: nil,
        failure: Failure(SluiceError(.taskFailed, what: "", at: "", fix: "")))
    return TaskRetried(fact.task, attempt: fact.attempt, first, next: fact.given)
  }
}
