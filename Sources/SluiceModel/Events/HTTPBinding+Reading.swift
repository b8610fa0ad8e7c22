extension HTTPBinding {
  /// What a request brought.
  package enum Incoming: Sendable, Equatable {
    case one(Arrival)
    /// Of a batch, in its order.
    case many([Arrival])
  }

  /// An event, or why there is none; what its identity is stays known where it can be read.
  package struct Arrival: Sendable, Equatable {
    package let id: String?
    package let source: String?
    package let event: Result<CloudEvent, EnvelopeProblem>

    package init(_ event: CloudEvent) {
      func text(_ name: String) -> String? {
        guard case .string(let text)? = event[name] else { return nil }
        return text
      }
      (id, source, self.event) = (text("id"), text("source"), .success(event))
    }

    package init(_ problem: EnvelopeProblem, id: String? = nil, source: String? = nil) {
      (self.id, self.source, event) = (id, source, .failure(problem))
    }

    init(_ envelope: Envelope) {
      do throws(EnvelopeProblem) {
        self.init(try CloudEvent(envelope))
      } catch {
        self.init(error, id: envelope.text("id"), source: envelope.text("source"))
      }
    }
  }

  /// Why a request carries no events.
  package enum ReadingProblem: Error, Sendable, Equatable {
    /// Neither of the three ways.
    case mode(String)
    case broken(EnvelopeProblem)
  }

  /// Reads a request: structured, batch, or binary where headers say `ce-…`.
  package static func read(_ headers: some Sequence<Header>, body: [UInt8]) throws(ReadingProblem) -> Incoming {
    var contentType: String?
    var prefixed: [Header] = []
    for header in headers {
      if header.name == "content-type" {
        contentType = header.value
      } else if header.name.hasPrefix(prefix) {
        prefixed.append(header)
      }
    }
    if let type = contentType.flatMap({ MediaType($0) }), type.essence.hasPrefix("application/cloudevents") {
      guard type.isUTF8 else { throw .mode("events in JSON are UTF-8, not \(NameRule.printable(type.charset ?? ""))") }
      switch type.essence {
      case structuredType: return .one(try structured(body))
      case batchType: return .many(try batch(body))
      default: throw .mode("the event format '\(NameRule.printable(type.essence))' is not understood")
      }
    }
    guard !prefixed.isEmpty else {
      throw .mode("the request has neither the headers of an event nor the Content-Type of one")
    }
    return .one(binary(prefixed, contentType: contentType, body: body))
  }

  private static func structured(_ body: [UInt8]) throws(ReadingProblem) -> Arrival {
    do throws(EnvelopeProblem) {
      return Arrival(try Envelope(body, depthLimit: Limits.eventDepth))
    } catch {
      throw .broken(error)
    }
  }

  private static func batch(_ body: [UInt8]) throws(ReadingProblem) -> [Arrival] {
    do throws(EnvelopeProblem) {
      let elements = try Envelope.list(body, limit: Limits.eventsPerBatch, depthLimit: Limits.eventDepth)
      return elements.map { element in
        switch element {
        case .success(let envelope): Arrival(envelope)
        case .failure(let problem): Arrival(problem)
        }
      }
    } catch {
      throw .broken(error)
    }
  }

  private static func binary(_ headers: [Header], contentType: String?, body: [UInt8]) -> Arrival {
    var attributes: [CloudEvent.Attribute] = []
    var problem: EnvelopeProblem?
    if headers.count > Limits.eventAttributes {
      return Arrival(EnvelopeProblem("more than \(Limits.eventAttributes) attributes"))
    }
    for header in headers {
      let name = String(header.name.dropFirst(prefix.count))
      guard let text = decoded(header.value) else {
        problem = EnvelopeProblem("the header '\(header.name)' is not percent-encoded UTF-8")
        continue
      }
      if attributes.contains(where: { $0.name == name }) {
        problem = EnvelopeProblem("the header '\(header.name)' stands twice")
      } else if name == "datacontenttype" {
        problem = EnvelopeProblem("the type of the data stands in the header 'content-type'")
      } else {
        attributes.append(CloudEvent.Attribute(name: name, value: .string(text)))
      }
    }
    if let contentType { attributes.append(.init(name: "datacontenttype", value: .string(contentType))) }
    let known = Arrival(CloudEvent(attributes: attributes, content: .none))
    do throws(EnvelopeProblem) {
      if let problem { throw problem }
      return Arrival(CloudEvent(attributes: attributes, content: try Content(body: body, contentType: contentType)))
    } catch {
      return Arrival(error, id: known.id, source: known.source)
    }
  }
}
