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
      let filter = try StreamFilter(request)
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
      let filter = try StreamFilter(request)
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
  private func page(after start: Int64, _ limit: Int, _ filter: StreamFilter) async throws -> [String] {
    var lines: [String] = []
    var place = start
    while lines.count < limit {
      let records = try await services.log.scan(after: place, limit: 500)
      if records.isEmpty { break }
      for record in records {
        for (index, event) in try record.envelopes().enumerated() {
          let sequence = record.sequence(ofEvent: index)
          if sequence > start, lines.count < limit, filter.admits(event) {
            lines.append(services.writer.position(sequence).text(with: event))
          }
        }
        place = record.last
      }
    }
    return lines
  }

  /// The newest events, oldest of them first.
  private func newest(_ count: Int, _ filter: StreamFilter) async throws -> [String] {
    var window: Int64 = Int64(count) * 4
    let head = services.writer.current.sequence
    while true {
      let lines = try await page(after: max(0, head - window), .max, filter)
      if lines.count >= count || window >= head { return Array(lines.suffix(count)) }
      window *= 8
    }
  }
}

/// Which events somebody wants to see: by type, project, what they are about, and a CESQL expression.
struct StreamFilter: Sendable {
  private let filter: EventFilter
  private let project: String?
  private let reference: String?

  /// - Throws: `filter.syntax`.
  init(_ request: Request) throws(SluiceError) {
    let types = request.uri.queryParameters.getAll("type").map { String($0) }
    filter = try EventFilter(types: types, expression: request.value("where"))
    project = request.value("project")
    reference = request.value("ref")
  }

  func admits(_ event: Envelope) -> Bool {
    if let project, event.text("project") != project { return false }
    if let reference {
      let place = event.text("product") ?? "\(event.text("project") ?? "")/\(event.text("folder") ?? "")"
      guard place == reference || place.hasPrefix(reference + "/") else { return false }
    }
    return filter.admits(event)
  }
}

extension Position {
  /// An event as it goes out: a CloudEvent with its position as an extension attribute.
  func text(with event: Envelope) -> String {
    String(decoding: event.adding([("position", .string(description))]), as: UTF8.self)
  }
}
