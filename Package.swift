// swift-tools-version: 6.3
// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import PackageDescription

/// For the C that everything waits for.
let kernelSettings: [CSetting] = [
    .unsafeFlags(["-O3"]), .enableWarning("all"), .enableWarning("extra"), .treatAllWarnings(as: .error),
]

let package = Package(
    name: "forecastd",
    products: [
        .executable(name: "forecastd", targets: ["forecastd"]),
        // For `Benchmarks` and `Tests/Fuzzing`; programs of others use `Producer` and what it needs.
        .library(name: "ForecastDaemon", targets: ["ForecastDaemon"]),
        .library(name: "Forecasting", targets: ["Forecasting"]),
        .library(name: "Monitoring", targets: ["Monitoring"]),
        .library(name: "Producer", targets: ["Producer"]),
        .library(name: "RecurrentKernels", targets: ["RecurrentKernels"]),
        .library(name: "StateStore", targets: ["StateStore"]),
        .library(name: "WireFormat", targets: ["WireFormat"]),
        .library(name: "ZeroMQ", targets: ["ZeroMQ"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.0"),
        .package(url: "https://github.com/apple/swift-nio-extras", from: "1.34.1"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1", traits: []),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    ],
    targets: [
        .systemLibrary(name: "CSodium", providers: [.apt(["libsodium-dev"])]),
        .systemLibrary(name: "CZeroMQ", providers: [.apt(["libzmq3-dev"])]),
        .target(
            name: "CRecurrentKernels",
            cSettings: kernelSettings),
        .target(name: "ZeroMQ", dependencies: ["CZeroMQ"]),
        .target(name: "RecurrentKernels", dependencies: ["CRecurrentKernels"]),
        .target(
            name: "CReadoutKernels",
            cSettings: kernelSettings),
        .target(name: "Forecasting", dependencies: ["CReadoutKernels", "RecurrentKernels"]),
        .target(name: "Training", dependencies: ["Forecasting", "RecurrentKernels"]),
        .target(name: "WireFormat", dependencies: ["Forecasting"]),
        .target(name: "Producer", dependencies: ["WireFormat", "ZeroMQ"]),
        .target(name: "CChecksum", cSettings: kernelSettings),
        .target(name: "StateStore", dependencies: ["CChecksum"]),
        .target(
            name: "Monitoring",
            dependencies: [
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "HummingbirdCore", package: "hummingbird"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOExtras", package: "swift-nio-extras"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOHTTPTypes", package: "swift-nio-extras"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ],
            resources: [.embedInCode("Page")]),
        .target(
            name: "ForecastDaemon",
            dependencies: [
                "CSodium", "Forecasting", "Monitoring", "RecurrentKernels", "StateStore", "Training",
                "WireFormat", "ZeroMQ",
                .product(name: "BasicContainers", package: "swift-collections"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
                .product(name: "Yams", package: "Yams"),
            ]),
        .executableTarget(
            name: "forecastd",
            dependencies: [
                "ForecastDaemon", "Forecasting", "Producer", "Training",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ]),
        .target(name: "TestSupport", dependencies: ["StateStore"], path: "Tests/TestSupport"),
        .testTarget(
            name: "RecurrentKernelsTests", dependencies: ["RecurrentKernels", "TestSupport"],
            exclude: ["Golden", "arm64"]),
        .testTarget(name: "ZeroMQTests", dependencies: ["TestSupport", "ZeroMQ"]),
        .testTarget(
            name: "ForecastingTests", dependencies: ["Forecasting", "RecurrentKernels", "TestSupport"]),
        .testTarget(
            name: "TrainingTests", dependencies: ["RecurrentKernels", "Training"], exclude: ["Golden"]),
        .testTarget(
            name: "WireFormatTests", dependencies: ["TestSupport", "WireFormat"], exclude: ["Golden"]),
        .testTarget(
            name: "StateStoreTests", dependencies: ["StateStore", "TestSupport"], exclude: ["arm64"]),
        .testTarget(name: "ArchitectureTests"),
        .testTarget(
            name: "SimulationTests",
            dependencies: [
                "ForecastDaemon", "Forecasting", "RecurrentKernels", "StateStore", "TestSupport",
                "WireFormat",
            ]),
        .testTarget(
            name: "MonitoringTests",
            dependencies: [
                "Monitoring", "TestSupport",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "Yams", package: "Yams"),
            ]),
        .testTarget(
            name: "IntegrationTests", dependencies: ["TestSupport"],
            exclude: ["browser.py", "peer.py", "service_manager.py", "weather_server.py", "zmtp.py"]),
        .testTarget(
            name: "ForecastDaemonTests",
            dependencies: [
                "ForecastDaemon", "Forecasting", "Monitoring", "RecurrentKernels", "TestSupport", "Training",
                "WireFormat", "ZeroMQ",
                .product(name: "Logging", package: "swift-log"),
            ],
            exclude: ["Golden"]),
        .target(name: "CAllocationCount", path: "Tests/CAllocationCount"),
        .testTarget(
            name: "AllocationTests",
            dependencies: [
                "CAllocationCount", "ForecastDaemon", "Forecasting", "RecurrentKernels", "StateStore",
                "WireFormat",
            ]),
    ],
    cLanguageStandard: .c17
)

for target in package.targets where target.type != .system {
    let isC = target.name.hasPrefix("C")
    if !isC {
        target.swiftSettings = [
            .swiftLanguageMode(.v6),
            .enableUpcomingFeature("ExistentialAny"),
            .enableUpcomingFeature("InternalImportsByDefault"),
            .enableUpcomingFeature("MemberImportVisibility"),
            .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
            .enableExperimentalFeature("Lifetimes"),
            .treatAllWarnings(as: .error),
        ]
    }
}
