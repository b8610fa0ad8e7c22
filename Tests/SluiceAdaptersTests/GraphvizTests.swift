import Foundation
import SluiceModel
import Synchronization
import Testing

@testable import SluiceAdapters

@Suite(.timeLimit(.minutes(1))) struct `Layouts by Graphviz` {
  private let folder: String

  init() throws {
    folder = NSTemporaryDirectory() + "sluice-test-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
  }

  /// - Parameter wait: what stands for the time that a layout may take.
  private func graphviz(
    _ program: String = "dot", most: Int = 8, seconds: @escaping @Sendable () -> Double = { 0 },
    wait: @escaping @Sendable () async throws -> Void = { try await forever() }
  ) -> Graphviz {
    Graphviz(
      environment: ["PATH": "\(folder):/usr/bin:/bin"],
      ambient: Ambient(
        now: { Date(timeIntervalSince1970: seconds()) }, uptime: { .zero }, random: { 7 },
        sleep: { _ in try await wait() }), program: program, most: most)
  }

  private static func forever() async throws {
    let (silence, _) = AsyncStream<Void>.makeStream()
    for await _ in silence {}
    try Task.checkCancellation()
  }

  /// A stand-in for `dot` that writes a line into `calls` each time.
  private func standIn(_ script: String) throws -> String {
    let path = folder + "/stand-in"
    try "#!/bin/sh\necho called >> '\(folder)/calls'\n\(script)\n".write(
      toFile: path, atomically: true, encoding: .utf8)
    try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path)
    return path
  }

  private var calls: Int {
    let text = FileManager.default.contents(atPath: folder + "/calls").map { String(decoding: $0, as: UTF8.self) }
    return text?.split(separator: "\n").count ?? 0
  }

  private static let answer = #"""
    {"bb": "0,0,200,100", "objects": [{"name": "n0", "pos": "50,80", "width": "1", "height": "0.5"}],
    "edges": [{"id": "e0", "pos": "e,90,10 50,80 60,70 70,60 80,20"}]}
    """#

  @Test func `turns inches and a y that grows upwards into points and a y that grows downwards`() throws {
    let layout = try #require(DotJSON.layout(Self.answer))
    #expect(layout.size == GraphSize(width: 200, height: 100))
    #expect(layout.boxes == [0: GraphBox(x: 50, y: 20, width: 72, height: 36)])
    #expect(layout.curves == [0: GraphCurve(points: [50, 20, 60, 30, 70, 40, 80, 80], tip: [90, 90])])
  }

  @Test(arguments: ["", "{}", "[1]", #"{"bb": "0,0,nan,1"}"#, #"{"bb": "0,0,9,9", "objects": [{"name": "n0"}]}"#])
  func `takes nothing else for a layout`(text: String) { #expect(DotJSON.layout(text) == nil) }

  @Test func `lays out one shape once`() async throws {
    let graphviz = graphviz(try standIn("cat > /dev/null; cat <<'END'\n\(Self.answer)\nEND"))
    let (first, again) = (try await graphviz.layout(of: "digraph {a}"), try await graphviz.layout(of: "digraph {a}"))
    #expect(first == again)
    #expect(calls == 1)
    _ = try await graphviz.layout(of: "digraph {b}")
    #expect(calls == 2)
  }

  @Test func `lays out one shape once for many who ask at the same moment`() async throws {
    let graphviz = graphviz(try standIn("cat > /dev/null; cat <<'END'\n\(Self.answer)\nEND"))
    await withTaskGroup(of: Void.self) { group in
      for _ in 0..<12 { group.addTask { _ = try? await graphviz.layout(of: "digraph {a}") } }
    }
    #expect(calls == 1)
  }

  @Test func `forgets the shape that was asked for longest ago`() async throws {
    let graphviz = graphviz(try standIn("cat > /dev/null; cat <<'END'\n\(Self.answer)\nEND"), most: 2)
    for name in ["a", "b", "a", "c"] { _ = try await graphviz.layout(of: name) }
    #expect(calls == 3)
    _ = try await graphviz.layout(of: "a")
    #expect(calls == 3)
    _ = try await graphviz.layout(of: "b")
    #expect(calls == 4)
  }

  @Test func `ends what takes too long`() async throws {
    let graphviz = graphviz(try standIn("sleep 600"), wait: {})
    let error = await #expect(throws: SluiceError.self) { try await graphviz.layout(of: "digraph {}") }
    #expect(error?.code == .graphDotFailed)
    #expect(error?.what.contains("10 s") == true)
  }

  @Test func `does not try at once again what failed, but later`() async throws {
    let clock = Clock()
    let graphviz = graphviz(try standIn("cat > /dev/null; exit 3"), seconds: { clock.seconds })
    for _ in 0..<3 { await #expect(throws: SluiceError.self) { try await graphviz.layout(of: "digraph {}") } }
    #expect(calls == 1)
    clock.seconds = Double(Limits.graphRetrySeconds)
    await #expect(throws: SluiceError.self) { try await graphviz.layout(of: "digraph {}") }
    #expect(calls == 2)
  }

  @Test func `says how it is installed where it is not`() async throws {
    let error = await #expect(throws: SluiceError.self) {
      try await graphviz("no-such-dot").layout(of: "digraph {}")
    }
    #expect(error?.code == .graphDotMissing)
    #expect(error?.fix.contains("apt install graphviz") == true)
  }

  private static let isInstalled = Program.path(of: "dot", environment: ["PATH": "/usr/bin:/bin"]) != nil

  @Test(.enabled(if: isInstalled)) func `itself places nodes in the order of their links`() async throws {
    let layout = try await graphviz().layout(
      of: "digraph { rankdir=LR; node [shape=box, label=\"\"] n0; n1; n0 -> n1 [id=e0] }")
    let (first, second) = (try #require(layout.boxes[0]), try #require(layout.boxes[1]))
    #expect(first.x < second.x)
    #expect(layout.curves[0]?.points.count ?? 0 >= 8)
  }
}

/// Time that a test sets.
private final class Clock: Sendable {
  private let value = Mutex(0.0)
  var seconds: Double {
    get { value.withLock { $0 } }
    set { value.withLock { $0 = newValue } }
  }
}
