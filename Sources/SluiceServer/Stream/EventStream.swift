import FoundationEssentials
import HTTPTypes
import Hummingbird
import NIOCore
import SluiceEngine
import SluiceModel

/// Facts and progress as server-sent events: first what was missed, then what happens.
struct EventStream: Sendable {
  let services: Services
  let filter: StreamFilter

  static let lastEventID = HTTPField.Name("Last-Event-ID") ?? .eTag

  func response(after start: Int64) -> Response {
    Response(
      status: .ok, headers: [.contentType: "text/event-stream", .cacheControl: "no-store"],
      body: ResponseBody { writer in
        // Subscribed before the catch-up is read: what happens meanwhile waits in the subscription.
        let live = services.feed.subscribe()
        var place = try await catchUp(after: start, &writer)
        let chunks = withHeartbeat(live)
        for await chunk in chunks {
          switch chunk {
          case .heartbeat: try await writer.write(ByteBuffer(string: ": still here\n\n"))
          case .message(.progress(let progress)):
            try await writer.write(ByteBuffer(string: "event: progress\ndata: \(StableJSON.text(progress))\n\n"))
          case .message(.fact(let fact)):
            guard fact.position.sequence > place else { continue }
            place = fact.position.sequence
            if filter.admits(fact.envelope) { try await write(fact.envelope, fact.position, &writer) }
          }
        }
        let reason =
          services.feed.isClosed
          ? "the server stops; come back with Last-Event-ID"
          : "the reader was more than \(Limits.streamBacklog) messages behind; come back with Last-Event-ID"
        try await writer.write(ByteBuffer(string: "event: dropped\ndata: {\"reason\":\"\(reason)\"}\n\n"))
        try await writer.finish(nil)
      })
  }

  @concurrent
  private func catchUp(after start: Int64, _ writer: inout any ResponseBodyWriter) async throws -> Int64 {
    var place = start
    try await writer.write(ByteBuffer(string: "retry: 1000\n\n"))
    while true {
      let records = try await services.log.scan(after: place, limit: 200)
      if records.isEmpty { return place }
      for record in records {
        for (index, event) in try record.envelopes().enumerated() {
          let sequence = record.sequence(ofEvent: index)
          if sequence > start, filter.admits(event) {
            try await write(event, services.writer.position(sequence), &writer)
          }
        }
        place = record.last
      }
    }
  }

  @concurrent
  private func write(_ event: Envelope, _ position: Position, _ writer: inout any ResponseBodyWriter) async throws {
    try await writer.write(
      ByteBuffer(string: "id: \(position)\nevent: fact\ndata: \(position.text(with: event))\n\n"))
  }

  private enum Chunk: Sendable {
    case message(LiveMessage)
    case heartbeat
  }

  /// Merges the messages with a beat every 15 seconds, by which a dead connection is noticed.
  private func withHeartbeat(_ live: AsyncStream<LiveMessage>) -> AsyncStream<Chunk> {
    let ambient = services.ambient
    return AsyncStream(bufferingPolicy: .bufferingOldest(Limits.streamBacklog)) { continuation in
      let pump = Task {
        await withTaskGroup(of: Void.self) { group in
          group.addTask {
            for await message in live {
              if case .dropped = continuation.yield(.message(message)) { break }
            }
            continuation.finish()
          }
          group.addTask {
            while !Task.isCancelled {
              guard (try? await ambient.sleep(.seconds(15))) != nil else { return }
              continuation.yield(.heartbeat)
            }
          }
          await group.next()
          group.cancelAll()
        }
      }
      continuation.onTermination = { _ in pump.cancel() }
    }
  }
}
