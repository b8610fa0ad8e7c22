import Glibc

/// An address that a connection can go to.
package enum NetworkAddress: Sendable, Hashable {
  case v4(UInt32)
  /// Most significant half first.
  case v6(UInt64, UInt64)

  /// Reads `192.0.2.1` or `2001:db8::1`; nil for anything else, also for the shorter forms that some programs take.
  package init?(_ text: some StringProtocol) {
    let text = String(text)
    var (four, six) = (in_addr(), in6_addr())
    if inet_pton(AF_INET, text, &four) == 1 {
      self.init(four)
    } else if inet_pton(AF_INET6, text, &six) == 1 {
      self.init(six)
    } else {
      return nil
    }
  }

  init(_ address: in_addr) { self = .v4(UInt32(bigEndian: address.s_addr)) }

  init(_ address: in6_addr) {
    self = withUnsafeBytes(of: address) { bytes in
      .v6(
        UInt64(bigEndian: bytes.loadUnaligned(as: UInt64.self)),
        UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self)))
    }
  }

  /// The IPv4 address that an IPv6 one stands for: mapped (RFC 4291), NAT64 (RFC 6052), 6to4 (RFC 3056); else itself.
  package var meant: NetworkAddress {
    guard case .v6(let high, let low) = self else { return self }
    if high == 0, low >> 32 == 0xFFFF { return .v4(UInt32(truncatingIfNeeded: low)) }
    if high == 0x0064_FF9B_0000_0000, low >> 32 == 0 { return .v4(UInt32(truncatingIfNeeded: low)) }
    if high >> 48 == 0x2002 { return .v4(UInt32(truncatingIfNeeded: high >> 16)) }
    return self
  }

  /// Whether it is this machine; also where an IPv4 address is written as an IPv6 one.
  package var isLoopback: Bool {
    switch self {
    case .v4(let address): address >> 24 == 127
    case .v6(let high, let low): high == 0 && (low == 1 || low >> 24 == 0xFFFF7F)
    }
  }

  /// Whether it is an address of the public internet, and no service of a cloud's own machines.
  /// Source: IANA special-purpose address registries (RFC 6890 and its updates).
  package var isPublic: Bool {
    switch meant {
    case .v4: !NetworkAddress.special4.contains { $0.contains(meant) }
    case .v6(let high, _): high >> 61 == 0b001 && !NetworkAddress.special6.contains { $0.contains(self) }
    }
  }

  private static func networks(_ texts: String...) -> [Network] {
    texts.map { text in
      guard let network = Network(text) else { preconditionFailure("\(text) is a network") }
      return network
    }
  }

  /// The last one is where a cloud's virtual machines ask for their secrets; link-local addresses are that elsewhere.
  private static let special4 = networks(
    "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
    "192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24", "192.168.0.0/16", "192.175.48.0/24",
    "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4", "168.63.129.16/32")

  /// Of 2000::/3; nothing outside of that is public.
  private static let special6 = networks(
    "2001::/23", "2001:db8::/32", "2620:4f:8000::/48", "3fff::/20")

  /// A network: the addresses that begin with the same bits.
  package struct Network: Sendable, Hashable {
    package let address: NetworkAddress
    package let bits: Int

    package init(only address: NetworkAddress) { (self.address, bits) = (address, address.width) }

    /// Reads `10.0.0.0/8`.
    package init?(_ text: some StringProtocol) {
      let parts = text.split(separator: "/", omittingEmptySubsequences: false)
      guard parts.count == 2, let address = NetworkAddress(parts[0]), let bits = Int(parts[1]),
        (0...address.width).contains(bits)
      else { return nil }
      (self.address, self.bits) = (address, bits)
    }

    package func contains(_ other: NetworkAddress) -> Bool {
      switch (address, other) {
      case (.v4(let own), .v4(let other)): bits == 0 || (own ^ other) >> (32 - bits) == 0
      case (.v6(let high, let low), .v6(let otherHigh, let otherLow)):
        Self.agree(high, otherHigh, bits) && Self.agree(low, otherLow, bits - 64)
      default: false
      }
    }

    private static func agree(_ own: UInt64, _ other: UInt64, _ bits: Int) -> Bool {
      bits <= 0 || (own ^ other) >> UInt64(64 - min(64, bits)) == 0
    }
  }

  private var width: Int { if case .v4 = self { 32 } else { 128 } }
}

extension NetworkAddress: CustomStringConvertible {
  /// As `init` reads it.
  package var description: String {
    switch self {
    case .v4(let address):
      return (0..<4).map { "\(address >> UInt32(24 - 8 * $0) & 0xFF)" }.joined(separator: ".")
    case .v6(let high, let low):
      return [high, low].flatMap { half in
        (0..<4).map { String(half >> UInt64(48 - 16 * $0) & 0xFFFF, radix: 16) }
      }.joined(separator: ":")
    }
  }
}
