// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import ForecastDaemon
import Foundation
import Testing

/// Holds `config/forecastd.yaml`, the manual of all keys, against the reader.
@Suite struct ConfigurationManualTests {
    private static let directory = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "config")
    static let manual = directory.appending(path: "forecastd.yaml").path

    static func manualText() throws -> String { try String(contentsOfFile: manual, encoding: .utf8) }

    /// With the keys that need files of one's own.
    static func wholeText() throws -> String { try manualText().replacing("#: ", with: "") }

    @Test func everyKeyIsInTheManual() throws {
        let keys = try DaemonConfiguration.keys(in: Self.wholeText(), file: Self.manual)
        #expect(keys.known.count > 40)
        #expect(keys.known.subtracting(keys.written).map(\.description).sorted() == [])
    }

    /// What is left out has the value that the manual shows, except where the manual says what it would be.
    @Test func documentedValuesAreTheDefaults() throws {
        var manual = try DaemonConfiguration.load(path: Self.manual)
        var bare = try DaemonConfiguration.parse(
            """
            inputs:
              plant:
                socket: sub
                connect: ["tcp://127.0.0.1:5556"]
                bind: ["ipc:///run/forecastd/plant"]
                topics: ["plant."]
                streams_per_peer: 1000
              lab: {socket: pull, bind: ["ipc:///run/forecastd/lab"], format: text}
              meters: {socket: router, bind: ["tcp://127.0.0.1:5559"]}
            outputs:
              forecasts:
                socket: pub
                bind: ["tcp://127.0.0.1:5557"]
                connect: ["ipc:///run/collector/forecasts"]
                replay: {bind: ["tcp://127.0.0.1:5558"]}
            models:
              general: {weights: models/general.safetensors}
              general_window: {weights: models/general.safetensors, mode: window, window: 64}
              line: {weights: models/line.safetensors}
            streams:
              - {match: "plant.*", model: general, half_life: 600, horizon: 24, window_length: 64,
                 values: {reject: [-9999, 65535], minimum: -40, maximum: 150, rate: 5, stuck: 10m},
                 anomaly: {}}
              - {match: "lab.*", model: general_window, scale: fixed, mean: 20, std: 5, every: 1s,
                 gaps: {limit: 10s, then: rewarm}, adapt: light, season: auto, related: "lab.*"}
              - {match: "meter.*", model: general, every: 15m, late: revise, revise_limit: 8,
                 gaps: {fill: seasonal}, season: 1d}
              - {match: "line.*.temp", model: line, scale: fixed, mean: 20, std: 5, every: 10s, wait: 10s,
                 inputs_from: ["line.$1.temp",
                   {stream: "line.$1.hum", name: hum, aggregate: last, mean: 45, std: 12}, calendar.hour]}
            http: {bind: "127.0.0.1:8080", metrics_streams: ["plant.boiler.*"]}
            state: {directory: /var/lib/forecastd}
            control: {path: /run/forecastd/control}
            """, file: Self.manual)
        // Which keys were written is just what differs.
        for index in bare.streams.indices {
            manual.streams[index].adaptation?.keys = []
            bare.streams[index].adaptation?.keys = []
        }
        #expect(manual.inputs == bare.inputs)
        #expect(manual.outputs == bare.outputs)
        #expect(manual.models == bare.models)
        #expect(manual.streams == bare.streams)
        #expect(manual == bare)
    }

    @Test func keysThatNeedFilesAreUnderstood() throws {
        let whole = try DaemonConfiguration.parse(try Self.wholeText(), file: Self.manual)
        let curve = try #require(whole.curve)
        #expect(
            curve.secretKey.hasSuffix("config/forecastd.secret")
                && curve.clients?.hasSuffix("config/clients") == true)
        #expect(whole.inputs[0].connection.serverKey == whole.outputs[0].connection.serverKey)
        #expect(whole.inputs[0].connection.serverKey != nil)
        #expect(whole.outputs[0].connection.clients?.hasSuffix("config/readers") == true)
        #expect(whole.http?.token == "$CREDENTIALS_DIRECTORY/token")
    }

    /// Where a comment ends with "Default X.", the key below it has the value X.
    @Test func defaultsInTheProseAreThoseOfTheKeys() throws {
        let lines = try Self.manualText().split(separator: "\n").map { $0.trimmingPrefix { $0 == " " } }
        var stated = 0
        for (line, next) in zip(lines, lines.dropFirst()) where line.hasPrefix("#") {
            guard let range = line.range(of: "Default "), line.hasSuffix(".") else { continue }
            let value = line[range.upperBound...].dropLast()
            #expect(next.hasSuffix(": \(value)"), "\(next) after: \(line)")
            stated += 1
        }
        #expect(stated >= 17)
    }

    @Test func demonstrationIsValid() throws {
        let path = Self.directory.appending(path: "demo.yaml").path
        let demo = try DaemonConfiguration.load(path: path)
        #expect(demo.inputs[0].connection.connect == ["tcp://127.0.0.1:5556"])
        #expect(demo.inputs[0].topics == ["host."])
        #expect(demo.outputs[0].connection.bind == ["tcp://127.0.0.1:5557"])
        #expect(demo.models[0].weights.hasSuffix("config/models/general.safetensors"))
        #expect(demo.streams[0].match == "host.*")
        #expect(demo.http?.authority == "127.0.0.1:8080")
    }
}
