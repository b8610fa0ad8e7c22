import SluiceModel
import Testing

@Suite struct `A frame relation` {
  @Test(arguments: [
    (FrameRelation.oneToOne, FrameRelation.oneToOne, FrameRelation.oneToOne),
    (.oneToOne, .offset(-1...2), .offset(-1...2)), (.offset(-1...0), .offset(0...1), .offset(-1...1)),
    (.all, .oneToOne, .all), (.offset(-1...1), .all, .all),
  ])
  func `behind another one is that of both`(first: FrameRelation, next: FrameRelation, both: FrameRelation) {
    #expect(first.then(next) == both)
  }

  /// Said once by looking at every frame, and once by ranges.
  @Test(arguments: [0...0, -1...1, -2...0, 0...3])
  func `is reached by a change where a frame looks at it`(offsets: ClosedRange<Int>) throws {
    let changed = try #require(FrameSet("3,8-9"))
    let naive = (-20...40).filter { frame in offsets.contains { changed.contains(frame + $0) } }
    #expect(FrameRelation.offset(offsets).reached(by: changed) == FrameSet(naive))
    #expect(FrameRelation.all.reached(by: changed) == nil)
  }

  @Test func `of each output is all where it is not named`() {
    let relations = FrameRelations.byOutput(["beauty": .oneToOne])
    #expect(relations.of("beauty") == .oneToOne && relations.of("sum") == .all)
    #expect(relations.isPerFrame && !FrameRelations.byOutput([:]).isPerFrame)
  }

  @Test(arguments: [
    (FrameRelations.oneToOne, #""one-to-one""#), (.all, #""all""#), (.offset(-1...1), #"{"offset":[-1,1]}"#),
    (.byOutput(["a": .oneToOne, "offset": .offset(0...2)]), #"{"a":"one-to-one","offset":{"offset":[0,2]}}"#),
    (.byOutput(["offset": .all]), #"{"offset":"all"}"#),
  ])
  func `is stored as the pipeline file says it`(relations: FrameRelations, json: String) throws {
    #expect(StableJSON.text(relations) == json)
    #expect(try StableJSON.decode(FrameRelations.self, from: Array(json.utf8)) == relations)
  }

  @Test(arguments: [#""some""#, #"{"offset":[1]}"#, #"{"offset":[2,1]}"#, "3"])
  func `that is none is refused`(json: String) {
    #expect(throws: (any Error).self) { try StableJSON.decode(FrameRelations.self, from: Array(json.utf8)) }
  }
}
