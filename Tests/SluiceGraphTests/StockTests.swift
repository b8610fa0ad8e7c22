import FoundationEssentials
import SluiceModel
import SluiceTestKit
import Testing

@testable import SluiceGraph

@Suite struct `The products of a project` {
  static let seeds = Array(UInt64(0)..<40)

  @Test func `come back as they were put in, in any order`() throws {
    for seed in Self.seeds {
      var random = try RandomShow(seed: seed)
      for _ in 0..<10 { try random.happen() }
      let project = random.show.project
      var stock = Stock(project: project.name)
      let (products, versions) = (project.products.values, project.versions.values)
      for version in seed % 2 == 0 ? versions : versions.reversed() { stock.set(version, at: version.address) }
      for product in products { stock.set(product, at: product.ref) }
      for version in versions { #expect(stock.version(version.address) == version, "seed \(seed)") }
      for product in products { #expect(stock.product(product.ref) == product, "seed \(seed)") }
      #expect(Set(stock.productRefs) == Set(products.map(\.ref)), "seed \(seed)")
      #expect(stock.wholeCount == 0, "seed \(seed)")
    }
  }

  @Test func `change and go again`() throws {
    let show = try Show.made(frames: 1001...1004)
    var stock = show.project.stock
    let before = stock
    let version = try #require(show.project.versions.values.first { $0.published.made != nil })
    var other = version
    other.number = 7
    other.published.note = "a note"
    other.published.madeFrom.append(contentsOf: version.published.madeFrom)
    stock.set(other, at: version.address)
    #expect(stock.version(version.address) == other)
    #expect(before.version(version.address) == version)
    #expect(stock != before)
    stock.set(version, at: version.address)
    #expect(stock == before)
    stock.set(nil as Version?, at: version.address)
    #expect(stock.version(version.address) == nil)
    #expect(stock.addresses.count == before.addresses.count - 1)
  }

  @Test func `of one folder may be thousands`() throws {
    var show = try Show.made(frames: 1001...1002)
    let before = show.project.products.keys.count
    let lut = try show.ref("look/show_lut")
    for number in 0..<300 { try show.publish("crowd/p\(number)", file: "of \(number)") }
    var stock = show.project.stock
    for number in 0..<300 {
      let ref = try show.ref("crowd/p\(number)")
      let product = try #require(stock.product(ref))
      #expect(product.versions.count == 1)
      #expect(stock.version(VersionAddress(product: ref, version: product.versions[0]))?.address.product == ref)
      stock.add(user: ref, of: lut)
      stock.add(user: lut, of: ref)
      stock.add(user: try show.ref("crowd/p0"), of: ref)
    }
    #expect(stock.productRefs.count == before + 300)
    #expect(stock.shelves(ofFolder: try FolderPath("crowd")).count > 1)
    #expect(stock.users(of: lut)?.count { $0.folder.description == "crowd" } == 300)
    #expect(stock.users(of: try show.ref("crowd/p17")) == [lut, try show.ref("crowd/p0")])
  }

  @Test func `have ids that are no numbers, too`() throws {
    let show = try Show.made(frames: 1001...1002)
    var stock = show.project.stock
    for (event, run) in [("e", "r-1"), ("0195F000-0000-7000-8000-00000000000A", "r-0123456789aB"), ("", "")] {
      var version = try #require(show.project.versions.values.first { $0.published.made != nil })
      (version.event, version.cause) = (EventID(event), EventID(event))
      version.published.made?.run = RunID(run)
      stock.set(version, at: version.address)
      #expect(stock.version(version.address) == version)
    }
    #expect(stock.wholeCount == 0)
    var odd = try #require(show.project.versions.values.first)
    odd.number = Int(Int32.max) + 1
    stock.set(odd, at: odd.address)
    #expect(stock.version(odd.address) == odd)
    #expect(stock.wholeCount == 1)
  }

  @Test func `say an input on their shelf by its number, and keep what it was when that changes`() throws {
    let show = try Show.made(frames: 1001...1004)
    var stock = show.project.stock
    let all = show.project.versions.values
    let made = try #require(
      all.first { version in
        version.published.madeFrom.contains { $0.product.folder == version.address.product.folder }
      })
    let shelf = try #require(stock.shelf(of: made.address.product))
    #expect(shelf.used.contains { $0 >= 0 })
    #expect(shelf.distant.count < shelf.used.count)
    let used = try #require(
      made.published.madeFrom.first { $0.product.folder == made.address.product.folder })
    let address = VersionAddress(product: used.product, version: used.version)
    var source = try #require(stock.version(address))
    source.published.representations[0].content = Digest.of("something else")
    stock.set(source, at: address)
    for version in all where version.address != address {
      #expect(stock.version(version.address) == version)
    }
    #expect(stock.version(address) == source)
    #expect(stock.wholeCount == 0)
  }

  @Test func `say a core that many have, and a recipe that follows, no more than once`() throws {
    let show = try Show.made(frames: 1001...1004)
    let one = try #require(
      show.project.versions.values.first { $0.published.made != nil && $0.published.madeFrom.count == 1 })
    var (all, stock) = ([Version](), Stock(project: show.project.name))
    for number in 0..<20 {
      var version = one
      version.address = VersionAddress(product: try show.ref("crowd/p\(number)"), version: one.address.version)
      version.published.representations[0].sha256 = version.published.representations[0].content
      let made = try #require(one.published.made)
      let input = try #require(one.published.madeFrom[0].input)
      // The last one was made otherwise, and one says that it was made as nobody could.
      let core = number == 19 ? Digest.of("another core") : made.core
      version.published.made?.core = core
      version.published.made?.recipe =
        number == 18
        ? Digest.of("another recipe")
        : Recipe.whole(core: core, inputs: [(name: input, content: one.published.madeFrom[0].content)])
      stock.set(version, at: version.address)
      all.append(version)
    }
    for version in all { #expect(stock.version(version.address) == version) }
    let shelf = try #require(stock.shelf(of: all[0].address.product))
    // The first few say their core, which is the same, and the two that are different what they have.
    #expect(shelf.digests.count == 3)
    #expect(shelf.records.count { $0.recipe >= 0 } == 1)
    #expect(shelf.records.count { $0.core >= 0 } < 12)
    let rows = all.compactMap { stock.row($0.address) }
    #expect(rows[17].count + 32 == rows[18].count)
  }

  @Test func `are small`() {
    #expect(MemoryLayout<VersionRecord>.stride <= 168)
    #expect(MemoryLayout<Shelf.Kept>.stride <= 32)
  }
}
