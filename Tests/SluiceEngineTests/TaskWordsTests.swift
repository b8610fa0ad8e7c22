import SluiceEngine
import SluiceModel
import Testing

@Suite struct `What became of a task` {
  private func fact(_ agent: String? = "render07", tries: [TaskTry]? = nil) -> TaskFinished {
    var fact = TaskFinished(
      task: TaskID("r-0123456789ab.1"), attempt: 1, frames: nil, outcome: .succeeded, seconds: 1,
      recipe: Digest.of("x"), log: "x")
    fact.agent = agent
    fact.tries = tries
    return fact
  }

  private func tried(_ code: ErrorCode, memory: Int = 2_048, size: SizeName? = .xs) -> TaskTry {
    TaskTry(
      agent: "render03", given: TaskShare(cores: 1, memory: memory, gpus: 0, size: size), seconds: 1, used: nil,
      failure: Failure(SluiceError(code, what: "a", at: "b", fix: "c")))
  }

  @Test func `says who ran it, as far as that is known`() {
    #expect(TaskWords.sentence(fact()) == "It has succeeded on render07.")
    #expect(TaskWords.sentence(fact(nil)) == "It has succeeded.")
  }

  @Test func `says what it took`() {
    var fact = fact()
    fact.used = TaskUse(memoryBytes: 3 << 29, cpuSeconds: 1)
    #expect(TaskWords.sentence(fact) == "It has succeeded on render07 with 1.5 GiB of memory.")
  }

  @Test func `says why it was tried again`() {
    var fact = fact(tries: [tried(.taskOverMemory)])
    fact.given = TaskShare(cores: 2, memory: 8_192, gpus: 0, size: .s)
    #expect(
      TaskWords.sentence(fact)
        == "It has succeeded on render07, try 2, one size up (S): it had too much memory for XS on render03.")
    fact.tries = [tried(.taskOverMemory), tried(.taskFailed)]
    #expect(TaskWords.sentence(fact) == "It has succeeded on render07, try 3, after it failed on render03.")
    fact.tries = [tried(.taskOverMemory, memory: 512, size: nil)]
    #expect(
      TaskWords.sentence(fact)
        == "It has succeeded on render07, try 2, one size up (S): it had too much memory for 512.0 MiB on render03.")
  }
}
