// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// Messages that other programs and libraries send and read, through the real daemon.
@Suite(.serialized) struct FormatTests {
    /// The weather server of the ZeroMQ guide, as it is, for the zip codes that begin with 100.
    @Test(arguments: [(".temp, .hum", ["temp", "hum"]), ("value, skip", [""])])
    func theGuidesWeatherServerIsUnderstood(columns: String, fields: [String]) throws {
        let directory = try TemporaryDirectory()
        let (input, output) = ("ipc://\(directory.url.path)/in", "ipc://\(directory.url.path)/out")
        let (model, peer) = (directory.url.appending(path: "model.safetensors").path, try Peer())
        try peer.perform("model", ["path": model, "seed": 1])
        let script = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "weather_server.py")
        let server = try CommandProcess([script.path, input], program: "/usr/bin/python3")
        let daemon = try DaemonProcess(
            """
            inputs:
              weather: {socket: sub, connect: ["\(input)"], topics: ["100"], format: text, columns: [\(columns)]}
            outputs: {forecasts: {socket: pub, bind: ["\(output)"]}}
            models: {pump: {weights: \(model)}}
            streams: [{match: "*", model: pump}]
            """, in: directory)
        _ = try peer.call(
            "open_socket", ["name": "out", "kind": "sub", "connect": output, "topics": [""]], as: String.self)
        let received = try peer.call("receive", ["name": "out", "count": 60], as: [Peer.Received].self)
        for forecast in received {
            let parts = forecast.topic.split(separator: ".")
            #expect(parts[0].hasPrefix("100") && Int(parts[0]) != nil)
            let range = parts.count > 1 && parts[1] == "hum" ? 10.0..<60 : -80..<135
            #expect(range.contains(forecast.payload.y), "\(forecast)")
        }
        let found = received.map { $0.topic.split(separator: ".").dropFirst().joined() }
        #expect(Set(found) == Set(fields))
        server.send(SIGKILL)
        #expect(daemon.stop() == 0)
        #expect(daemon.logText.contains("dropped=0"), "\(daemon.logText)")
    }

    /// Python's msgpack writes the values and reads the forecasts.
    @Test func messagePackGoesInAndComesOut() throws {
        let scenario = try Scenario(
            rule: "scale: none, warmup: 0, horizon: 4", inputKeys: "socket: sub, format: msgpack",
            outputKeys: "socket: pub, format: msgpack", probe: "\u{81}\u{A5}value\u{0}")
        let values = ForecastTests.values
        let messages = values.enumerated().map { index, value -> [Any] in
            ["plant.a", ["ts": 1_700_000_000.5 + Double(index), "value": value]]
        }
        try scenario.peer.perform("send_packed", ["name": "in", "messages": messages])
        let received = try scenario.receive(values.count)
        #expect(received.map(\.payload.y) == values)
        #expect(received.first?.payload.ts == "2023-11-14T22:13:20.500Z")
        #expect(received.allSatisfy { $0.payload.model == "pump" && $0.payload.every == "event" })
        #expect(received.map(\.payload.seq) == received.map(\.sequence))
        let expected = try scenario.reference(values, ["horizon": 4])
        #expect(largestDifference(received, expected) < 1e-6)
        let tap = try CommandProcess(["tap", "--connect", scenario.output, "--json", "--limit", "1"])
        for _ in 0..<20 {  // until the tap has subscribed, and beyond
            try scenario.peer.perform("send_packed", ["name": "in", "messages": [["plant.b", ["y": 0.5]]]])
            usleep(100_000)
        }
        let line = try JSONDecoder().decode(Peer.Received.Payload.self, from: Data(try tap.nextLine().utf8))
        #expect(line.stream == "plant.b" && line.y == 0.5 && line.yhat.count == 4)
        #expect(try tap.end() == 0)
        #expect(scenario.daemon.stop() == 0)
    }

    @Test(arguments: [
        (
            "format: lineprotocol", "b value=0", "boiler,unit=3 temp=0.25 1700000000000000000",
            "plant.a.boiler.3.temp"
        ),
        ("format: f64", "\0\0\0\0\0\0\0\0", "\0\0\0\0\0\0\u{D0}\u{3F}", "plant.a"),
        ("format: f32, columns: [skip, .x]", "\0\0\0\0\0\0\0\0", "\0\0\0\0\0\0\u{80}\u{3E}", "plant.a.x"),
        (
            #"format: json, numbers_as_text: true, fields: {value: ["/data/0/v"]}"#, #"{"data":[{"v":0}]}"#,
            #"{"data":[{"v":"0.25"}]}"#, "plant.a"
        ),
    ])
    func everyFormatIsRead(keys: String, probe: String, payload: String, stream: String) throws {
        let scenario = try Scenario(inputKeys: "socket: sub, \(keys)", probe: probe)
        try scenario.send([["plant.a", payload]])
        let received = try scenario.receive(1)
        #expect(received.map(\.topic) == [stream] && received.map(\.payload.y) == [0.25])
        #expect(scenario.daemon.stop() == 0)
    }
}
