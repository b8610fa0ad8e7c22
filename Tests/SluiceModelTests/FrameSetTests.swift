import SluiceModel
import Testing

@Suite struct `Frame sets` {
  @Test(arguments: [("1001-1004,1008", "1001-1004,1008"), ("5,1,2", "1-2,5"), ("-5--1", "-5--1"), ("1-3,2-6", "1-6")])
  func `read and written the same way`(text: String, canonical: String) {
    #expect(FrameSet(text)?.description == canonical)
  }

  @Test(arguments: ["", "a", "1-", "-", "4-1", "1,,2", "1-2-3", "99999999999"])
  func `refuse what is no range`(text: String) {
    #expect(FrameSet(text) == nil)
  }
}
