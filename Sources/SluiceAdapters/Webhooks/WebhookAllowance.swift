package import SluiceModel

/// What the server's configuration allows beyond the public internet: a host by its name, or a network.
package enum WebhookAllowance: Sendable, Hashable {
  /// Whatever addresses it has; nil is any port.
  case host(String, port: Int?)
  case network(NetworkAddress.Network, port: Int?)

  /// Reads `hooks.studio.lan`, `hooks.studio.lan:8080`, `10.1.2.3`, `10.1.2.3:8080`, `[fd00::1]:8080`, `10.0.0.0/8`.
  /// - Throws: `usage`.
  package init(_ text: String) throws(SluiceError) {
    if let network = NetworkAddress.Network(text) {
      self = .network(network, port: nil)
      return
    }
    if let address = NetworkAddress(text) {
      self = .network(NetworkAddress.Network(only: address), port: nil)
      return
    }
    let hasPort = text.hasPrefix("[") ? !text.hasSuffix("]") : text.contains(":")
    do throws(WebhookProblem) {
      guard !text.contains("/"), !text.contains("?") else { throw WebhookProblem("it has a path") }
      let url = try WebhookURL("http://\(text)/")
      let port = hasPort ? url.port : nil
      if let address = NetworkAddress(url.host) {
        self = .network(NetworkAddress.Network(only: address), port: port)
      } else {
        self = .host(WebhookAllowance.name(url.host), port: port)
      }
    } catch {
      throw SluiceError(
        .usage, what: "'\(NameRule.printable(text))' names no host and no network: \(error)", at: "--webhook-allow",
        fix: "write HOST, HOST:PORT, or a network such as 10.0.0.0/8")
    }
  }

  func admits(_ url: WebhookURL, at address: NetworkAddress) -> Bool {
    switch self {
    case .host(let name, let port): name == WebhookAllowance.name(url.host) && (port ?? url.port) == url.port
    case .network(let network, let port):
      (network.contains(address) || network.contains(address.meant)) && (port ?? url.port) == url.port
    }
  }

  /// A name with a dot at its end is the same name.
  private static func name(_ host: String) -> String { host.hasSuffix(".") ? String(host.dropLast()) : host }
}
