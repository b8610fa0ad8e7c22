import FoundationEssentials
import HTTPTypes
import Hummingbird
import NIOCore
import SluiceEngine
import SluiceGraph
import SluiceModel

extension API {
  func addEvents(to api: RouterGroup<SluiceContext>) {
    api.get("events") { request, _ in
      let filter = try EventFilter(request)
      let limit = min(Limits.eventsPerPage, max(1, Int(request.value("limit") ?? "") ?? Limits.eventsPerPage))
      let lines: [String]
      if let count = request.value("last").flatMap({ Int($0) }) {
        lines = try await newest(min(Limits.eventsPerPage, max(1, count)), filter)
      } else {
        lines = try await page(after: try start(request), limit, filter)
      }
      return Response(
        status: .ok, headers: [.contentType: "application/x-ndjson"],
        body: ResponseBody(byteBuffer: ByteBuffer(string: lines.map { $0 + "\n" }.joined())))
    }
    api.get("stream") { request, _ in
      let filter = try EventFilter(request)
      let from: Int64
      if let id = request.headers[EventStream.lastEventID] ?? request.value("from") {
        from = try position(id).sequence
      } else {
        from = services.writer.current.sequence
      }
      return EventStream(services: services, filter: filter).response(after: from)
    }
  }

  private func start(_ request: Request) throws(SluiceError) -> Int64 {
    guard let text = request.value("from") else { return 0 }
    return try position(text).sequence
  }

  func position(_ text: String) throws(SluiceError) -> Position {
    if let position = Position(text), position.site == services.writer.site,
      position.sequence <= services.writer.current.sequence
    {
      return position
    }
    throw SluiceError(
      .usage, what: "'\(NameRule.printable(text))' is no position of this server", at: "from",
      fix: "use a position that an earlier answer carried, such as \(services.writer.site):0")
  }

  /// Events after a place, oldest first.
  private func page(after start: Int64, _ limit: Int, _ filter: EventFilter) async throws -> [String] {
    var lines: [String] = []
    var place = start
    while lines.count < limit {
      let records = try await services.log.read(after: place, limit: 500)
      if records.isEmpty { break }
      for stored in records {
        for (index, event) in stored.record.events.enumerated() {
          let sequence = stored.sequence(ofEvent: index)
          if sequence > start, lines.count < limit, filter.admits(event) {
            lines.append(PositionedEvent.text(event, services.writer.position(sequence)))
          }
        }
        place = stored.last
      }
    }
    return lines
  }

  /// The newest events, oldest of them first.
  private func newest(_ count: Int, _ filter: EventFilter) async throws -> [String] {
    var window: Int64 = Int64(count) * 4
    let head = services.writer.current.sequence
    while true {
      let lines = try await page(after: max(0, head - window), .max, filter)
      if lines.count >= count || window >= head { return Array(lines.suffix(count)) }
      window *= 8
    }
  }
}

/// Which events somebody wants to see.
struct EventFilter: Sendable {
  let type: Glob?
  let project: String?
  let reference: String?

  init(_ request: Request) throws(SluiceError) {
    // `*` spans the dots of a type's name, as people expect of `sluice.run.*`.
    type = request.value("type").map { Glob($0, separator: "/") }
    project = request.value("project")
    reference = request.value("ref")
  }

  func admits(_ event: Event) -> Bool {
    if let type, !type.matches(event.fact.type) { return false }
    if let project, event.project?.description != project { return false }
    guard let reference else { return true }
    let place = event.product?.description ?? "\(event.project?.description ?? "")/\(event.folder?.description ?? "")"
    return place == reference || place.hasPrefix(reference + "/")
  }
}

/// An event as it goes out: a CloudEvent with its position as an extension attribute.
enum PositionedEvent {
  static func text(_ event: Event, _ position: Position) -> String {
    // The envelope is an object, so the attribute can stand first without reading it again.
    "{\"position\":\"\(position)\"," + String(decoding: event.json.dropFirst(), as: UTF8.self)
  }
}
