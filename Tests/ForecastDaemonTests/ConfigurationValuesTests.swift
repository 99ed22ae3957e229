// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import ForecastDaemon
import Forecasting
import RecurrentKernels
import Testing
import WireFormat

@Suite struct ConfigurationValuesTests {
    private static func input(_ settings: String) throws -> InputConfiguration {
        let text = ConfigurationSample.text(2, "  plant: {socket: sub, bind: [ipc:///x], \(settings)}")
        return try DaemonConfiguration.parse(text, file: "f.yaml").inputs[0]
    }

    @Test(arguments: [
        ("500ms", Duration.milliseconds(500)), ("5s", .seconds(5)), ("1m", .seconds(60)),
        ("60s", .seconds(60)), ("'5s'", .seconds(5)), ("60000ms", .seconds(60)),
    ])
    func durationsHaveUnits(text: String, duration: Duration) throws {
        #expect(try Self.input("handshake_timeout: \(text)").connection.handshakeTimeout == duration)
    }

    @Test func anomaliesAreLookedForWhereTheKeyIs() throws {
        let rule = "  - {match: a, model: pump, season: 24, anomaly: "
        let text = ConfigurationSample.text(8, rule + "{direction: below, debounce: 3}}")
        let policy = try #require(try DaemonConfiguration.parse(text, file: "f.yaml").streams[0].anomalies)
        var expected = AnomalyPolicy()
        (expected.direction, expected.debounce) = (.below, 3)
        #expect(policy == expected)
        let usual = try DaemonConfiguration.parse(ConfigurationSample.text(8, rule + "{}}"), file: "f.yaml")
        #expect(usual.streams[0].anomalies == AnomalyPolicy())
        let bare = try DaemonConfiguration.parse(ConfigurationSample.text(), file: "f.yaml")
        #expect(bare.streams[0].anomalies == nil)
    }

    @Test(arguments: [
        ("127.0.0.1:8080", "127.0.0.1", 8080), ("localhost:1", "localhost", 1),
        ("127.9.9.9:65535", "127.9.9.9", 65535),
        ("[::1]:8080", "::1", 8080),
    ])
    func httpHasAnAddress(bind: String, host: String, port: Int) throws {
        let text = ConfigurationSample.text(9, "http: {bind: \"\(bind)\"}")
        let http = try #require(try DaemonConfiguration.parse(text, file: "f.yaml").http)
        #expect(http.host == host && http.port == port && !http.isInsecure && http.authority == bind)
    }

    @Test func httpIsOffUnlessItIsAskedFor() throws {
        #expect(try DaemonConfiguration.parse(ConfigurationSample.text(), file: "f.yaml").http == nil)
        let text = ConfigurationSample.text(9, "http: {bind: \"0.0.0.0:80\", insecure: true}")
        let http = try #require(try DaemonConfiguration.parse(text, file: "f.yaml").http)
        #expect(http.host == "0.0.0.0" && http.isInsecure)
    }

    @Test func stateIsKeptWhereTheKeyIs() throws {
        #expect(try DaemonConfiguration.parse(ConfigurationSample.text(), file: "f.yaml").state == nil)
        func state(_ keys: String) throws -> StateConfiguration? {
            let text = ConfigurationSample.text(9, "state: {\(keys)}")
            return try DaemonConfiguration.parse(text, file: "/etc/f/f.yaml").state
        }
        let usual = try #require(try state("directory: /var/lib/f"))
        #expect(usual.directory == "/var/lib/f" && usual.durability == .interval)
        #expect(usual.snapshotEvery == .seconds(60) && usual.ballast == 64 << 20)
        #expect(usual.spillLimit == 1 << 30)
        #expect(try state("directory: a, spill_limit: 0B")?.spillLimit == 0)
        let kept = try #require(try state("directory: kept, durability: commit, snapshot_after: 1GiB"))
        #expect(kept.directory == "/etc/f/kept" && kept.durability == .commit)
        #expect(kept.snapshotAfter == 1 << 30)
    }

    @Test(arguments: [("", nil), (", idle_ttl: off", nil), (", idle_ttl: 1d", 86_400)] as [(String, Int?)])
    func idleStreamsStayUnlessToldOtherwise(key: String, seconds: Int?) throws {
        let rule = #"  - {match: "*", model: pump\#(key)}"#
        let configuration = try DaemonConfiguration.parse(
            ConfigurationSample.text(8, rule), file: "f.yaml")
        #expect(configuration.streams[0].idleLimit == seconds.map { .seconds($0) })
    }

    @Test(arguments: [("2h", 7200), ("1d", 86_400), ("366d", 31_622_400), ("0s", 0)])
    func longDurationsHaveUnits(text: String, seconds: Int) throws {
        let rule = #"  - {match: "*", model: pump, maximum_skew: \#(text)}"#
        let configuration = try DaemonConfiguration.parse(
            ConfigurationSample.text(8, rule), file: "f.yaml")
        #expect(configuration.streams[0].maximumSkew == .seconds(seconds))
    }

    @Test(arguments: [
        ("256B", 256), ("64KiB", 65_536), ("1MiB", 1 << 20), ("1GiB", 1 << 30), ("1000000B", 1_000_000),
    ])
    func sizesHaveUnits(text: String, bytes: Int) throws {
        #expect(try Self.input("maximum_message_size: \(text)").maximumMessageSize == bytes)
    }

    /// Left out, forecasts are adapted where nothing stands against it.
    @Test(
        arguments: [
            ("", .light), ("adapt: light", .light), ("adapt: full", .full), ("adapt: off", nil),
            ("every: 1s, late: revise", nil), ("horizon: 513", nil), ("horizon: 512", .light),
            ("every: 1s, late: drop", .light), ("season: 24", .light),
            ("every: 1s, gaps: {fill: seasonal}, season: 1", nil),
        ] as [(String, Adaptation.Depth?)])
    func forecastsAreAdaptedUnlessTheRuleSaysOtherwise(settings: String, depth: Adaptation.Depth?) throws {
        let rule = "  - {match: a, model: pump, \(settings)}"
        let text = ConfigurationSample.text(8, rule)
        let adaptation = try DaemonConfiguration.parse(text, file: "f.yaml").streams[0].adaptation
        #expect(adaptation?.depth == depth)
        #expect(depth == nil || adaptation?.isStated == settings.contains("adapt"))
    }

    /// What is almost a duration is none; a unit that can be guessed is offered.
    @Test(arguments: [
        ("5", ""), ("5 s", "5s"), ("5S", "5s"), ("5sec", "5s"), ("5min", "5m"), ("5minutes", "5m"),
        ("5msec", "5ms"), ("5milliseconds", "5ms"), ("5hours", "5h"), ("5 days", "5d"), ("5parsec", ""),
        ("1.5s", ""), ("-5s", ""), ("05s", ""), ("+5s", ""), ("1e3s", ""), ("5_0s", ""), ("s", ""),
        ("99999999999999999999s", ""), ("٥s", ""), ("9223372036854775807d", ""),
    ])
    func otherDurationsAreRefused(text: String, suggestion: String) throws {
        let problems = ConfigurationSample.problems(
            ConfigurationSample.text(9, "log: {drops_every: \(text)}"))
        try #require(problems.count == 1)
        #expect(problems[0].hasPrefix("f.yaml:9:20: log.drops_every: expected a duration from 1s to 1h"))
        #expect(problems[0].contains("did you mean") == !suggestion.isEmpty)
        #expect(suggestion.isEmpty || problems[0].hasSuffix(#"; did you mean "\#(suggestion)"?"#))
    }

    @Test(arguments: [
        "+5", "05", "5.0", "5e1", "0x5", "0b1", "5_0", "1:30", "-5", ".5", "99999999999999999999", "٥",
    ])
    func otherNumbersAreRefused(text: String) {
        let problems = ConfigurationSample.problems(ConfigurationSample.text(9, "streams_limit: \(text)"))
        let expected = "expected a whole number from 1 to 10000000, found \"\(text)\""
        #expect(problems == ["f.yaml:9:16: streams_limit: \(expected)"])
    }

    @Test(arguments: [
        "tcp://127.0.0.1:5556", "tcp://plant.example:1", "tcp://[::1]:65535", "tcp://[fe80::1%eth0]:5556",
        "ipc:///run/forecastd/in", "ipc://relative", "ipc://@abstract",
    ])
    func endpointsCanBeConnectedTo(endpoint: String) throws {
        let input = try Self.input("connect: [\"\(endpoint)\"]")
        #expect(input.connection.connect == [endpoint])
    }

    @Test(arguments: ["tcp://*:5557", "tcp://eth0:5557", "tcp://127.0.0.1:*", "tcp://[::]:5557", "ipc:///a"])
    func endpointsCanBeBound(endpoint: String) throws {
        let isLocal = ["tcp://127.0.0.1:*", "ipc:///a"].contains(endpoint)
        let key = isLocal ? "" : ", insecure: true"
        let text = ConfigurationSample.text(4, "  forecasts: {socket: pub, bind: [\"\(endpoint)\"]\(key)}")
        let configuration = try DaemonConfiguration.parse(text, file: "f.yaml")
        #expect(configuration.outputs[0].connection.bind == [endpoint])
    }

    @Test(arguments: [
        ("127.0.0.1:5556", #"; did you mean "tcp://127.0.0.1:5556"?"#),
        ("tpc://a:1", #"did you mean "tcp://a:1"?"#),
        ("plant", #"or ipc:///run/forecastd/in, found "plant""#),
        ("http://a:1", "begins with tcp:// or ipc://"),
        ("inproc://a", "inproc reaches nothing outside of the process"), ("udp://a:1", "tcp:// or ipc://"),
        ("tcp://a", "with a port from 1 to 65535"), ("tcp://a:0", "with a port from 1 to 65535"),
        ("tcp://a:65536", "with a port from 1 to 65535"), ("tcp://a:*", "with a port from 1 to 65535"),
        ("tcp://a:05", "with a port from 1 to 65535"), ("tcp://*:5", "a host name or address to connect to"),
        ("tcp://:5", "a host name or address to connect to"), ("tcp://a b:5", "a host name or address"),
        ("tcp://::1:5", "(IPv6 in [brackets])"), ("tcp://[]:5", "(IPv6 in [brackets])"),
        ("ipc://", "a path of 1 to 107 bytes"), ("", "expected an endpoint"),
        ("ipc://" + String(repeating: "x", count: 108), "a path of 1 to 107 bytes"),
    ])
    func otherEndpointsAreRefused(endpoint: String, part: String) throws {
        let problems = ConfigurationSample.problems(
            ConfigurationSample.text(2, "  plant: {socket: sub, connect: [\"\(endpoint)\"]}"))
        try #require(problems.count == 1)
        #expect(problems[0].hasPrefix("f.yaml:2:34: inputs.plant.connect[0]: expected "))
        #expect(problems[0].contains(part))
    }

    @Test(arguments: [
        "*", "plant.*.temp", "?", "a:b/c_d-e.f", "**", String(repeating: "x", count: 128) + "*",
    ])
    func patternsCanMatch(pattern: String) throws {
        let text = ConfigurationSample.text(8, "  - {match: \"\(pattern)\", model: pump}")
        #expect(try DaemonConfiguration.parse(text, file: "f.yaml").streams[0].match == pattern)
    }

    @Test(arguments: ["a b", "a,b", "[ab]", "ä", "a\\tb", String(repeating: "x", count: 129), "{a,b}"])
    func otherPatternsAreRefused(pattern: String) {
        let text = ConfigurationSample.text(8, "  - {match: \"\(pattern)\", model: pump}")
        #expect(ConfigurationSample.problems(text).count == 1)
    }

    @Test func formatsHaveTheirSettings() throws {
        let json = try Self.input("fields: {time: [t], values: v}, time_unit: ms")
        guard case .json(let fields, numbersAsText: false) = json.format else {
            Issue.record("\(json.format)")
            return
        }
        #expect(fields.time == ["t"] && fields.value == ["value", "y"] && fields.values == "v")
        #expect(json.timeUnit == .ms)
        #expect(try Self.input("format: text").format == .text([.value]))
        let text = try Self.input("format: text, columns: [ts, skip, value]")
        #expect(text.format == .text([.ts, .skip, .value]))
        let pointers = try Self.input(#"fields: {value: ["/data/0/value"]}, numbers_as_text: true"#)
        #expect(pointers.format == .json(FieldNames(value: ["/data/0/value"]), numbersAsText: true))
        let messagePack = try Self.input("format: msgpack, fields: {time: [when]}")
        #expect(messagePack.format == .messagePack(FieldNames(time: ["when"])))
        #expect(try Self.input("format: f32").format == .float32([.value]))
        let doubles = try Self.input("format: f64, columns: [ts, .temp, .hum], time_unit: ms")
        #expect(doubles.format == .float64([.ts, .named("temp"), .named("hum")]))
        #expect(doubles.timeUnit == .ms)
    }

    @Test func theUnitOfTimesIsThatOfTheFormat() throws {
        #expect(try Self.input("format: json").timeUnit == .s)
        #expect(try Self.input("format: lineprotocol").timeUnit == .ns)
        #expect(try Self.input("format: lineprotocol, time_unit: s").timeUnit == .s)
        #expect(try Self.input("format: lineprotocol").format == .lineProtocol)
    }

    @Test func forecastsCanBeMessagePack() throws {
        let text = ConfigurationSample.text(
            4, "  forecasts: {socket: pub, bind: [ipc:///x], format: msgpack}")
        #expect(try DaemonConfiguration.parse(text, file: "f").outputs[0].format == .messagePack)
    }

    @Test(arguments: [
        ("f.yaml", "pump.safetensors"), ("config/f.yaml", "config/pump.safetensors"),
        ("/etc/forecastd.yaml", "/etc/pump.safetensors"), ("./f.yaml", "./pump.safetensors"),
    ])
    func weightsStandBesideTheFile(file: String, weights: String) throws {
        #expect(
            try DaemonConfiguration.parse(ConfigurationSample.text(), file: file).models[0].weights == weights
        )
        let absolute = ConfigurationSample.text(6, "  pump: {weights: /var/a.safetensors}")
        #expect(try DaemonConfiguration.parse(absolute, file: file).models[0].weights == "/var/a.safetensors")
    }

    @Test(arguments: Precision.allCases) func precisionsAreWords(precision: Precision) throws {
        let text = ConfigurationSample.text(6, "  pump: {weights: a, precision: \(precision)}")
        #expect(try DaemonConfiguration.parse(text, file: "f").models[0].precision == precision)
    }

    @Test func inputsAreTextsOrMappings() throws {
        let text = ConfigurationSample.text(
            8,
            #"""
              - match: "a.*.t"
                model: pump
                every: 2s
                wait: 5s
                time_zone: Asia/Kathmandu
                inputs_from:
                  - "a.$1.t"
                  - {stream: "b.$1", name: pressure, fill: mean, aggregate: max}
                  - calendar.weekday
            """#)
        let rule = try DaemonConfiguration.parse(text, file: "f").streams[0]
        let inputs = try #require(rule.inputs)
        let pressure = inputs.entries[1]
        #expect(inputs.entries.map(\.source) == [.stream("a.$1.t"), .stream("b.$1"), .calendar(.weekday)])
        #expect(pressure.name == "pressure" && pressure.fill == .mean && pressure.aggregate == .max)
        #expect(inputs.entries[0].name == nil && inputs.entries[0].aggregate == nil)
        #expect(inputs.wait == .seconds(5) && inputs.timeZone == "Asia/Kathmandu")
    }

    @Test func modesAndScalesCarryTheirNumbers() throws {
        let window = ConfigurationSample.text(6, "  pump: {weights: a, mode: window, window: 64}")
        #expect(try DaemonConfiguration.parse(window, file: "f").models[0].mode == .window(64))
        for (settings, scale) in [
            ("scale: none", StreamRuleConfiguration.Scale.unscaled), ("scale: model", .model),
            ("half_life: 5", .rolling(halfLife: 5)), ("scale: window", .window),
        ] {
            let text = ConfigurationSample.text(8, "  - {match: a, model: pump, \(settings), horizon: 3}")
            let rule = try DaemonConfiguration.parse(text, file: "f").streams[0]
            #expect(rule.scale == scale)
            #expect(rule.horizon == 3)
        }
    }
}
