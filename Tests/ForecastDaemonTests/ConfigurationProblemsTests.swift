// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import ForecastDaemon
import RecurrentKernels
import Testing

/// The smallest configuration there is, and what becomes of it when lines are replaced or appended.
enum ConfigurationSample {
    static let lines = [
        #"inputs:"#,
        #"  plant: {socket: sub, connect: ["tcp://127.0.0.1:5556"]}"#,
        #"outputs:"#,
        #"  forecasts: {socket: pub, bind: ["tcp://127.0.0.1:5557"]}"#,
        #"models:"#,
        #"  pump: {weights: pump.safetensors}"#,
        #"streams:"#,
        #"  - {match: "plant.*", model: pump}"#,
    ]

    /// The sample with line `number` replaced by `text`; line 9 is one appended.
    static func text(_ number: Int = 9, _ text: String = "") -> String {
        var lines = Self.lines + [""]
        lines[number - 1] = text
        return lines.joined(separator: "\n")
    }

    /// The problems of `text`, one per line as a person sees them.
    static func problems(_ text: String) -> [String] {
        do {
            _ = try DaemonConfiguration.parse(text, file: "f.yaml")
            return []
        } catch {
            return error.description.split(separator: "\n").map(String.init)
        }
    }
}

/// One line of the sample replaced, and all problems that follow from it.
struct BadLine: Sendable, CustomTestStringConvertible {
    var number: Int
    var text: String
    var problems: [String]

    init(_ number: Int, _ text: String, _ problems: String...) {
        self.number = number
        self.text = text
        self.problems = problems.map { "f.yaml:" + $0 }
    }

    var testDescription: String { text }
}

@Suite struct ConfigurationProblemsTests {
    @Test func sampleIsValid() throws {
        let configuration = try DaemonConfiguration.parse(ConfigurationSample.text(), file: "f.yaml")
        #expect(configuration.inputs.map(\.name) == ["plant"])
        #expect(configuration.inputs[0].topics == [""])
        #expect(configuration.outputs[0].connection.bind == ["tcp://127.0.0.1:5557"])
        #expect(configuration.models[0].mode == .stateful)
        #expect(configuration.models[0].precision == .float32)
        #expect(configuration.streams[0].scale == .rolling(halfLife: nil))
        #expect(configuration.streams[0].horizon == nil)
    }

    @Test(
        arguments: keys + values + sockets + models + rules + times + badValues + adaptations + http + state
            + inputs)
    func isReported(_ line: BadLine) {
        let text = ConfigurationSample.text(line.number, line.text)
        #expect(ConfigurationSample.problems(text) == line.problems)
    }

    static let keys = [
        BadLine(9, "stream_limit: 5", #"9:1: unknown key "stream_limit"; did you mean "streams_limit"?"#),
        BadLine(9, "Streams-Limit: 5", #"9:1: unknown key "Streams-Limit"; did you mean "streams_limit"?"#),
        BadLine(
            9, "alarms: {above: 5}",
            #"9:1: unknown key "alarms"; known keys: inputs, outputs, models, streams, streams_limit, pipelines, pipeline, log, http, state, control, curve"#
        ),
        BadLine(
            9, "log: {levl: info}", #"9:7: log: unknown key "levl"; did you mean "level"?"#),
        BadLine(
            9, "pipeline:\n  batch-limt: 5",
            #"10:3: pipeline: unknown key "batch-limt"; did you mean "batch_limit"?"#),
        BadLine(9, "pipeline:", "9:1: pipeline: expected a mapping (key: value), found nothing"),
        BadLine(9, "pipeline: [1]", "9:11: pipeline: expected a mapping (key: value), found a list"),
        BadLine(9, "pipeline: fast", #"9:11: pipeline: expected a mapping (key: value), found "fast""#),
        BadLine(
            9, "log:\n  level:info", #"10:3: log: expected a mapping (key: value), found "level:info""#),
        BadLine(9, "? [log]\n: 5", "9:3: expected a name as key, found a list"),
        BadLine(
            1, "input:", #"1:1: missing key "inputs": where observations come from"#,
            #"1:1: unknown key "input"; did you mean "inputs"?"#),
        BadLine(
            9, #""a\nb\u0007": 1"#,
            #"9:1: unknown key "a\nb\u{07}"; known keys: inputs, outputs, models, streams, streams_limit, "#
                + "pipelines, pipeline, log, http, state, control, curve"),
        BadLine(
            9, "log: {1: 2, \"1\": 3}",
            #"9:7: log: unknown key "1"; known keys: level, drops_every"#,
            "9:13: log.1: the key stands twice in this mapping: keep one of them"),
    ]

    /// A bind that is none, and how it is quoted.
    private static func bad(bind text: String, found: String) -> BadLine {
        let expected = "an address and a port, as 127.0.0.1:8080 or \"[::1]:8080\""
        return BadLine(9, "http: {bind: \(text)}", "9:14: http.bind: expected \(expected), found \(found)")
    }

    /// A bind that other machines reach.
    private static func open(bind text: String) -> BadLine {
        let problem = "other machines reach \(text), and nothing asks who they are"
        return BadLine(
            9, "http: {bind: \"\(text)\"}",
            "9:14: http.bind: \(problem): use 127.0.0.1:80, or write insecure: true")
    }

    static let state = [
        BadLine(
            9, "state: {}", #"9:8: state: missing key "directory": the path of a directory of its own"#),
        BadLine(
            9, "state: {directory: a, durability: always}",
            #"9:35: state.durability: expected none, interval or commit, found "always""#),
        BadLine(
            9, "state: {directory: a, snapshot_every: 0s}",
            "9:39: state.snapshot_every: expected a duration from 1s to 1d, found \"0s\""),
        BadLine(
            8, #"  - {match: "*", model: pump, idle_ttl: never}"#,
            "8:41: streams[0].idle_ttl: expected off or a duration from 1s to 366d with its unit (ms, s, m, h "
                + #"or d), as 5s, found "never""#),
        BadLine(
            8, #"  - {match: "*", model: pump, idle_ttl: 5ms}"#,
            #"8:41: streams[0].idle_ttl: expected off or a duration from 1s to 366d, found "5ms""#),
    ]

    static let http = [
        BadLine(9, "http:", "9:1: http: expected a mapping (key: value), found nothing"),
        BadLine(
            9, "http: {}",
            #"9:7: http: missing key "bind": the address and port to serve on, as 127.0.0.1:8080"#),
        bad(bind: "8080", found: #""8080"; did you mean "127.0.0.1:8080"?"#),
        bad(bind: "80800", found: #""80800""#),
        bad(bind: "http://127.0.0.1:80", found: #""http://127.0.0.1:80"; did you mean "127.0.0.1:80"?"#),
        bad(bind: "127.0.0.1", found: #""127.0.0.1""#),
        bad(bind: "127.0.0.1:0", found: #""127.0.0.1:0""#),
        bad(bind: "\"127.0.0.1:*\"", found: #""127.0.0.1:*""#),
        bad(bind: "\"::1:8080\"", found: #""::1:8080""#),
        bad(bind: "127.1:8080", found: #""127.1:8080""#),
        bad(bind: "example.org:80", found: #""example.org:80""#),
        bad(bind: "[80]", found: "a list"),
        open(bind: "0.0.0.0:80"), open(bind: "10.0.0.5:80"), open(bind: "[::]:80"),
        BadLine(
            9, #"http: {bind: "127.0.0.1:80", insecure: true}"#,
            "9:40: http.insecure: has no effect with an address of this machine: leave it out"),
    ]

    static let values = [
        BadLine(
            9, "streams_limit: lots",
            #"9:16: streams_limit: expected a whole number from 1 to 10000000, found "lots""#),
        BadLine(
            9, "streams_limit: '5'",
            #"9:16: streams_limit: expected a whole number from 1 to 10000000, found "5" in quotes: leave the "#
                + "quotes out"),
        BadLine(
            9, "streams_limit: ~",
            "9:1: streams_limit: expected a whole number from 1 to 10000000, found nothing"),
        BadLine(
            9, "streams_limit: [5]",
            "9:16: streams_limit: expected a whole number from 1 to 10000000, found a list"),
        BadLine(
            9, "log: {drops_every: 5}",
            #"9:20: log.drops_every: expected a duration from 1s to 1h with its unit (ms, s, m, h or d), as 5s, "#
                + #"found "5""#),
        BadLine(
            9, "log: {drops_every: 5 sec}",
            #"9:20: log.drops_every: expected a duration from 1s to 1h with its unit (ms, s, m, h or d), as 5s, "#
                + #"found "5 sec"; did you mean "5s"?"#),
        BadLine(
            9, "log: {drops_every: 2h}",
            #"9:20: log.drops_every: expected a duration from 1s to 1h, found "2h""#),
        BadLine(
            9, "log: {drops_every: {a: b}}",
            "9:20: log.drops_every: expected a duration from 1s to 1h, as 5s, found a mapping"),
        BadLine(
            9, "log: {level: warn}",
            "9:14: log.level: expected trace, debug, info, notice, warning, error or critical, found \"warn\"; "
                + "did you mean \"warning\"?"),
        BadLine(
            9, "log: {level: true}",
            "9:14: log.level: expected trace, debug, info, notice, warning, error or critical, found \"true\""
        ),
        BadLine(
            9, "pipeline: {io_thread_scheduling: Batch}",
            #"9:34: pipeline.io_thread_scheduling: expected normal or batch, found "Batch"; did you mean "batch"?"#
        ),
    ]

    static let sockets = [
        BadLine(
            2, "  plant: {connect: [tcp://a:1]}",
            #"2:3: inputs.plant: missing key "socket": the kind of socket, sub, pull or router"#),
        BadLine(
            2, "  plant: {socket: sub}",
            #"2:3: inputs.plant: missing key "connect" or "bind": the endpoints, as connect: "#
                + #"["tcp://127.0.0.1:5556"]"#),
        BadLine(2, "  plant:", "2:3: inputs.plant: expected a mapping (key: value), found nothing"),
        BadLine(
            2, "  {}",
            "2:3: inputs: expected at least one name with its settings (name: {key: value}), found a mapping"),
        BadLine(
            2, "  my plant: {socket: sub, bind: [ipc://x:5556]}",
            #"2:3: inputs: expected a name, 1 to 64 characters of A-Z a-z 0-9 _ -, found "my plant""#),
        BadLine(
            2, "  plant: {socket: pub, bind: [ipc://x:5556]}",
            #"2:19: inputs.plant.socket: expected sub, pull or router, found "pub"; did you mean "sub"?"#),
        BadLine(
            2, "  plant: {socket: router, bind: [ipc://x:5556], topics: [a]}",
            "2:57: inputs.plant.topics: only for socket: sub; a router socket takes all that producers send"),
        BadLine(
            2, "  plant: {socket: pull, bind: [ipc://x:5556], window: 5}",
            "2:55: inputs.plant.window: only for socket: router, whose producers number their messages"),
        BadLine(
            2, "  plant: {socket: router, bind: [ipc://x:5556], producers: 0, window: 5, forget_after: 5s}",
            #"2:60: inputs.plant.producers: expected a whole number from 1 to 100000, found "0""#,
            "2:88: inputs.plant.forget_after: expected a duration from 1m to 366d, found \"5s\""),
        BadLine(
            2, "  plant: {socket: pull, bind: [ipc://x:5556], topics: [a]}",
            "2:55: inputs.plant.topics: only for socket: sub; a pull socket takes all that is pushed to it"),
        BadLine(
            2, "  plant: {socket: sub, bind: [ipc://x:5556], topics: []}",
            "2:54: inputs.plant.topics: expected a list of prefixes of stream ids, found an empty one: leave "
                + "topics out to subscribe to everything"),
        BadLine(
            2, #"  plant: {socket: sub, bind: [ipc://x:5556], topics: ["plant.*"]}"#,
            #"2:55: inputs.plant.topics[0]: expected a prefix, which needs no * at its end, found "plant.*"; "#
                + #"did you mean "plant."?"#),
        BadLine(
            2, #"  plant: {socket: sub, bind: [ipc://x:5556], topics: ["*"]}"#,
            "2:55: inputs.plant.topics[0]: expected a prefix, not a pattern (leave topics out to subscribe to "
                + #"everything), found "*""#),
        BadLine(
            2, "  plant: {socket: sub, connect: tcp://a:1}",
            #"2:33: inputs.plant.connect: expected a list of endpoints, found "tcp://a:1"; did you mean "#
                + #"["tcp://a:1"]?"#),
        BadLine(
            2, "  plant: {socket: sub, connect: [tcp://a:1, tcp://a:1]}",
            "2:45: inputs.plant.connect[1]: tcp://a:1 stands in this list already"),
        BadLine(
            2, "  plant: {socket: sub, bind: [tcp://127.0.0.1:5557]}",
            "4:35: outputs.forecasts.bind[0]: tcp://127.0.0.1:5557 is bound by inputs.plant.bind already"),
        BadLine(
            2, "  plant: {socket: sub, connect: [tcp://127.0.0.1:5557]}",
            "4:35: outputs.forecasts.bind[0]: tcp://127.0.0.1:5557 is what inputs.plant.connect connects to: this "
                + "daemon would talk with itself"),
        BadLine(
            2, "  plant: {socket: sub, bind: [ipc://x:1]}\n  lab: {socket: sub, connect: [ipc://x:1]}",
            "3:32: inputs.lab.connect[0]: ipc://x:1 is bound by inputs.plant.bind: this daemon "
                + "would talk with itself"),
        BadLine(
            4, "  forecasts: {socket: pub, bind: [\"tcp://[::1]:80\"]}\nhttp: {bind: \"[::1]:80\"}",
            "5:14: http.bind: tcp://[::1]:80 is bound by outputs.forecasts.bind already"),
        BadLine(
            2, "  plant: {socket: sub, bind: [ipc://x:1], maximum_message_size: 1MB}",
            "2:65: inputs.plant.maximum_message_size: expected a size from 256B to 1GiB with its unit (B, KiB, "
                + #"MiB or GiB), as 64KiB, found "1MB"; did you mean "1MiB"?"#),
        BadLine(
            2, "  plant: {socket: sub, bind: [ipc://x:1], heartbeat: {interval: 20s}}",
            "2:54: inputs.plant.heartbeat.timeout: 15s is shorter than the interval of 20s: every connection "
                + "would be given up",
            "2:54: inputs.plant.heartbeat.ttl: 15s is shorter than the interval of 20s: peers would give up "
                + "between two heartbeats"),
        BadLine(
            2, "  plant: {socket: sub, bind: [ipc://x:1], reconnect: {initial: 1m}}",
            "2:54: inputs.plant.reconnect.maximum: 30s is shorter than the initial pause of 1m"),
        BadLine(
            2, "  plant: {socket: sub, bind: [ipc://x:1], columns: [value]}",
            "2:52: inputs.plant.columns: only for format: text, f64 or f32; this input has json"),
        BadLine(
            2, "  plant: {socket: sub, bind: [ipc://x:1], format: text, fields: {time: [t]}}",
            "2:65: inputs.plant.fields: only for format: json or msgpack; this input has text"),
        BadLine(
            2, "  plant: {socket: sub, bind: [ipc://x:1], format: text, columns: [ts, skip]}",
            "2:66: inputs.plant.columns: expected one value or named column at least, and nothing but skip twice, "
                + "found ts, skip"
        ),
        BadLine(
            2, "  plant: {socket: sub, bind: [ipc://x:1], format: txt, columns: [vlaue]}",
            #"2:51: inputs.plant.format: expected json, text, lineprotocol, msgpack, f64 or f32, found "txt"; "#
                + #"did you mean "text"?"#,
            "2:66: inputs.plant.columns[0]: expected value, ts, skip, or a name behind a point (.temp: the stream "
                + #"ID.temp), found "vlaue"; did you mean "value"?"#
        ),
        BadLine(
            2, "  plant: {socket: sub, bind: [ipc://x:1], format: text, columns: [temp, .temp, .temp]}",
            "2:67: inputs.plant.columns[0]: expected value, ts, skip, or a name behind a point (.temp: the stream "
                + #"ID.temp), found "temp"; did you mean ".temp"?"#),
        BadLine(
            2, "  plant: {socket: sub, bind: [ipc://x:1], format: text, columns: [.temp, .temp]}",
            "2:66: inputs.plant.columns: expected one value or named column at least, and nothing but skip twice, "
                + "found .temp, .temp"),
        BadLine(
            2, "  plant: {socket: sub, bind: [ipc://x:1], format: f32, columns: [ts, value]}",
            "2:65: inputs.plant.columns: f32 has no ts: single precision tells times of today apart by minutes"
        ),
        BadLine(
            2, "  plant: {socket: sub, bind: [ipc://x:1], format: msgpack, numbers_as_text: true}",
            "2:77: inputs.plant.numbers_as_text: only for format: json; this input has msgpack"),
        BadLine(
            2, "  plant: {socket: sub, bind: [ipc://x:1], numbers_as_text: yes}",
            #"2:60: inputs.plant.numbers_as_text: expected true or false, found "yes"; did you mean "true"?"#),
        BadLine(
            2, #"  plant: {socket: sub, bind: [ipc://x:1], fields: {value: ["/a/b", /a, "/~"]}}"#,
            #"2:72: inputs.plant.fields.value[2]: expected a JSON pointer, in which ~ is written ~0 and / inside "#
                + #"of a name ~1, found "/~""#),
        BadLine(
            2, #"  plant: {socket: sub, bind: [ipc://x:1], fields: {value: ["/a/b"], time: [a]}}"#,
            #"2:59: inputs.plant.fields.value: one of the field "/a/b" and the field "a" of time is inside of the "#
                + "other: a field is either read or looked into"),
        BadLine(
            2, #"  plant: {socket: sub, bind: [ipc://x:1], fields: {value: ["/y"], time: ["y"]}}"#,
            #"2:59: inputs.plant.fields.value: the field "/y" is named by time already"#),
        BadLine(
            2, "  plant: {socket: sub, bind: [ipc://x:1], fields: {time: [t, y]}}",
            #"2:51: inputs.plant.fields.value: the field "y" is named by time already"#),
        BadLine(
            4, "  forecasts: {socket: pub, bind: [ipc://x:1], topics: [a]}",
            #"4:47: outputs.forecasts: unknown key "topics"; known keys: socket, connect, bind, "#
                + "high_water_mark, heartbeat, reconnect, handshake_timeout, server_key, clients, insecure, "
                + "format, time_format, anomalies, last_value, replay, subscriptions, linger"),
        BadLine(
            4, "  forecasts: {socket: pub, bind: [ipc://x:1], last_value: some}",
            #"4:59: outputs.forecasts.last_value: expected true or false, found "some""#),
        BadLine(
            4, "  forecasts: {socket: pub, bind: [ipc://x:1], replay: {}}",
            #"4:55: outputs.forecasts.replay: missing key "bind": the endpoints, as bind: ["tcp://127.0.0.1:5558"]"#
        ),
        BadLine(
            4, "  forecasts: {socket: pub, bind: [ipc://x:1], replay: {bind: [ipc://x:1], limit: 5KiB}}",
            "4:63: outputs.forecasts.replay.bind[0]: ipc://x:1 is bound by outputs.forecasts.bind already",
            #"4:82: outputs.forecasts.replay.limit: expected a size from 1MiB to 1024GiB, found "5KiB""#),
        BadLine(
            4, "  forecasts: {socket: pub, bind: [ipc://x:1], format: mspack}",
            #"4:55: outputs.forecasts.format: expected json or msgpack, found "mspack"; did you mean "msgpack"?"#
        ),
        BadLine(
            4, "  forecasts: {socket: pub, bind: [ipc://x:1], time_format: iso}",
            #"4:60: outputs.forecasts.time_format: expected rfc3339, s, ms, us or ns, found "iso""#),
    ]

    static let models = [
        BadLine(
            6, "  pump: {weight: a}",
            #"6:3: models.pump: missing key "weights": the path of the safetensors file"#,
            #"6:10: models.pump: unknown key "weight"; did you mean "weights"?"#),
        BadLine(
            6, #"  pump: {weights: ""}"#,
            #"6:19: models.pump.weights: expected the path of a safetensors file, found """#),
        BadLine(
            6, "  pump: {weights: a, mode: window}",
            #"6:3: models.pump: missing key "window": the number of ticks that mode: window runs over"#),
        BadLine(
            6, "  pump: {weights: a, window: 64}",
            "6:30: models.pump.window: only for mode: window; this model is stateful"),
        BadLine(
            6, "  pump: {weights: a, mode: windowed, window: 64}",
            #"6:28: models.pump.mode: expected stateful or window, found "windowed"; did you mean "window"?"#),
        BadLine(
            6, "  pump: {weights: a, mode: window, window: 0}",
            #"6:44: models.pump.window: expected a whole number from 1 to 65536, found "0""#),
        BadLine(
            6, "  pump: {weights: a, precision: bfloat16}",
            #"6:33: models.pump.precision: expected float32 or bf16, found "bfloat16""#),
        BadLine(
            6, "  pump: {weights: a, precision: float64}",
            #"6:33: models.pump.precision: expected float32 or bf16, found "float64"; did you mean "float32"?"#
        ),
    ]

    static let inputs = [
        BadLine(
            8, #"  - {match: "a.*", model: pump, wait: 1s, time_zone: UTC}"#,
            "8:39: streams[0].wait: only for rules with inputs_from",
            "8:54: streams[0].time_zone: only for rules with inputs_from"),
        BadLine(
            8,
            #"  - {match: "a.*.t", model: pump, inputs_from: ["a.$1.h", "a.$2.p", "a h", calendar.hours]}"#,
            #"8:76: streams[0].inputs_from[3]: expected calendar.hour, calendar.weekday or calendar.yearday, found "#
                + #""calendar.hours"; did you mean "calendar.hour"?"#),
        BadLine(
            8, #"  - {match: "a.*.t", model: pump, inputs_from: ["a.$1.h", "a.$2.p", "a h"]}"#,
            #"8:48: streams[0].inputs_from: the stream that is forecast, "a.$1.t", is not among the inputs: add it"#,
            #"8:59: streams[0].inputs_from[1]: expected $1, the wildcards of "a.*.t", found "a.$2.p""#,
            "8:69: streams[0].inputs_from[2]: expected the id of a stream (A-Z a-z 0-9 . _ : / -), with $1 for what "
                + #"the first * of match stands for, found "a h""#),
        BadLine(
            8, #"  - {match: "t", model: pump, inputs_from: [t, "h.$1"]}"#,
            #"8:48: streams[0].inputs_from[1]: expected no $: "t" has neither * nor ?, found "h.$1""#),
        BadLine(
            8, #"  - {match: "a.*.t", model: pump, inputs_from: ["a.$1.t", "b.t", "b.t"]}"#,
            #"8:59: streams[0].inputs_from[1]: another input has the name "t" already: give this one a name of its "#
                + #"own, as {stream: "b.t", name: other}"#,
            #"8:66: streams[0].inputs_from[2]: "b.t" stands twice: keep one"#,
            #"8:66: streams[0].inputs_from[2]: another input has the name "t" already: give this one a name of its "#
                + #"own, as {stream: "b.t", name: other}"#),
        BadLine(
            8,
            #"  - {match: "t", model: pump, inputs_from: [{stream: t, fill: hold, mean: 1}, h], every: auto}"#,
            "8:44: streams[0].inputs_from: several streams need one period: write every: with a duration, as every: "
                + "1s, or event",
            "8:63: streams[0].inputs_from[0].fill: the stream that is forecast goes by the rule's own gaps",
            "8:75: streams[0].inputs_from[0].mean: the stream that is forecast goes by the rule's own mean"),
        BadLine(
            8, #"  - {match: t, model: pump, inputs_from: [t, {stream: h, aggregate: max, std: 2}]}"#,
            "8:69: streams[0].inputs_from[1].aggregate: only for rules with a period, as every: 1s",
            "8:79: streams[0].inputs_from[1].std: only for scale: fixed"),
        BadLine(
            8, #"  - {match: t, model: pump, scale: none, inputs_from: [t, {stream: h, fill: mean}]}"#,
            "8:77: streams[0].inputs_from[1].fill: with scale: none no mean is known; use fill: hold"),
        BadLine(
            8, #"  - {match: t, model: pump, scale: fixed, mean: 1, std: 2, inputs_from: [t, h]}"#,
            "8:77: streams[0].inputs_from[1]: scale: fixed takes the mean and std of each input's training values: "
                + #"write {stream: "h", mean: 0, std: 1}, with its numbers"#),
        BadLine(
            8, #"  - {match: t, model: pump, inputs_from: [t], wait: 1s, time_zone: UTC}"#,
            "8:53: streams[0].wait: there is no other stream among the inputs to wait for",
            "8:68: streams[0].time_zone: only for inputs of the calendar, as calendar.hour"),
        BadLine(
            8, #"  - {match: t, model: pump, inputs_from: [t, calendar.hour], time_zone: Europe/Berln}"#,
            #"8:73: streams[0].time_zone: expected the name of a time zone, as Europe/Berlin, found "Europe/Berln"; "#
                + #"did you mean "Europe/Berlin"?"#),
        BadLine(
            8, #"  - {match: t, model: pump, every: 1s, lateness: 900s, inputs_from: [t, h], wait: 101s}"#,
            "8:83: streams[0].wait: expected, with lateness, at most 1000 ticks of 1s, found 1001s"),
        BadLine(
            8, #"  - {match: t, model: pump, inputs_from: [t, {stream: h, name: "a,b", file: x}]}"#,
            #"8:64: streams[0].inputs_from[1].name: expected the name of an input, without commas and blanks, found "#
                + #""a,b""#,
            #"8:71: streams[0].inputs_from[1]: unknown key "file"; did you mean "fill"?"#),
        BadLine(
            8, #"  - {match: t, model: pump, inputs_from: [t, h], lateness: 1s}"#,
            "8:60: streams[0].lateness: with every: event, inputs_from joins the values of one time as they come; "
                + "write wait"),
        BadLine(
            8,
            #"  - {match: t, model: pump, inputs_from: [t, h], every: 1s, late: revise, scale: window}"#,
            "8:67: streams[0].late: inputs_from takes nothing back: late values are dropped, write a longer wait",
            "8:82: streams[0].scale: inputs_from has no windows of its members: write scale: rolling"),
        BadLine(
            8, #"  - {match: t, model: pump, inputs_from: []}"#,
            "8:42: streams[0].inputs_from: expected a list of inputs, found an empty one: write at least one"),
    ]

    static let rules = [
        BadLine(
            8, #"  - {match: "plant.*", model: pmup}"#,
            #"8:31: streams[0].model: expected the name of a model (pump), found "pmup"; did you mean "pump"?"#
        ),
        BadLine(8, "  []", "8:3: streams: expected a list of rules, found an empty one: write at least one"),
        BadLine(
            8, "  plant: {model: pump}", "8:3: streams: expected a list of rules, found a mapping"),
        BadLine(8, "  - plant", #"8:5: streams[0]: expected a mapping (key: value), found "plant""#),
        BadLine(
            8, "  - model: pump",
            #"8:5: streams[0]: missing key "match": the pattern of stream ids, as "plant.*.temp""#),
        BadLine(
            8, "  - {match: plant temp, model: pump}",
            "8:13: streams[0].match: expected a pattern of stream ids (A-Z a-z 0-9 . _ : / - and the wildcards "
                + #"* and ?), found "plant temp""#),
        BadLine(
            8, #"  - {match: a, model: pump, scale: model, half_life: 5}"#,
            "8:54: streams[0].half_life: only for scale: rolling; this rule has model"),
        BadLine(
            8, #"  - {match: a, model: pump, evry: 1s}"#,
            #"8:29: streams[0]: unknown key "evry"; did you mean "every"?"#),
        BadLine(
            8, #"  - {match: a, model: pump, at: 1s}"#,
            #"8:29: streams[0]: unknown key "at"; known keys: match, model, scale, half_life, mean, std, horizon, "#
                + "warmup, maximum_skew, every, aggregate, lateness, late, revise_limit, gaps, season, "
                + "season_limit, window_length, adapt, levels, mix, related, anomaly, inputs_from, wait, time_zone, "
                + "values, idle_ttl, on_model_change"),
        BadLine(
            9, #"  - {match: "plant.*", model: pump}"#,
            "9:13: streams[1].match: this rule is never reached: streams[0] before it matches the same streams"
        ),
        BadLine(
            8, "  - {match: \"*\", model: pump}\n  - {match: a, model: pump}",
            "9:13: streams[1].match: this rule is never reached: streams[0] before it matches the same streams"
        ),
        BadLine(
            8, #"  - {match: "a.*", model: pump, horizon: 0, maximum_skew: -1s}"#,
            #"8:42: streams[0].horizon: expected a whole number from 1 to 10000, found "0""#,
            #"8:59: streams[0].maximum_skew: expected a duration from 0ms to 366d with its unit (ms, s, m, h "#
                + #"or d), as 5s, found "-1s""#),
    ]

    private static let onlyWithPeriod =
        "only for streams with a period: write every: auto, or a duration, as every: 1s"

    static let times = [
        BadLine(
            8, #"  - {match: a, model: pump, every: 1}"#,
            "8:36: streams[0].every: expected event, auto or a duration from 1ms to 366d with its unit (ms, s, m, h "
                + #"or d), as 5s, found "1""#),
        BadLine(
            8, #"  - {match: a, model: pump, aggregate: mean, lateness: 1s, gaps: {fill: hold}}"#,
            "8:40: streams[0].aggregate: \(onlyWithPeriod)", "8:66: streams[0].gaps: \(onlyWithPeriod)"),
        BadLine(
            8, #"  - {match: a, model: pump, late: revise, revise_limit: 8}"#,
            "8:35: streams[0].late: \(onlyWithPeriod)", "8:57: streams[0].revise_limit: \(onlyWithPeriod)"),
        BadLine(
            8, #"  - {match: a, model: pump, every: 1s, revise_limit: 8}"#,
            "8:54: streams[0].revise_limit: only for late: revise"),
        BadLine(
            8, #"  - {match: a, model: pump, every: 1s, late: revise, revise_limit: 65s}"#,
            "8:68: streams[0].revise_limit: expected 1 to 64 whole ticks, found 65"),
        BadLine(
            8, #"  - {match: a, model: pump, every: auto, late: revise, revise_limit: 5s}"#,
            "8:70: streams[0].revise_limit: expected a number of ticks, found a duration: with every: auto the "
                + "period is not known yet"),
        BadLine(
            8, #"  - {match: a, model: pump, every: 1s, late: never}"#,
            #"8:46: streams[0].late: expected drop or revise, found "never""#),
        BadLine(
            8, #"  - {match: a, model: pump, every: 1s, lateness: 1h, gaps: {limit: 1d}}"#,
            "8:50: streams[0].lateness: expected at most 1000 ticks of 1s, found 1h",
            "8:68: streams[0].gaps.limit: expected at most 10000 ticks of 1s, found 1d"),
        BadLine(
            8, #"  - {match: a, model: pump, every: 1s, gaps: {fill: seasonal}}"#,
            #"8:5: streams[0]: missing key "season": gaps.fill: seasonal takes the value one season before; write the "#
                + "season in ticks, or as a duration"),
        BadLine(
            8, #"  - {match: a, model: pump, every: 1s, adapt: off, season: 5, window_length: 9}"#,
            "8:60: streams[0].season: only for gaps.fill: seasonal, for adapt: light or full, and for anomaly"
        ),
        BadLine(
            8, #"  - {match: a, model: pump, every: 1s, gaps: {then: rewarm}, window_length: 0}"#,
            "8:77: streams[0].window_length: gaps.then: rewarm runs over the window: expected at least 1 tick, "
                + "found 0"),
        BadLine(
            8, #"  - {match: a, model: pump, window_length: 5m}"#,
            "8:44: streams[0].window_length: expected a number of ticks, found a duration: with every: event "
                + "each value is a tick"),
        BadLine(
            8, #"  - {match: a, model: pump, scale: window, half_life: 5, window_length: 1}"#,
            "8:55: streams[0].half_life: only for scale: rolling; this rule has window",
            "8:73: streams[0].window_length: scale: window takes mean and deviation of the window: expected at "
                + "least 2 ticks, found 1"),
        BadLine(
            8, #"  - {match: a, model: pump, window_length: 100001}"#,
            "8:44: streams[0].window_length: expected a whole number from 0 to 100000, found \"100001\""),
        BadLine(
            8, #"  - {match: a, model: pump, every: auto, gaps: {fill: seasonal}, season: 1m}"#,
            "8:74: streams[0].season: expected a number of ticks, found a duration: with every: auto the period is "
                + "not known yet"),
        BadLine(
            8,
            #"  - {match: a, model: pump, every: 1s, gaps: {fill: seasonal}, season: 1m, window_length: 7}"#,
            "8:91: streams[0].window_length: 7 ticks are less than the season of 60"),
        BadLine(
            8, #"  - {match: a, model: pump, every: 1m, gaps: {then: rewarm}, window_length: 1s}"#,
            "8:77: streams[0].window_length: expected 1 to 100000 whole ticks, found 0"),
        BadLine(
            8, #"  - {match: a, model: pump, every: 1m, gaps: {fill: zero, then: rewarn}}"#,
            #"8:53: streams[0].gaps.fill: expected hold, linear, seasonal, forecast or skip, found "zero""#,
            #"8:65: streams[0].gaps.then: expected reset or rewarm, found "rewarn"; did you mean "rewarm"?"#),
    ]

    static let adaptations = [
        BadLine(
            8, #"  - {match: a, model: pump, anomaly: {direction: up}}"#,
            #"8:50: streams[0].anomaly.direction: expected both, above or below, found "up""#),
        BadLine(
            8, #"  - {match: a, model: pump, anomaly: {false_alarms: 0.1}}"#,
            "8:53: streams[0].anomaly.false_alarms: expected a share of the values from 1e-06 to 0.01, found \"0.1\""
        ),
        BadLine(
            8, #"  - {match: a, model: pump, anomaly: {debounce: 0}}"#,
            "8:49: streams[0].anomaly.debounce: expected a whole number from 1 to 1000000, found \"0\""),
        BadLine(
            8, #"  - {match: a, model: pump, anomaly: {minimum_deviation: -1}}"#,
            "8:58: streams[0].anomaly.minimum_deviation: expected a number from 0 up, found \"-1\""),
        BadLine(
            8, #"  - {match: a, model: pump, every: 1s, late: revise, anomaly: {}}"#,
            "8:46: streams[0].late: expected drop, found revise: an alarm (anomaly) is not taken back"),
        BadLine(
            4, #"  forecasts: {socket: pub, bind: ["tcp://127.0.0.1:5557"], anomalies: only}"#,
            "4:71: outputs.forecasts.anomalies: there are no alarms: no rule looks for anomalies; give one the key "
                + "anomaly, as anomaly: {debounce: 3}"),
        BadLine(
            8, #"  - {match: a, model: pump, adapt: lots}"#,
            #"8:36: streams[0].adapt: expected off, light or full, found "lots""#),
        BadLine(
            8, #"  - {match: a, model: pump, adapt: off, levels: [0.9]}"#,
            "8:49: streams[0].levels: only for adapt: light or full; this rule has off"),
        BadLine(
            8, #"  - {match: a, model: pump, every: 1s, late: revise, levels: [0.9], season: 5}"#,
            "8:62: streams[0].levels: only for adapt: light or full; this rule has off, because of its late",
            "8:77: streams[0].season: only for gaps.fill: seasonal, for adapt: light or full, and for anomaly"
        ),
        BadLine(
            8, #"  - {match: a, model: pump, adapt: off, mix: boa}"#,
            "8:46: streams[0].mix: only for adapt: light or full; this rule has off"),
        BadLine(
            8, #"  - {match: a, model: pump, adapt: light, mix: ewa}"#,
            #"8:48: streams[0].mix: expected mlpol or boa, found "ewa""#),
        BadLine(
            8, #"  - {match: "a.*", model: pump, adapt: off, related: "a.*"}"#,
            "8:54: streams[0].related: only for adapt: light or full; this rule has off"),
        BadLine(
            8, #"  - {match: "a.*", model: pump, adapt: light, related: "$2.*"}"#,
            #"8:56: streams[0].related: expected $1, the wildcards of "a.*", found "$2.*""#),
        BadLine(
            8, #"  - {match: "a.*", model: pump, adapt: light, related: "a b"}"#,
            "8:56: streams[0].related: expected the id of a stream (A-Z a-z 0-9 . _ : / - * ?), with $1 for what the "
                + #"first * of match stands for, found "a b""#),
        BadLine(
            8, #"  - {match: a, model: pump, adapt: light, levels: [0.9, 1]}"#,
            "8:57: streams[0].levels[1]: expected a number above 0 and below 1, found \"1\""),
        BadLine(
            8, #"  - {match: a, model: pump, adapt: light, levels: [0.9, 0.9]}"#,
            "8:51: streams[0].levels: expected 1 to 8 different shares, as [0.8, 0.95], found 2"),
        BadLine(
            8, #"  - {match: a, model: pump, adapt: light, season: 1h}"#,
            "8:51: streams[0].season: expected a number of ticks, found a duration: with every: event each value is "
                + "a tick"),
        BadLine(
            8, #"  - {match: a, model: pump, adapt: full, season: 1}"#,
            "8:50: streams[0].season: expected 2 to 100000 ticks with adapt, found 1"),
        BadLine(
            8, #"  - {match: a, model: pump, adapt: full, season: auto, season_limit: 3}"#,
            "8:70: streams[0].season_limit: expected a whole number from 4 to 4096, found \"3\""),
        BadLine(
            8, #"  - {match: a, model: pump, adapt: full, season: 12, season_limit: 30}"#,
            "8:68: streams[0].season_limit: only for season: auto"),
        BadLine(
            8, #"  - {match: a, model: pump, adapt: full, every: 1s, gaps: {fill: seasonal}, season: auto}"#,
            "8:85: streams[0].season: expected a number of ticks, or a duration, with gaps.fill: seasonal, found auto"
        ),
        BadLine(
            8, #"  - {match: a, model: pump, adapt: off, every: 1s, season: auto}"#,
            "8:60: streams[0].season: auto is only for adapt: light or full; write the season, or leave it out"
        ),
        BadLine(
            8, #"  - {match: a, model: pump, adapt: off, season: auto, anomaly: {}}"#,
            "8:49: streams[0].season: auto is only for adapt: light or full; write the season, or leave it out"
        ),
        BadLine(
            8, #"  - {match: a, model: pump, adapt: full, horizon: 600}"#,
            "8:51: streams[0].horizon: expected at most 512 with adapt, found 600"),
        BadLine(
            8, #"  - {match: a, model: pump, adapt: full, every: 1s, late: revise}"#,
            "8:59: streams[0].late: expected drop, found revise: what a stream has learned (adapt) is not taken back"
        ),
    ]

    static let badValues = [
        BadLine(
            8, #"  - {match: a, model: pump, values: {reject: -9999}}"#,
            #"8:46: streams[0].values.reject: expected a list of numbers, found "-9999"; did you mean [-9999]?"#
        ),
        BadLine(
            8, #"  - {match: a, model: pump, values: {reject: [1, x], minimum: 5, maximum: 4}}"#,
            #"8:50: streams[0].values.reject[1]: expected a number, found "x""#,
            "8:75: streams[0].values.maximum: expected a number from minimum (5.0) up"),
        BadLine(
            8,
            "  - {match: a, model: pump, values: {reject: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17]}}",
            "8:46: streams[0].values.reject: expected at most 16 numbers, found 17: use minimum and maximum"),
        BadLine(
            8, #"  - {match: a, model: pump, values: {rate: 0, stuck: 0}}"#,
            #"8:44: streams[0].values.rate: expected a number above 0, the largest change in a second, found "0""#,
            #"8:54: streams[0].values.stuck: expected a whole number from 1 to 1000000000, found "0""#),
        BadLine(
            8, #"  - {match: a, model: pump, values: {stuck: long, range: [0, 1]}}"#,
            "8:45: streams[0].values.stuck: expected a number of values or a duration from 1ms to 366d with its "
                + #"unit (ms, s, m, h or d), as 5s, found "long""#,
            #"8:51: streams[0].values: unknown key "range"; known keys: reject, minimum, maximum, rate, stuck"#
        ),
    ]

    @Test func allProblemsAreReportedInTheOrderOfTheFile() {
        let text = """
            log: {level: loud}
            streams:
              - match: "plant.*"
                model: pumpp
                warmup: soon
            models:
              pump: {mode: statefull}
            inputs:
              plant:
                socket: sub
                conect: [tcp://127.0.0.1:5556]
            """
        #expect(
            ConfigurationSample.problems(text) == [
                #"f.yaml:1:1: missing key "outputs": where forecasts go"#,
                "f.yaml:1:14: log.level: expected trace, debug, info, notice, warning, error or critical, found "
                    + #""loud""#,
                #"f.yaml:4:12: streams[0].model: expected the name of a model (pump), found "pumpp"; did you mean "#
                    + #""pump"?"#,
                #"f.yaml:5:13: streams[0].warmup: expected a whole number from 0 to 1000000000, found "soon""#,
                #"f.yaml:7:3: models.pump: missing key "weights": the path of the safetensors file"#,
                "f.yaml:7:16: models.pump.mode: expected stateful or window, found \"statefull\"; did you mean "
                    + "\"stateful\"?",
                #"f.yaml:9:3: inputs.plant: missing key "connect" or "bind": the endpoints, as connect: "#
                    + #"["tcp://127.0.0.1:5556"]"#,
                #"f.yaml:11:5: inputs.plant: unknown key "conect"; did you mean "connect"?"#,
            ])
    }

    @Test func hundredsOfProblemsAreCounted() {
        let rules = String(repeating: "\n  - {match: a b, model: pump}", count: 200)
        let problems = ConfigurationSample.problems(ConfigurationSample.text(8, rules))
        #expect(problems.count == 51)
        #expect(problems.last == "and 150 more problems")
    }

    @Test func problemsCarryTheirPlaceAsValues() {
        let text = ConfigurationSample.text(9, "streams_limit: 0")
        let problem = ConfigurationProblem(
            file: "f.yaml", line: 9, column: 16, path: "streams_limit",
            message: #"expected a whole number from 1 to 10000000, found "0""#)
        #expect(throws: ConfigurationError.invalid([problem])) {
            try DaemonConfiguration.parse(text, file: "f.yaml")
        }
    }
}
