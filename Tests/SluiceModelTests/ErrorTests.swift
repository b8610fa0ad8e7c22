import SluiceModel
import Testing

@Suite struct `An error code` {
  @Test func `is a noun and what is wrong with it`() {
    for code in ErrorCode.allCases {
      #expect(code.rawValue.wholeMatch(of: /[a-z]+(\.[a-z][a-zA-Z]*)?/) != nil, "\(code.rawValue)")
    }
  }

  @Test func `of bad input is no fault of the server, and the other way round`() {
    for code in ErrorCode.allCases {
      #expect(
        (code.exitCode == 2) == ([400, 404, 413, 415].contains(code.status) || code == .publishMade), "\(code.rawValue)"
      )
    }
  }

  @Test(
    arguments: [
      (ErrorCode.referenceInvalid, 400, 2), (.productUnknown, 404, 2), (.planChanged, 409, 1), (.tokenMissing, 401, 1),
      (.tokenRight, 403, 1), (.bodyTooLarge, 413, 2), (.taskFailed, 422, 1), (.storeFull, 507, 1),
      (.internalError, 500, 1),
      (.serverUnreachable, 500, 3), (.usage, 400, 2),
    ] as [(ErrorCode, Int, Int32)])
  func `has its HTTP status and exit code`(code: ErrorCode, status: Int, exitCode: Int32) {
    #expect(code.status == status)
    #expect(code.exitCode == exitCode)
  }

  @Test func `is the only one that means an unreachable server`() {
    #expect(ErrorCode.allCases.filter { $0.exitCode == 3 } == [.serverUnreachable])
  }

  @Test func `stands in the error's text with what, where and how to mend it`() {
    let error = SluiceError(.publishHole, what: "frame 7 is missing", at: "demo/plate", fix: "publish it")
    #expect(
      error.description == "frame 7 is missing\n  where: demo/plate\n  fix:   publish it\n  code:  publish.hole")
  }

  @Test func `is kept in the log with the same words`() {
    let failure = Failure(SluiceError(.taskFailed, what: "a", at: "b", fix: "c"))
    #expect(StableJSON.text(failure) == #"{"at":"b","code":"task.failed","fix":"c","what":"a"}"#)
  }
}
