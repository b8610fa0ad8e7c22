import Glibc
import NIOPosix
import SluiceModel
import Synchronization

/// Asks the system which addresses a name has; what it does not answer in time is given up.
final class NameResolver: Sendable {
  /// A resolver that hangs holds a thread; so it has some of its own.
  private let threads = NIOThreadPool(numberOfThreads: 4)

  init() { threads.start() }
  deinit { threads.shutdownGracefully { _ in } }

  /// - Throws: `WebhookProblem`, or `CancellationError`.
  func addresses(of host: String) async throws -> [NetworkAddress] {
    if let address = NetworkAddress(host) { return [address] }
    let answer = Answer()
    return try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        guard answer.expect(continuation) else { return }
        threads.submit { state in
          guard case .active = state else { return answer.give(.failure(CancellationError())) }
          answer.give(Result { try NameResolver.look(up: host) })
        }
      }
    } onCancel: {
      answer.give(.failure(CancellationError()))
    }
  }

  private static func look(up host: String) throws(WebhookProblem) -> [NetworkAddress] {
    var hints = addrinfo()
    hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    var list: UnsafeMutablePointer<addrinfo>?
    let status = getaddrinfo(host, nil, &hints, &list)
    guard status == 0 else {
      throw WebhookProblem("'\(host)' is not known (\(String(cString: gai_strerror(status))))")
    }
    defer { freeaddrinfo(list) }
    var found: [NetworkAddress] = []
    var next = list
    while let entry = next?.pointee {
      next = entry.ai_next
      guard let bytes = entry.ai_addr else { continue }
      let raw = UnsafeRawPointer(bytes)
      let address: NetworkAddress
      switch entry.ai_family {
      case AF_INET: address = NetworkAddress(raw.loadUnaligned(as: sockaddr_in.self).sin_addr)
      case AF_INET6: address = NetworkAddress(raw.loadUnaligned(as: sockaddr_in6.self).sin6_addr)
      default: continue
      }
      if !found.contains(address) { found.append(address) }
    }
    return found
  }
}

/// One answer, or the word that nobody waits any more, whichever comes first.
private final class Answer: Sendable {
  private enum State {
    case new
    case expected(CheckedContinuation<[NetworkAddress], any Error>)
    case given
  }
  private let state = Mutex(State.new)

  /// - Returns: false where it was given up before; then the continuation has been resumed.
  func expect(_ continuation: CheckedContinuation<[NetworkAddress], any Error>) -> Bool {
    let isNew = state.withLock { state in
      guard case .new = state else { return false }
      state = .expected(continuation)
      return true
    }
    if !isNew { continuation.resume(throwing: CancellationError()) }
    return isNew
  }

  func give(_ result: Result<[NetworkAddress], any Error>) {
    let waiting = state.withLock { state in
      defer { state = .given }
      if case .expected(let continuation) = state { return Optional(continuation) }
      return nil
    }
    waiting?.resume(with: result)
  }
}
