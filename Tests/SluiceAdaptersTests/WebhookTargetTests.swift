import SluiceModel
import Testing

@testable import SluiceAdapters

/// The addresses that a target may be reached at, as text; empty where it is refused.
private func admitted(
  _ url: String, _ addresses: [String], _ allowed: [String] = [], loopback: Bool = false
) throws -> [String] {
  let found = try? WebhookTarget.check(
    try WebhookURL(url), addresses: addresses.map { try #require(NetworkAddress($0)) },
    allowed: allowed.map { try WebhookAllowance($0) }, listensOnLoopback: loopback)
  return (found ?? []).map(\.description)
}

private func admitted(_ addresses: [String], loopback: Bool = false) throws -> [String] {
  try admitted("http://hooks.example.com/", addresses, loopback: loopback)
}

@Suite struct `A webhook's target` {
  @Test(arguments: [
    "93.184.216.34", "8.8.8.8", "1.1.1.1", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0",
    "126.255.255.255",
    "128.0.0.1", "169.253.255.255", "172.15.255.255", "172.32.0.0", "192.167.0.1", "198.17.255.255", "223.255.255.255",
    "168.63.129.15", "2606:4700::1111", "2001:4860:4860::8888", "2a00:1450::1", "::ffff:8.8.8.8", "64:ff9b::8.8.8.8",
    "2002:808:808::1",
  ])
  func `on the public internet is admitted`(address: String) throws {
    #expect(try admitted([address]).count == 1)
  }

  @Test(arguments: [
    // This machine and this network
    "127.0.0.1", "127.255.255.254", "::1", "0.0.0.0", "0.1.2.3", "::",
    // Private
    "10.0.0.1", "10.255.255.255", "172.16.0.1", "172.31.255.255", "192.168.1.1", "100.64.0.1", "100.127.255.255",
    "fc00::1",
    "fd12:3456::1", "fdff:ffff::1", "fec0::1",
    // Link-local, and where clouds keep secrets
    "169.254.0.1", "169.254.169.254", "fe80::1", "febf::1", "fd00:ec2::254", "100.100.100.200", "192.0.0.192",
    "168.63.129.16",
    // Multicast, broadcast, kept for documents and tests
    "224.0.0.1", "239.255.255.255", "255.255.255.255", "240.0.0.1", "ff02::1", "192.0.2.1", "198.51.100.7",
    "203.0.113.9",
    "198.18.0.1", "2001:db8::1", "3fff::1", "100::1", "5f00::1", "4000::1",
    // The same in other clothes
    "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "::127.0.0.1", "::10.0.0.1", "64:ff9b::127.0.0.1",
    "64:ff9b::169.254.169.254", "64:ff9b::10.0.0.1", "64:ff9b:1::1", "2002:7f00:1::", "2002:a9fe:a9fe::1",
    "2002:a00:1::",
    "2001::1", "2001:0:53aa:64c:0:7a7b:80ff:fffe", "::ffff:0:127.0.0.1",
  ])
  func `anywhere else is refused`(address: String) throws {
    #expect(try admitted([address]) == [])
    #expect(try admitted("http://[::1]/", [address]) == [])
  }

  @Test(arguments: ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"])
  func `on this machine is admitted while only this machine reaches the server`(address: String) throws {
    #expect(try admitted([address], loopback: true).count == 1)
  }

  @Test(arguments: [
    "0.0.0.0", "10.0.0.1", "169.254.169.254", "::", "64:ff9b::127.0.0.1", "2002:7f00:1::", "::127.0.0.1",
  ])
  func `elsewhere is not, whatever the server listens on`(address: String) throws {
    #expect(try admitted([address], loopback: true) == [])
  }

  @Test func `keeps the addresses that are admitted, in their order`() throws {
    #expect(try admitted(["10.0.0.1", "8.8.8.8", "::1", "1.1.1.1"]) == ["8.8.8.8", "1.1.1.1"])
    #expect(try admitted([]) == [])
  }

  @Test(arguments: [
    ("hooks.example.com", "http://hooks.example.com/", "10.1.2.3"),
    ("Hooks.Example.com.", "https://hooks.example.com/", "::1"),
    ("hooks.example.com:8080", "http://hooks.example.com:8080/", "10.1.2.3"), ("10.0.0.0/8", "http://x/", "10.1.2.3"),
    ("10.1.2.3", "http://x:99/", "10.1.2.3"), ("10.1.2.3:99", "http://x:99/", "10.1.2.3"),
    ("0.0.0.0/0", "http://x/", "10.1.2.3"),
    ("fd00::/8", "http://x/", "fd12::1"), ("[fd00::1]", "http://x/", "fd00::1"),
    ("[fd00::1]:80", "http://x/", "fd00::1"),
    ("fd00::1", "http://x/", "fd00::1"), ("10.0.0.0/8", "http://x/", "::ffff:10.1.2.3"), ("::/0", "http://x/", "::1"),
    ("169.254.169.254", "http://x/", "169.254.169.254"),
  ])
  func `that the configuration names is admitted`(allowance: String, url: String, address: String) throws {
    #expect(try admitted(url, [address]) == [])
    #expect(try admitted(url, [address], ["192.0.2.0/24", allowance]).count == 1)
  }

  @Test(arguments: [
    ("hooks.example.com:8080", "http://hooks.example.com/", "10.1.2.3"),
    ("hooks.example.com", "http://x.hooks.example.com/", "10.1.2.3"),
    ("example.com", "http://hooks.example.com/", "10.1.2.3"), ("10.0.0.0/8", "http://x/", "11.0.0.1"),
    ("10.0.0.0/8", "http://x/", "127.0.0.1"), ("10.1.2.3:99", "http://x/", "10.1.2.3"),
    ("10.1.2.3", "http://10.1.2.3/", "10.1.2.4"),
    ("fd00::/16", "http://x/", "fd01::1"), ("fd00::/8", "http://x/", "10.1.2.3"), ("0.0.0.0/0", "http://x/", "::1"),
  ])
  func `that it does not name stays refused`(allowance: String, url: String, address: String) throws {
    #expect(try admitted(url, [address], [allowance]).filter { !$0.hasPrefix("11.") } == [])
  }

  @Test func `that is refused says which address, and who can help`() throws {
    let problem = #expect(throws: WebhookProblem.self) {
      try WebhookTarget.check(
        WebhookURL("http://intra/"), addresses: [.v4(0x0A00_0001)], allowed: [], listensOnLoopback: true)
    }
    #expect(
      problem?.description.contains("10.0.0.1") == true && problem?.description.contains("--webhook-allow") == true)
  }
}

@Suite struct `An allowance for webhooks` {
  @Test(arguments: [
    "", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0/8", "fd00::/129", "http://h", "h/x", "h:0", "h:99999", "h:x", "user@h",
    "[::1",
    "a b", "10.0.0.0/8:80", "*",
  ])
  func `is refused for what names nothing`(text: String) {
    let error = #expect(throws: SluiceError.self) { try WebhookAllowance(text) }
    #expect(error?.code == .usage)
  }
}

@Suite struct `A network address` {
  @Test(arguments: ["0.0.0.0", "255.255.255.255", "::", "::1", "2001:db8::ff00:42:8329", "fe80::1", "::ffff:1.2.3.4"])
  func `is read as it is written`(text: String) throws {
    let address = try #require(NetworkAddress(text))
    #expect(NetworkAddress(address.description) == address)
  }

  @Test(arguments: [
    "", "127.1", "2130706433", "0x7f.0.0.1", "0177.0.0.1", "1.2.3.4.5", "256.0.0.1", "1.2.3", "[::1]", "fe80::1%lo",
    ":::", "h",
  ])
  func `has one form only`(text: String) {
    #expect(NetworkAddress(text) == nil)
  }
}

@Suite struct `Retry-After` {
  private let now = Timestamp.date("1994-11-06T08:49:00.000Z")

  @Test(arguments: [
    ("0", 0), ("120", 120), ("Sun, 06 Nov 1994 08:49:37 GMT", 37), ("Sun, 06 Nov 1994 08:48:37 GMT", 0),
    ("999999999999999999999999", Limits.webhookRetryAfterSeconds),
    ("Fri, 06 Nov 2094 08:49:37 GMT", Limits.webhookRetryAfterSeconds),
  ])
  func `is seconds or a date`(value: String, seconds: Int) throws {
    #expect(RetryAfter.seconds(value, now: try #require(now)) == seconds)
  }

  @Test(arguments: [
    "", "-1", "1.5", "soon", "Sun, 06 Xyz 1994 08:49:37 GMT", "Sun, 6 Nov 1994 08:49:37 GMT",
    "06 Nov 1994 08:49:37 GMT", "Sun, 31 Feb 1994 08:49:37 GMT",
  ])
  func `is nothing else`(value: String) throws {
    #expect(RetryAfter.seconds(value, now: try #require(now)) == nil)
  }
}
