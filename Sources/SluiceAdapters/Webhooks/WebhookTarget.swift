package import SluiceModel

/// Which addresses a webhook may be delivered to, so that nobody makes the server knock where only it can reach.
package enum WebhookTarget {
  /// - Parameters:
  ///   - addresses: of the URL's host, in the order of the resolver.
  ///   - listensOnLoopback: whether this server itself can be reached from this machine only. Who may speak to it then
  ///     may speak to the machine's other services too.
  /// - Returns: the addresses that may be connected to, in the same order; never empty.
  /// - Throws: `WebhookProblem`.
  package static func check(
    _ url: WebhookURL, addresses: [NetworkAddress], allowed: [WebhookAllowance], listensOnLoopback: Bool
  ) throws(WebhookProblem) -> [NetworkAddress] {
    guard let first = addresses.first else { throw WebhookProblem("'\(url.host)' has no address") }
    let admitted = addresses.filter { address in
      address.isPublic || listensOnLoopback && address.isLoopback
        || allowed.contains { $0.admits(url, at: address) }
    }
    guard !admitted.isEmpty else {
      throw WebhookProblem(
        "'\(url.host)' is \(first), which is not public; whoever runs the server may allow it with --webhook-allow")
    }
    return admitted
  }
}
