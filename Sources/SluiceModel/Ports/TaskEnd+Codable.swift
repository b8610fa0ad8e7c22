/// `{"how": "exited", "code": 3}`, as agents report it.
extension TaskEnd: Codable {
  private enum Key: String, CodingKey { case how, code, words, had, limit }
  private enum How: String, Codable {
    case exited, signaled, timedOut, overMemory, cancelled, notFound, failed, actionFailed, actionTimedOut
  }

  package init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: Key.self)
    switch try values.decode(How.self, forKey: .how) {
    case .exited: self = .exited(try values.decode(Int.self, forKey: .code))
    case .signaled: self = .signaled(try values.decode(Int.self, forKey: .code))
    case .timedOut: self = .timedOut
    case .overMemory:
      self = .overMemory(
        had: try values.decode(Int64.self, forKey: .had), limit: try values.decode(Int64.self, forKey: .limit))
    case .cancelled: self = .cancelled
    case .notFound: self = .notFound
    case .failed: self = .failed(try values.decode(String.self, forKey: .words))
    case .actionFailed: self = .actionFailed(try values.decode(String.self, forKey: .words))
    case .actionTimedOut: self = .actionTimedOut(try values.decode(String.self, forKey: .words))
    }
  }

  package func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: Key.self)
    switch self {
    case .exited(let code):
      try values.encode(How.exited, forKey: .how)
      try values.encode(code, forKey: .code)
    case .signaled(let signal):
      try values.encode(How.signaled, forKey: .how)
      try values.encode(signal, forKey: .code)
    case .timedOut: try values.encode(How.timedOut, forKey: .how)
    case .overMemory(let had, let limit):
      try values.encode(How.overMemory, forKey: .how)
      try values.encode(had, forKey: .had)
      try values.encode(limit, forKey: .limit)
    case .cancelled: try values.encode(How.cancelled, forKey: .how)
    case .notFound: try values.encode(How.notFound, forKey: .how)
    case .failed(let words):
      try values.encode(How.failed, forKey: .how)
      try values.encode(words, forKey: .words)
    case .actionFailed(let words):
      try values.encode(How.actionFailed, forKey: .how)
      try values.encode(words, forKey: .words)
    case .actionTimedOut(let words):
      try values.encode(How.actionTimedOut, forKey: .how)
      try values.encode(words, forKey: .words)
    }
  }
}
