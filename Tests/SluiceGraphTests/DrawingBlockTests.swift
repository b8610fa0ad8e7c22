import SluiceModel
import Testing

@testable import SluiceGraph

@Suite struct `A drawing of many shots` {
  /// `sequences` with `shots` each; a look that all reviews take, and a contact sheet of each sequence.
  private func drawing(
    sequences: Int = 2, shots: Int = 20, _ direction: GraphDirection = .right, collapse: GraphCollapse = .none
  ) throws -> Drawing {
    var folders: [Folder] = []
    for sequence in 0..<sequences {
      folders.append(Folder(path: try FolderPath("sq\(sequence)"), type: "sequence"))
      for shot in 0..<shots {
        folders.append(Folder(path: try FolderPath("sq\(sequence)/sh\(10 + shot)"), type: "shot"))
      }
    }
    func step(_ name: String, on type: String, _ inputs: [StepInput]) -> Step {
      Step(
        name: name, folders: .type(type), inputs: inputs,
        outputs: [StepOutput(name: "out", product: "\(name)_out", files: "x", identity: .bytes)], command: ["x"])
    }
    let graph = StepGraph(
      pipeline: Pipeline(
        project: try ProjectName("p"), folders: [],
        steps: [
          step(
            "review", on: "shot",
            [
              StepInput(name: "plate", product: .here("plate")),
              StepInput(name: "lut", product: .absolute(try FolderPath("look"), "lut")),
            ]),
          step("movie", on: "shot", [StepInput(name: "frames", product: .here("review_out"))]),
          step(
            "contact", on: "sequence", [StepInput(name: "all", product: .here("review_out"), gather: .children)]),
        ]), folders: folders)
    return Drawing(
      graph, products: [ProductRef](), question: Drawing.Question(collapse: collapse, direction: direction))
  }

  /// A stand-in for the layout program: a column for each node's number of links before it.
  private func layout(of drawing: Drawing) -> GraphLayout {
    var layout = GraphLayout(size: GraphSize(width: 400, height: 100), boxes: [:], curves: [:])
    for index in drawing.nodes.indices {
      layout.boxes[index] = GraphBox(x: 10, y: Double(index) * 60, width: 184, height: 48)
    }
    for index in drawing.edges.indices {
      layout.curves[index] = GraphCurve(points: [Double](repeating: 1, count: 8), tip: [1, 1])
    }
    layout.size.height = Double(drawing.nodes.count) * 60
    return layout
  }

  @Test func `is cut by folder into blocks that can be read, named by their folders`() throws {
    let drawing = try drawing()
    #expect(drawing.blocks.map(\.title).first == "look")
    #expect(drawing.blocks.map(\.title).contains { $0.hasPrefix("sq1/sh1") && $0.contains(" – sh") })
    let plates = drawing.blocks.map { block in
      block.drawing.nodes.prefix(block.own).count { $0.title == "plate" }
    }
    #expect(plates.allSatisfy { $0 <= 9 } && plates.reduce(0, +) == 40)
  }

  @Test func `that is small is laid out as one`() throws {
    #expect(try drawing(shots: 5).blocks.isEmpty)
    #expect(try drawing(collapse: .step).blocks.isEmpty)
    // Fewer stand side by side on a telephone.
    #expect(try !drawing(shots: 5, .down).blocks.isEmpty)
  }

  @Test(arguments: [GraphDirection.right, .down])
  func `has every node in one block, and every link in one beside its nodes or their echoes`(
    direction: GraphDirection
  ) throws {
    let drawing = try drawing(direction)
    let own = drawing.blocks.flatMap { $0.nodes.prefix($0.own) }
    #expect(own.sorted() == Array(drawing.nodes.indices))
    #expect(drawing.blocks.flatMap(\.edges).sorted() == Array(drawing.edges.indices))
    for block in drawing.blocks {
      for (place, index) in block.edges.enumerated() {
        let (part, whole) = (block.drawing.edges[place], drawing.edges[index])
        #expect(block.nodes[part.from] == whole.from && block.nodes[part.to] == whole.to)
      }
    }
  }

  @Test(arguments: [GraphDirection.right, .down])
  func `draws once more what many blocks share, and not the many beside the one`(direction: GraphDirection) throws {
    let drawing = try drawing(direction)
    for block in drawing.blocks where block.title.hasPrefix("sq") {
      let echoes = block.drawing.nodes.dropFirst(block.own).map(\.title)
      #expect(Set(echoes).isSubset(of: ["lut", "contact"]) && echoes.count == Set(echoes).count)
    }
  }

  @Test func `gives blocks of the same shape one layout`() throws {
    let drawing = try drawing(sequences: 4)
    #expect(Set(drawing.blocks.map(\.drawing.shapeText)).count < drawing.blocks.count / 2)
    #expect(try drawing.shape != self.drawing(sequences: 3).shape)
  }

  @Test(arguments: [GraphDirection.right, .down])
  func `sets blocks side by side without overlap, about as wide and high as a screen`(
    direction: GraphDirection
  ) throws {
    let drawing = try drawing(sequences: 4, direction)
    let placed = DrawingBlock.placed(drawing.blocks, drawing.blocks.map { layout(of: $0.drawing) }, direction)
    #expect(placed.layout.boxes.count == drawing.nodes.count && placed.layout.curves.count == drawing.edges.count)
    #expect(placed.areas.map(\.title) == drawing.blocks.map(\.title))
    for (index, area) in placed.areas.enumerated() {
      for other in placed.areas.dropFirst(index + 1) {
        let isApart =
          area.x + area.width < other.x || other.x + other.width < area.x || area.y + area.height < other.y
          || other.y + other.height < area.y
        #expect(isApart, "\(area.title) and \(other.title)")
      }
    }
    let size = placed.layout.size
    #expect(direction == .right ? (1.2...2.4).contains(size.width / size.height) : size.height > size.width)
    let lut = try #require(drawing.nodes.firstIndex { $0.title == "lut" })
    #expect(placed.echoes[lut]?.count == drawing.blocks.count { $0.drawing.edges.isEmpty == false })
  }

  @Test func `without folders to cut by is cut by number`() throws {
    let nodes = (0..<40).map { index in
      Drawing.Node(
        id: "\(index)", kind: .source, title: "\(index)", detail: "", step: nil, folder: nil, within: nil, refs: [],
        opens: false)
    }
    let blocks = BlockCutting(nodes, [], .right).blocks()
    // Nothing but their order tells them apart.
    #expect(blocks.map(\.own) == [9, 9, 9, 9, 4])
    // What goes in a circle has an end, too.
    let circle = nodes.indices.map { Drawing.Edge(from: $0, to: ($0 + 1) % 40, link: "dependency", links: 1) }
    #expect(BlockCutting(nodes, circle, .right).blocks().flatMap(\.edges).count == 40)
  }
}
