// swift-tools-version: 6.3
// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import PackageDescription

// A package of its own, so that whoever builds the daemon neither resolves nor builds its benchmarks.
let package = Package(
    name: "benchmarks",
    dependencies: [.package(name: "forecastd", path: "..")],
    targets: [
        // End to end
        .executableTarget(name: "echo", linkerSettings: [.linkedLibrary("zmq")]),
        .executableTarget(
            name: "load-generator", linkerSettings: [.linkedLibrary("zmq"), .linkedLibrary("m")]),
        // One step
        .target(name: "AllocationCounter"),
        .target(
            name: "StepHarness", dependencies: ["AllocationCounter"],
            linkerSettings: [.linkedLibrary("m")]),
        .executableTarget(
            name: "step-worker",
            dependencies: ["StepHarness", .product(name: "RecurrentKernels", package: "forecastd")]),
        .executableTarget(name: "scalar-worker", dependencies: ["StepHarness"]),
        .executableTarget(name: "roofline"),
        // One message
        .executableTarget(
            name: "codec-bench",
            dependencies: [
                "AllocationCounter",
                .product(name: "Forecasting", package: "forecastd"),
                .product(name: "WireFormat", package: "forecastd"),
            ]),
        // One adapted forecast
        .executableTarget(
            name: "adaptation-bench",
            dependencies: [
                "AllocationCounter",
                .product(name: "Forecasting", package: "forecastd"),
                .product(name: "RecurrentKernels", package: "forecastd"),
            ]),
        // One turn while a snapshot is copied
        .executableTarget(
            name: "snapshot-bench",
            dependencies: [
                .product(name: "Forecasting", package: "forecastd"),
                .product(name: "RecurrentKernels", package: "forecastd"),
            ]),
    ],
    cLanguageStandard: .gnu17
)

let swiftTargets: Set = ["step-worker", "codec-bench", "adaptation-bench", "snapshot-bench"]
for target in package.targets {
    if swiftTargets.contains(target.name) {
        target.swiftSettings = [
            .swiftLanguageMode(.v6),
            .enableUpcomingFeature("ExistentialAny"),
            .enableUpcomingFeature("InternalImportsByDefault"),
            .enableUpcomingFeature("MemberImportVisibility"),
            .treatAllWarnings(as: .error),
        ]
    } else {
        target.cSettings = [.treatAllWarnings(as: .error), .enableWarning("all"), .enableWarning("extra")]
    }
}
