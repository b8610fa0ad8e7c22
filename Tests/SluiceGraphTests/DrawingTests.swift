import SluiceModel
import Testing

@testable import SluiceGraph

@Suite struct `A drawing` {
  private static let project = "p"

  /// `sequences` with `shots` each, three steps on a shot and one on a sequence, a look that all reviews take.
  private func show(sequences: Int = 2, shots: Int = 3) throws -> StepGraph {
    var folders = [Folder(path: try FolderPath("look"), type: "look")]
    for sequence in 0..<sequences {
      folders.append(Folder(path: try FolderPath("sq\(sequence)"), type: "sequence"))
      for shot in 0..<shots {
        folders.append(Folder(path: try FolderPath("sq\(sequence)/sh\(shot)"), type: "shot"))
      }
    }
    func step(_ name: String, on type: String, _ inputs: [StepInput]) -> Step {
      Step(
        name: name, folders: .type(type), inputs: inputs,
        outputs: [StepOutput(name: "out", product: "\(name)_out", files: "x", identity: .bytes)], command: ["x"])
    }
    return StepGraph(
      pipeline: Pipeline(
        project: try ProjectName(Self.project), folders: [],
        steps: [
          step(
            "review", on: "shot",
            [
              StepInput(name: "plate", product: .here("plate")),
              StepInput(name: "lut", product: .absolute(try FolderPath("look"), "show_lut")),
            ]),
          step("movie", on: "shot", [StepInput(name: "frames", product: .here("review_out"))]),
          step(
            "contact", on: "sequence",
            [StepInput(name: "reviews", product: .here("review_out"), gather: .children)]),
        ]), folders: folders)
  }

  private func drawing(
    _ graph: StepGraph, _ collapse: GraphCollapse, open: [String] = [], selected: Set<ProductRef>? = nil,
    bounds: Drawing.Bounds = Drawing.Bounds()
  ) -> Drawing {
    Drawing(
      graph, products: [ProductRef](), selected: selected,
      question: Drawing.Question(collapse: collapse, open: open), bounds: bounds)
  }

  private func links(_ drawing: Drawing) -> [String] {
    drawing.edges.map { "\(drawing.nodes[$0.from].id) > \(drawing.nodes[$0.to].id) \($0.links)" }.sorted()
  }

  @Test func `by step has a node a step and a node for sources of one name`() throws {
    let drawing = drawing(try show(), .step)
    #expect(
      drawing.nodes.map(\.id) == [
        "product:look/show_lut", "sources:plate", "step:review", "step:movie", "step:contact",
      ])
    #expect(
      links(drawing) == [
        "product:look/show_lut > step:review 6", "sources:plate > step:review 6", "step:review > step:contact 6",
        "step:review > step:movie 6",
      ])
    #expect(drawing.nodes[2].refs.count == 6)
  }

  @Test func `by folder has a node a folder, and no link within one`() throws {
    let drawing = drawing(try show(), .folder)
    #expect(drawing.nodes.map(\.id) == ["folder:look", "folder:sq0", "folder:sq1"])
    #expect(links(drawing) == ["folder:look > folder:sq0 3", "folder:look > folder:sq1 3"])
  }

  @Test func `opens a folder into what is in it and the folders below`() throws {
    let drawing = drawing(try show(), .folder, open: ["folder:sq0", "folder:sq0/sh1"])
    #expect(
      drawing.nodes.map(\.id) == [
        "folder:look", "unit:contact/sq0", "folder:sq0/sh0", "product:sq0/sh1/plate", "unit:review/sq0/sh1",
        "unit:movie/sq0/sh1", "folder:sq0/sh2", "folder:sq1",
      ])
    #expect(drawing.nodes.filter { $0.within == "folder:sq0/sh1" }.count == 3)
    #expect(links(drawing).contains("unit:review/sq0/sh1 > unit:contact/sq0 1"))
  }

  @Test func `opens a step into its units`() throws {
    let drawing = drawing(try show(), .step, open: ["step:contact"])
    #expect(drawing.nodes.filter { $0.within == "step:contact" }.map(\.id) == ["unit:contact/sq0", "unit:contact/sq1"])
    #expect(links(drawing).contains("step:review > unit:contact/sq0 3"))
  }

  @Test func `opens a large step by folders first`() throws {
    let graph = try show(sequences: 4, shots: 30)
    let closed = drawing(graph, .step, open: ["step:movie"])
    #expect(closed.nodes.filter { $0.within == "step:movie" }.map(\.id) == (0..<4).map { "step:movie/sq\($0)" })
    let opened = drawing(graph, .step, open: ["step:movie", "step:movie/sq2"])
    #expect(opened.nodes.filter { $0.within == "step:movie/sq2" }.count == 30)
    #expect(opened.nodes.filter { $0.within == "step:movie" }.count == 3)
  }

  @Test func `alone has a node for each unit and each source`() throws {
    let drawing = drawing(try show(), .none)
    #expect(drawing.nodes.count == 7 + 6 + 6 + 2)
    #expect(drawing.collapse == .none)
  }

  @Test func `that is too large is gathered by step, and says so`() throws {
    let drawing = drawing(try show(), .none, bounds: Drawing.Bounds(nodes: 20))
    #expect(drawing.collapse == .step)
    #expect(drawing.nodes.count == 5)
    #expect(drawing.notes == ["21 nodes are more than can be drawn one by one (20): gathered by step"])
  }

  @Test func `with too many links is gathered by step, and says so`() throws {
    let drawing = drawing(try show(), .none, bounds: Drawing.Bounds(edges: 10))
    #expect(drawing.collapse == .step)
    #expect(drawing.notes.count == 1)
  }

  @Test func `leaves closed what would make it too large, and says so`() throws {
    let drawing = drawing(
      try show(), .step, open: ["step:contact", "step:movie"], bounds: Drawing.Bounds(nodes: 8))
    #expect(drawing.nodes.map(\.id).contains("step:movie"))
    #expect(drawing.nodes.filter { $0.kind == .unit }.map(\.id) == ["unit:contact/sq0", "unit:contact/sq1"])
    #expect(drawing.notes == ["movie has 6 parts, and at most 8 nodes are drawn: it stays closed"])
  }

  @Test func `never has more nodes or links than its bounds`() throws {
    for nodes in 1...12 {
      let bounds = Drawing.Bounds(nodes: nodes, edges: 3, parts: 4)
      for collapse in GraphCollapse.allCases {
        let drawing = drawing(
          try show(), collapse, open: ["step:review", "step:movie", "folder:sq0", "folder:sq1"], bounds: bounds)
        #expect(drawing.nodes.count <= nodes && drawing.edges.count <= 3, "\(collapse) \(nodes)")
        #expect(drawing.edges.allSatisfy { $0.from < drawing.nodes.count && $0.to < drawing.nodes.count })
      }
    }
  }

  @Test func `of a selection has only that`() throws {
    let some = Set([try ProductRef("p/sq0/sh0/review_out"), try ProductRef("p/look/show_lut")])
    let drawing = drawing(try show(), .none, selected: some)
    #expect(drawing.nodes.map(\.id) == ["product:look/show_lut", "unit:review/sq0/sh0"])
    #expect(links(drawing) == ["product:look/show_lut > unit:review/sq0/sh0 1"])
  }

  @Test func `ignores an opened node that is not there`() throws {
    let (plain, odd) = (drawing(try show(), .step), drawing(try show(), .step, open: ["step:gone", "", "unit:x"]))
    #expect(odd.nodes == plain.nodes)
  }

  @Test func `holds published products that no step takes`() throws {
    let drawing = Drawing(
      try show(), products: [try ProductRef("p/look/notes")], question: Drawing.Question(collapse: .step))
    #expect(drawing.nodes.map(\.id).contains("product:look/notes"))
  }

  @Test func `has a shape without names, so that no name can be taken for more`() throws {
    let drawing = drawing(try show(), .step)
    #expect(!drawing.shapeText.contains("review"))
    #expect(drawing.shapeText.contains("n0 -> n2 [id=e0]\n"))
  }

  @Test func `keeps its shape while only names differ`() throws {
    #expect(drawing(try show(), .step).shapeText == drawing(try show(shots: 4), .step).shapeText)
    #expect(drawing(try show(), .none).shapeText != drawing(try show(shots: 4), .none).shapeText)
  }

  @Test func `has nodes with the same links in their own order, and the picture stays the same`() throws {
    let drawing = drawing(try show(sequences: 1), .step, open: ["step:movie"])
    // Look and plates have the same links, and so have the three movies.
    #expect(drawing.nodes.map(\.title) == ["show_lut", "plate", "review", "movie", "movie", "movie", "contact"])
    func box(_ y: Double) -> GraphBox { GraphBox(x: 1, y: y, width: 1, height: 1) }
    let heights = [0: 9.0, 1: 8, 2: 5, 3: 30, 4: 10, 5: 20, 6: 40]
    let layout = GraphLayout(
      size: GraphSize(width: 1, height: 1), boxes: heights.mapValues(box),
      curves: Dictionary(
        uniqueKeysWithValues: drawing.edges.enumerated().map { index, edge in
          (index, GraphCurve(points: [heights[edge.from] ?? 0], tip: [heights[edge.to] ?? 0]))
        }))
    let arranged = drawing.arranged(layout)
    #expect((0...6).map { arranged.boxes[$0]?.y } == [8, 9, 5, 10, 20, 30, 40])
    for (index, edge) in drawing.edges.enumerated() {
      #expect(arranged.curves[index]?.tip == arranged.boxes[edge.to].map { [$0.y] })
    }
    #expect(Set(arranged.boxes.values) == Set(layout.boxes.values))
    #expect(Set(arranged.curves.values) == Set(layout.curves.values))
  }

  @Test func `quotes what a label holds`() {
    #expect(Drawing.quoted(["a\"]; x [", "b\\"]) == #""a\"]; x [\nb\\""#)
    #expect(Drawing.quoted(["a\u{0}b\n"]) == "\"a\u{FFFD}b\u{FFFD}\"")
  }
}
