import AsyncHTTPClient
import FoundationEssentials
import NIOCore
import SluiceModel

/// Reads events page by page, then follows the live stream and comes back after a broken connection.
struct EventReader {
  let client: Client

  private struct Positioned: Decodable { var position: String }

  func printAll(from: String?, filter: [(String, String?)], follow: Bool) async throws {
    var place = from
    while true {
      let response = try await client.send(.GET, "events", [("from", place), ("limit", "1000")] + filter)
      let lines = String(decoding: try await client.collect(response), as: UTF8.self).split(separator: "\n")
      for line in lines { print(line) }
      flushOutput()
      if let last = lines.last, let read = try? StableJSON.decode(Positioned.self, from: last.utf8) {
        place = read.position
      }
      if lines.count < 1_000 { break }
    }
    guard follow else { return }
    struct Health: Decodable { var position: Position }
    if place == nil {
      let health: Health = try await client.get("health")
      place = "\(health.position)"
    }
    while true {
      do {
        try await stream(filter) { sse in
          if sse.event == "fact" {
            print(sse.data)
            flushOutput()
          }
          if let id = sse.id { place = id }
          return true
        } from: {
          place
        }
      } catch let error as SluiceError where error.code == .serverUnreachable {
        Console.complain("sluice: the connection broke; trying again")
      }
      try await Machine.ambient.sleep(.seconds(1))
    }
  }

  struct Message {
    var event = "message"
    var data = ""
    var id: String?
  }

  /// Hands each message of the live stream to `take` until it returns false or the stream ends.
  func stream(
    _ filter: [(String, String?)], take: (Message) async throws -> Bool, from place: () -> String?
  ) async throws {
    let response = try await client.send(.GET, "stream", [("from", place())] + filter)
    var rest: [UInt8] = []
    var message = Message()
    do {
      for try await buffer in response.body {
        rest += buffer.readableBytesView
        while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
          let line = String(decoding: rest[..<end], as: UTF8.self)
          rest.removeSubrange(...end)
          if line.isEmpty {
            if !message.data.isEmpty, !(try await take(message)) { return }
            message = Message()
          } else if line.hasPrefix("event: ") {
            message.event = String(line.dropFirst(7))
          } else if line.hasPrefix("data: ") {
            message.data += line.dropFirst(6)
          } else if line.hasPrefix("id: ") {
            message.id = String(line.dropFirst(4))
          }
        }
      }
    } catch let error as SluiceError {
      throw error
    } catch {
      throw SluiceError(.serverUnreachable, what: "the connection broke (\(error))", at: client.base, fix: "try again")
    }
  }

}
