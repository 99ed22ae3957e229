// swift-tools-version: 6.3
// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import PackageDescription

// A package of its own, so that nobody builds it who does not fuzz. `run` builds it, and with it all of the daemon, with
// the instruments of libFuzzer and AddressSanitizer, without optimisation: then the bounds of unsafe buffers are checked,
// and `@testable` reaches what is internal.
let package = Package(
    name: "fuzzing",
    dependencies: [
        .package(name: "forecastd", path: "../.."),
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
    ],
    targets: [
        .executableTarget(
            name: "fuzz",
            dependencies: [
                .product(name: "BasicContainers", package: "swift-collections"),
                .product(name: "ForecastDaemon", package: "forecastd"),
                .product(name: "Forecasting", package: "forecastd"),
                .product(name: "Monitoring", package: "forecastd"),
                .product(name: "RecurrentKernels", package: "forecastd"),
                .product(name: "StateStore", package: "forecastd"),
                .product(name: "WireFormat", package: "forecastd"),
                .product(name: "ZeroMQ", package: "forecastd"),
            ],
            swiftSettings: [
                .swiftLanguageMode(.v6),
                .enableUpcomingFeature("ExistentialAny"),
                .enableUpcomingFeature("InternalImportsByDefault"),
                .enableUpcomingFeature("MemberImportVisibility"),
                .enableExperimentalFeature("Lifetimes"),
                .treatAllWarnings(as: .error),
            ],
            // Gold, which would link otherwise, fails over the instruments.
            linkerSettings: [.unsafeFlags(["-use-ld=lld"])])
    ]
)
