// swift-tools-version: 6.2
import PackageDescription

/// Every target compiles under the same rules: a warning is an error, isolation is checked, imports are explicit.
let strict: [SwiftSetting] = [
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
  .treatAllWarnings(as: .error),
]

let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")
let hashTrees = Target.Dependency.product(name: "HashTreeCollections", package: "swift-collections")
let grdb = Target.Dependency.product(name: "GRDB", package: "GRDB.swift")
let hummingbird = Target.Dependency.product(name: "Hummingbird", package: "hummingbird")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let lifecycle = Target.Dependency.product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let unixSignals = Target.Dependency.product(name: "UnixSignals", package: "swift-service-lifecycle")
let subprocess = Target.Dependency.product(name: "Subprocess", package: "swift-subprocess")
let systemPackage = Target.Dependency.product(name: "SystemPackage", package: "swift-system")
let yams = Target.Dependency.product(name: "Yams", package: "Yams")
let nioCore = Target.Dependency.product(name: "NIOCore", package: "swift-nio")
let nioPosix = Target.Dependency.product(name: "NIOPosix", package: "swift-nio")
let nioSSL = Target.Dependency.product(name: "NIOSSL", package: "swift-nio-ssl")
let nioHTTP1 = Target.Dependency.product(name: "NIOHTTP1", package: "swift-nio")
let httpTypes = Target.Dependency.product(name: "HTTPTypes", package: "swift-http-types")
let httpClient = Target.Dependency.product(name: "AsyncHTTPClient", package: "async-http-client")
let arguments = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")

let package = Package(
  name: "sluice",
  products: [.executable(name: "sluice", targets: ["sluice"])],
  dependencies: [
    .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
    .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
    .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
    .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    .package(url: "https://github.com/swiftlang/swift-subprocess", from: "1.0.2"),
    .package(url: "https://github.com/apple/swift-system", from: "1.8.1"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
    .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
    .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
    .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
  ],
  targets: [
    .target(name: "SluiceModel", dependencies: [crypto], swiftSettings: strict),
    .target(name: "SluiceGraph", dependencies: ["SluiceModel", hashTrees], swiftSettings: strict),
    .target(name: "SluicePolicy", dependencies: ["SluiceModel"], swiftSettings: strict),
    .target(
      name: "SluiceEngine",
      dependencies: ["SluiceModel", "SluiceGraph", "SluicePolicy", lifecycle, logging],
      swiftSettings: strict),
    .target(name: "SluiceStorage", dependencies: ["SluiceModel", "SluiceGraph", grdb], swiftSettings: strict),
    .target(name: "CSluiceProcess"),
    .target(
      name: "SluiceAdapters",
      dependencies: [
        "SluiceModel", "CSluiceProcess", subprocess, systemPackage, yams, httpClient, nioCore, nioHTTP1, nioPosix,
        nioSSL,
      ],
      swiftSettings: strict),
    .target(
      name: "SluiceServer",
      dependencies: ["SluiceModel", "SluiceGraph", "SluicePolicy", "SluiceEngine", hummingbird, httpTypes, nioCore],
      swiftSettings: strict, plugins: ["EmbedWeb"]),
    .executableTarget(
      name: "sluice",
      dependencies: [
        "SluiceModel", "SluiceGraph", "SluicePolicy", "SluiceEngine", "SluiceStorage", "SluiceAdapters",
        "SluiceServer", arguments, httpClient, hummingbird, nioCore, nioHTTP1, lifecycle, unixSignals,
        logging,
      ],
      swiftSettings: strict),
    .target(
      name: "SluiceTestKit",
      dependencies: ["SluiceModel", "SluiceGraph", "SluicePolicy", "SluiceEngine", "SluiceStorage", logging],
      swiftSettings: strict),
    .testTarget(
      name: "SluiceModelTests", dependencies: ["SluiceModel"], exclude: ["Fixtures"], swiftSettings: strict),
    .testTarget(
      name: "SluiceGraphTests", dependencies: ["SluiceModel", "SluiceGraph", "SluiceTestKit"], swiftSettings: strict),
    .testTarget(
      name: "SluicePolicyTests", dependencies: ["SluiceModel", "SluicePolicy", "SluiceTestKit"], swiftSettings: strict),
    .testTarget(
      name: "SluiceEngineTests", dependencies: ["SluiceModel", "SluiceGraph", "SluiceEngine", "SluiceTestKit"],
      swiftSettings: strict),
    .testTarget(
      name: "SluiceStorageTests",
      dependencies: ["SluiceModel", "SluiceGraph", "SluiceEngine", "SluiceStorage", "SluiceTestKit", grdb, logging],
      swiftSettings: strict),
    .testTarget(
      name: "SluiceAdaptersTests", dependencies: ["SluiceModel", "SluiceGraph", "SluiceAdapters", "CSluiceProcess"],
      exclude: ["receiver.py", "Fixtures"], swiftSettings: strict),
    .testTarget(name: "Tidy", dependencies: [], swiftSettings: strict),
    .executableTarget(
      name: "bench-log",
      dependencies: ["SluiceModel", "SluiceGraph", "SluiceEngine", "SluiceStorage", arguments, logging],
      path: "benchmarks/engine", swiftSettings: strict),
    .executableTarget(
      name: "bench-graph",
      dependencies: ["SluiceModel", "SluiceGraph", "SluiceEngine", "SluiceStorage", arguments],
      path: "benchmarks/show", swiftSettings: strict),
    .executableTarget(
      name: "bench-queue", dependencies: ["SluiceModel", "SluicePolicy", arguments], path: "benchmarks/queue",
      swiftSettings: strict),
    .executableTarget(
      name: "simulate", dependencies: ["SluiceTestKit"], path: "tools/simulate", swiftSettings: strict),
    .executableTarget(name: "EmbedFiles", path: "Plugins/EmbedFiles", swiftSettings: strict),
    .plugin(name: "EmbedWeb", capability: .buildTool(), dependencies: ["EmbedFiles"]),
  ],
  swiftLanguageModes: [.v6]
)
