// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// Rules of the layout that the compiler does not hold, held by reading the sources.
struct SourceRulesTests {
    static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    /// What each target may import; `Documentation/Architecture.md` says why.
    static let imports: [String: Set<String>] = [
        "ZeroMQ": ["CZeroMQ", "Glibc", "Synchronization"],
        "RecurrentKernels": ["CRecurrentKernels", "Glibc"],
        "Forecasting": ["CReadoutKernels", "RecurrentKernels", "Glibc", "Synchronization"],
        "WireFormat": ["Forecasting", "Glibc"],
        "Producer": ["WireFormat", "ZeroMQ"],
        "StateStore": ["CChecksum", "Glibc", "Synchronization"],
    ]

    /// What `Monitoring` may import: nothing of ours, because it is handed finished values.
    static let monitoringImports: Set<String> = [
        "Foundation", "Glibc", "HTTPTypes", "HummingbirdCore", "Logging", "NIOCore", "NIOExtras",
        "NIOHTTP1", "NIOHTTPTypes", "NIOPosix", "ServiceLifecycle",
    ]

    struct Source: CustomTestStringConvertible {
        var path: String
        var text: String
        var testDescription: String { path }
        var imports: [String] {
            code.compactMap {
                $0.firstMatch(of: #/^(?:(?:public|package|internal) )?import (?:\w+ )?(\w+)/#).map {
                    String($0.1)
                }
            }
        }
        var lines: [Substring] { text.split(separator: "\n", omittingEmptySubsequences: false) }
        /// The lines without comments and string literals, near enough for finding words.
        var code: [String] {
            lines.map { line in
                let withoutStrings = line.replacing(#/"[^"]*"/#, with: "\"\"")
                return String(
                    withoutStrings.prefix(
                        upTo: withoutStrings.firstRange(of: "//")?.lowerBound ?? withoutStrings.endIndex))
            }
        }
    }

    static func sources(below folder: String, endings: Set<String> = ["swift"]) throws -> [Source] {
        let start = root.appending(path: folder)
        let paths = try FileManager.default.subpathsOfDirectory(atPath: start.path).sorted()
        return try paths.filter { endings.contains(URL(filePath: $0).pathExtension) }.map { path in
            let url = start.appending(path: path)
            return Source(
                path: "\(folder)/\(path)", text: try String(contentsOf: url, encoding: .utf8))
        }
    }

    @Test(arguments: imports.keys.sorted())
    func theDataPathImportsOnlyWhatItMay(target: String) throws {
        let sources = try Self.sources(below: "Sources/\(target)")
        try #require(!sources.isEmpty)
        let allowed = try #require(Self.imports[target])
        for source in sources {
            for name in source.imports {
                #expect(allowed.contains(name), "\(source.path) imports \(name)")
            }
        }
    }

    @Test func onlyMonitoringKnowsHTTP() throws {
        for source in try Self.sources(below: "Sources") {
            let isMonitoring = source.path.hasPrefix("Sources/Monitoring/")
            for name in source.imports {
                if isMonitoring {
                    #expect(Self.monitoringImports.contains(name), "\(source.path) imports \(name)")
                } else {
                    let isHTTP = name.hasPrefix("NIO") || name.hasPrefix("Hummingbird") || name == "HTTPTypes"
                    #expect(!isHTTP, "\(source.path) imports \(name)")
                }
            }
        }
    }

    @Test(arguments: imports.keys.sorted())
    func theDataPathHasNoExistentialsAndNoAsync(target: String) throws {
        for source in try Self.sources(below: "Sources/\(target)") {
            for (number, line) in source.code.enumerated() {
                let word = line.firstMatch(of: #/\b(any|async|await|actor|Task)\b/#)
                #expect(word == nil, "\(source.path):\(number + 1): \(line)")
            }
        }
    }

    @Test func everySourceSaysWhatItBelongsTo() throws {
        let sources =
            try Self.sources(below: "Sources", endings: ["swift", "c", "h"])
            + Self.sources(below: "Tests", endings: ["swift", "c", "h"])
        try #require(sources.count > 20)
        for source in sources {
            #expect(
                source.text.contains("Part of forecastd. SPDX-License-Identifier: Apache-2.0"),
                "\(source.path)")
        }
    }

    @Test func noSourceFileOutgrowsAWeekend() throws {
        for source in try Self.sources(below: "Sources", endings: ["swift", "c", "h"]) {
            #expect(source.lines.count <= 400, "\(source.path): look for the seam")
        }
    }

    @Test func noWordsThatSayNothing() throws {
        for source in try Self.sources(below: "Sources") {
            for (number, line) in source.code.enumerated() {
                // The one name is SwiftNIO's.
                let word = line.firstMatch(
                    of: #/\b(?!ServerQuiescingHelper\b)\w*(Manager|Helper|Utils?)\b/#)
                #expect(word == nil, "\(source.path):\(number + 1): \(line)")
            }
        }
    }
}
