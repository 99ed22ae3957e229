// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import ForecastDaemon
import Forecasting
import Foundation
import Testing

/// Rules and models brought together, and what `check` says of them.
@Suite struct PreparedDaemonTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// A daemon with two models, `one` and `three` (by its outputs), and the rules given.
    private func prepared(
        _ rules: String, metadata: [String: String] = [:], inputs: Int = 1, more: String = "",
        outputKeys: String = ""
    ) throws -> PreparedDaemon {
        try folder.write("one", try ModelSample(inputs: inputs, metadata: metadata).bytes())
        try folder.write("three", try ModelSample(outputs: 3).bytes())
        let text = """
            inputs: {plant: {socket: sub, connect: ["tcp://127.0.0.1:5556"]}}
            outputs: {forecasts: {socket: pub, bind: ["tcp://127.0.0.1:5557"]\(outputKeys)}}
            models:
              one: {weights: one}
              three: {weights: three, mode: window, window: 8}
            streams: [\(rules)]
            \(more)
            """
        return try PreparedDaemon(
            try DaemonConfiguration.parse(text, file: "\(folder.path)/f.yaml"))
    }

    @Test func rulesTakeWhatTheModelsSay() throws {
        let metadata = ["mean": "5", "std": "2", "half_life": "120", "target": "difference"]
        let plan = try prepared(
            """
            {match: "a.*", model: one, horizon: 7}, {match: "b.*", model: one, scale: model},
            {match: "c.*", model: one, half_life: 9}, {match: "d.*", model: three, warmup: 3},
            {match: "e.*", model: three, scale: fixed, mean: 1, std: 4, horizon: 2},
            {match: "*", model: three, scale: none, maximum_skew: 2s}
            """, metadata: metadata
        ).forecasts
        #expect(plan.rules.map(\.model) == [0, 0, 0, 1, 1, 1])
        #expect(plan.rules.map(\.horizon) == [7, 1, 1, 3, 2, 3])
        #expect(
            plan.rules.map(\.scaling) == [
                .rolling(halfLife: 120), .fixed(mean: 5, deviation: 2), .rolling(halfLife: 9),
                .rolling(halfLife: 600), .fixed(mean: 1, deviation: 4), .none,
            ])
        #expect(plan.rules.map(\.warmup) == [24, 24, 24, 3, 24, 24])
        #expect(plan.rules[5].maximumSkew == 2_000_000_000)
        #expect(plan.models.map(\.target) == [.difference, .value])
    }

    @Test(arguments: [
        ("model: one", 64), ("window_length: 0", 0), ("window_length: 100000", 100_000),
        ("every: 5s, window_length: 1m", 12), ("every: auto, window_length: 9", 9),
        ("every: 1h, gaps: {fill: seasonal}, season: 1d", 24),
    ])
    func windowsAreInTicks(settings: String, length: Int) throws {
        let model = settings.contains("model") ? "" : ", model: one"
        let prepared = try prepared("{match: a\(model), \(settings)}")
        #expect(prepared.forecasts.rules[0].time.windowLength == length)
    }

    @Test func rulesOfTimeAreInForce() throws {
        let prepared = try prepared(
            """
            {match: "a.*", model: one, adapt: off}, {match: "b.*", model: one, every: auto, late: revise},
            {match: "c.*", model: one, every: 1m, aggregate: mean, lateness: 90s, late: revise, revise_limit: 3m,
              gaps: {fill: seasonal, limit: 1h,
              then: rewarm}, season: 1d, window_length: 2880}
            """)
        let policies = prepared.forecasts.rules.map(\.time)
        var event = TimePolicy()
        event.windowLength = 64
        #expect(policies[0] == event)
        #expect(policies[1].every == .auto && policies[1].windowLength == 64 && policies[1].limit == nil)
        #expect(policies[2].every == .period(60_000_000_000) && policies[2].lateness == 90_000_000_000)
        #expect(policies[2].season == 1440 && policies[2].windowLength == 2880)
        #expect(policies.map(\.reviseLimit) == [0, 8, 3])
        #expect(policies[2].limit == 3_600_000_000_000 && policies[2].renewal == .rewarm)
        #expect(
            lines(CheckReport(prepared), beginningWith: "every") == [
                "every event, window of 64 ticks",
                "every auto (last), lateness 0ms, late values revise up to 8 ticks, gaps hold up to 10 ticks then reset, "
                    + "window of 64 ticks",
                "every 1m (mean), lateness 90s, late values revise up to 3 ticks, gaps seasonal of 1440 ticks up to 1h "
                    + "then rewarm, window of 2880 ticks",
            ])
        let bytes = prepared.forecasts.rules.map { prepared.forecasts.bytesPerStream(rule: $0) }
        #expect(bytes[0] < bytes[1] && bytes[1] < bytes[2])
    }

    /// What nobody asked for gives way to what was; what was asked for and cannot be had is said.
    @Test func rulesOfAdaptationAreInForce() throws {
        let prepared = try prepared(
            """
            {match: "a.*", model: one, every: 1h, season: 1d}, {match: "b.*", model: one, every: 1s, late: revise},
            {match: "c.*", model: one, adapt: full, levels: [0.9, 0.5], mix: boa, related: "c.?"},
            {match: "d.*", model: one, adapt: off}
            """)
        let rules = prepared.forecasts.rules
        let related = try IdentifierTemplate("c.?", of: try Glob("c.*"), isPattern: true)
        #expect(
            rules.map(\.adaptation) == [
                Adaptation(depth: .light, season: 24, horizon: 1, levels: [0.8, 0.95]), nil,
                Adaptation(
                    depth: .full, season: 0, horizon: 1, levels: [0.5, 0.9], mix: .boa, related: related),
                nil,
            ])
        #expect(
            lines(CheckReport(prepared), beginningWith: "adapted", "not adapted") == [
                "adapted (light, mlpol, season of 24 ticks), intervals for 0.8, 0.95",
                "not adapted: late: expected drop, found revise: what a stream has learned (adapt) is not taken back",
                "adapted (full, boa, related to c.?), intervals for 0.5, 0.9", "not adapted: adapt: off",
            ])
        let json = try CheckReport(prepared).jsonText()
        #expect(json.contains(#""mix":"boa""#) && json.contains(#""not_adapted":"adapt: off""#))
    }

    @Test func aModelOfMoreOutputsThanCanBeAdaptedIsNot() throws {
        try folder.write("many", try ModelSample(outputs: 513).bytes())
        func prepare(_ settings: String) throws -> PreparedDaemon {
            let text = """
                inputs: {plant: {socket: sub, connect: ["tcp://127.0.0.1:5556"]}}
                outputs: {forecasts: {socket: pub, bind: ["tcp://127.0.0.1:5557"]}}
                models: {many: {weights: many}}
                streams: [{match: "*", model: many\(settings)}]
                """
            return try PreparedDaemon(
                try DaemonConfiguration.parse(text, file: "\(folder.path)/f.yaml"))
        }
        let plain = try prepare("")
        #expect(plain.forecasts.rules[0].adaptation == nil)
        #expect(
            lines(CheckReport(plain), beginningWith: "not adapted")
                == ["not adapted: the model's 513 outputs are more than 512"])
        #expect(try prepare(", horizon: 512").forecasts.rules[0].adaptation?.horizon == 512)
        let problem = #expect(throws: DaemonError.self) { try prepare(", adapt: light") }
        #expect(
            problem?.description.contains("expected a horizon of at most 512 with adapt, found 513") == true)
        // What is written beside an adapt that is not is not passed over.
        for (settings, key) in [
            ("levels: [0.9]", "levels"), ("mix: boa", "mix"), ("season: auto", "season: auto"),
        ] {
            let problem = #expect(throws: DaemonError.self) { try prepare(", " + settings) }
            let end =
                "with \(key), found 513, the outputs of the model: write a shorter one, or leave out \(key)"
            #expect(problem?.description.hasSuffix(end) == true)
        }
    }

    @Test func relatedStreamsAreOnOnePipeline() throws {
        let rule = #"{match: "a.*", model: one, adapt: light, related: "a.*"}"#
        let one = try prepared(rule, more: "pipelines: 1")
        #expect(one.forecasts.hasRelated)
        let problem = #expect(throws: DaemonError.self) { try prepared(rule, more: "pipelines: 3") }
        #expect(problem?.status == .configuration)
        #expect(
            problem?.description
                == "rule \"a.*\": related: streams that learn from each other are on one pipeline: expected "
                + "pipelines: 1, found 3; leave out one of both keys")
    }

    @Test func streamsThatLookAtOthersAreNotLetGo() throws {
        let rules = #"{match: "a.*", model: one, adapt: light, related: "a.*"}, {match: "*", model: one"#
        let state = "pipelines: 1\nstate: {directory: kept}"
        #expect(try prepared(rules + "}", more: state).forecasts.spillLimit == 0)
        let problem = #expect(throws: DaemonError.self) {
            try prepared(rules + ", idle_ttl: 1h}", more: state)
        }
        #expect(problem?.status == .configuration)
        #expect(
            problem?.description
                == "rule \"*\": idle_ttl: where inputs_from or related lets streams look at others, none is let go: "
                + "expected no idle_ttl in any rule; leave it out")
    }

    /// What the index of spilled streams takes is counted, whether there are any or not.
    @Test func checkSaysWhereStreamsGo() throws {
        let rule = #"{match: "*", model: one, idle_ttl: 90s}"#
        let without = CheckReport(try prepared(rule, more: "streams_limit: 10"))
        let prepared = try prepared(
            rule, more: "streams_limit: 10\nstate: {directory: kept, spill_limit: 512MiB}")
        let report = CheckReport(prepared)
        #expect(prepared.forecasts.bytesOfSpilled > (512 << 20) / 4096 * 48)
        #expect(report.memoryBytes > without.memoryBytes + prepared.forecasts.bytesOfSpilled)
        #expect(
            lines(report, beginningWith: "let go") == ["let go after 90s without a value"]
                && report.text.contains("at most 10 streams in memory, which take at most ")
                && report.text.contains(
                    ", the index of those included whose state is on disk, in at most 512MiB\n")
        )
        let json = try report.jsonText()
        #expect(json.contains(#""idle_ttl":90"#) && json.contains(#""spill_bytes":536870912"#))
    }

    @Test func rulesOfBadValuesAreInForce() throws {
        let prepared = try prepared(
            """
            {match: "a.*", model: one, lateness: 2s, values: {reject: [-9999, 0.5], minimum: -40, maximum: 1e3, rate: 5,
              stuck: 10m}},
            {match: "b.*", model: one, every: auto, lateness: 2s, values: {maximum: 7}},
            {match: "c.*", model: one, values: {stuck: 30}}, {match: "d.*", model: one, values: {}}
            """)
        let rules = prepared.forecasts.rules
        var first = ValuePolicy()
        (first.rejected, first.minimum, first.maximum) = ([-9999, 0.5], -40, 1000)
        (first.rate, first.stuck) = (5, .duration(600_000_000_000))
        #expect(rules[0].values == first && rules[0].time.lateness == 2_000_000_000)
        #expect(rules[0].time.every == .event && rules[1].time.lateness == 2_000_000_000)
        #expect(rules[1].values.maximum == 7 && rules[1].values.minimum == -.infinity)
        #expect(rules[2].values.stuck == .observations(30) && rules[3].values == ValuePolicy())
        #expect(
            lines(CheckReport(prepared), beginningWith: "values") == [
                "values not -9999.0 or 0.5, from -40.0, up to 1000.0, changing by at most 5.0 a second, "
                    + "staying the same for at most 10m",
                "values up to 7.0", "values staying the same for at most 30 values",
            ])
        #expect(
            lines(CheckReport(prepared), beginningWith: "every")[0]
                == "every event, lateness 2s, window of 64 ticks")
        let bytes = rules.map { prepared.forecasts.bytesPerStream(rule: $0) }
        // Observations that wait cost most, the last good value a little.
        #expect(bytes[0] - bytes[2] > 1500 && bytes[2] - bytes[3] == 32 && bytes[1] > bytes[2] + 1500)
    }

    private static let noMeans =
        "which has not both; write them there, or use scale: fixed or rolling"

    @Test(
        arguments: [
            (
                #"{match: "*", model: three, horizon: 4}"#, [:], 1,
                "expected a horizon of at most 3, the outputs of"
            ),
            (#"{match: "*", model: one, scale: model}"#, [:], 1, noMeans),
            (#"{match: "*", model: one, scale: model}"#, ["mean": "1"], 1, noMeans),
            (#"{match: "*", model: one, scale: model}"#, ["std": "1"], 1, noMeans),
            (#"{match: "*", model: one}"#, [:], 2, "expected a model with one input per tick, found"),
            (
                #"{match: "*", model: one}"#, ["inputs": "t, h"], 2,
                "one with 2 (t, h): write inputs_from, which says where they come from"
            ),
            (
                #"{match: "*", model: one, inputs_from: [{stream: "$1", name: t}, h]}"#, [:], 3,
                "found 2: t, h"
            ),
            (
                #"{match: "*", model: one, inputs_from: [{stream: "$1", name: t}, h]}"#, ["inputs": "t,p"], 2,
                "one names, t, p; inputs_from gives t, h"
            ),
            (
                #"{match: "*", model: one, inputs_from: [{stream: "$1", name: t}, h], horizon: 2}"#, [:], 2,
                "found 2: what inputs_from names is not known ahead"
            ),
            (
                #"{match: "*", model: one, inputs_from: [{stream: "$1", name: t}, h], scale: model}"#,
                ["mean": "1", "std": "1,2"], 2, "for each of the 2 inputs from the metadata"
            ),
        ] as [(String, [String: String], Int, String)])
    func rulesAndModelsThatDoNotFitAreNamed(
        rule: String, metadata: [String: String], inputs: Int, text: String
    ) throws {
        let problem = try #require(
            #expect(throws: DaemonError.self) {
                try prepared(rule, metadata: metadata, inputs: inputs)
            })
        #expect(problem.status == .configuration)
        #expect(problem.description.hasPrefix(#"rule "*": "#))
        #expect(problem.description.contains(text), "\(problem)")
    }

    /// Inputs stand in the model's order, with their scales; the rule's is that of the stream that is forecast.
    @Test func inputsAreBroughtIntoTheModelsOrder() throws {
        let rule = #"""
            {match: "a.*.t", model: one, every: 1s, aggregate: mean, scale: model, inputs_from: [calendar.hour,
              "a.$1.t", {stream: "b.$1", name: hum, fill: mean, aggregate: max}], time_zone: Europe/Berlin}
            """#
        let names = "hum, calendar.hour.cos, t, calendar.hour.sin"
        let prepared = try prepared(
            rule, metadata: ["inputs": names, "mean": "40,0,20,0.5", "std": "9,1,5,2"], inputs: 4)
        let plan = prepared.forecasts.rules[0]
        let inputs = try #require(plan.inputs)
        #expect(inputs.inputs.map(\.name).joined(separator: ", ") == names)
        #expect(
            inputs.inputs.map(\.scaling) == [
                .fixed(mean: 40, deviation: 9), .fixed(mean: 0, deviation: 1), .fixed(mean: 20, deviation: 5),
                .fixed(mean: 0.5, deviation: 2),
            ])
        #expect(plan.scaling == .fixed(mean: 20, deviation: 5) && plan.time.wait == 1_000_000_000)
        #expect(inputs.zone.offset(at: 1_751_000_000) == 7200)
        let text = CheckReport(prepared).text
        #expect(
            text.contains(
                "\n    inputs: hum from b.$1 (fill mean, max), calendar.hour.cos, t from a.$1.t, calendar.hour.sin; wait "
                    + "1s, time zone Europe/Berlin"), "\(text)")
        let json = try CheckReport(prepared).jsonText()
        #expect(json.contains(#""time_zone""#) && json.contains(#""b.$1""#))
    }

    @Test func withoutNamesTheListsOrderCounts() throws {
        let rule =
            #"{match: "*.t", model: one, inputs_from: [calendar.yearday, "$1.h", "$1.t"], half_life: 9}"#
        let plan = try prepared(rule, inputs: 4).forecasts.rules[0]
        #expect(
            plan.inputs?.inputs.map(\.name) == ["calendar.yearday.sin", "calendar.yearday.cos", "h", "t"])
        #expect(
            plan.inputs?.inputs.map(\.scaling) == [
                .none, .none, .rolling(halfLife: 9), .rolling(halfLife: 9),
            ])
        #expect(plan.time.wait == 1_000_000_000 && plan.inputs?.zone == .utc)
    }

    @Test func metadataThatAreWrongNameTheFile() throws {
        let problem = #expect(throws: DaemonError.self) {
            try prepared(#"{match: "*", model: one}"#, metadata: ["std": "0"])
        }
        #expect(problem?.status == .data)
        #expect(problem?.description.hasPrefix("\(folder.path)/one: metadata key \"std\"") == true)
    }

    @Test func whatOutputsKeepIsPredicted() throws {
        func report(_ outputKeys: String) throws -> CheckReport {
            try CheckReport(
                prepared(
                    #"{match: "*", model: one, horizon: 20, anomaly: {}}"#, more: "streams_limit: 10000",
                    outputKeys: outputKeys))
        }
        let without = try report("")
        #expect(without.kept.isEmpty)
        let last = try report(", last_value: true").kept[0]
        #expect(last.lastValue && last.replay == nil)
        #expect((10_000 * 3000..<10_000 * 20_000).contains(last.bytes), "\(last)")
        #expect(try report(", last_value: true, anomalies: also").kept[0].bytes == 2 * last.bytes)
        let both = try report(#", last_value: true, replay: {bind: ["tcp://127.0.0.1:1"], limit: 5MiB}"#)
        #expect((both.kept[0].bytes - last.bytes) >> 20 == 5 && both.kept[0].replay == 5 << 20)
        #expect(both.memoryBytes == without.memoryBytes + both.kept[0].bytes)
        #expect(
            both.text.contains(
                "\noutput forecasts keeps the last forecast of each stream and the newest 5MiB of all, at most "
            ))
        #expect(try both.jsonText().contains(#""last_value":true"#))
    }

    @Test func aLogHasRoomForTheLongestForecast() throws {
        let problem = #expect(throws: DaemonError.self) {
            try prepared(
                #"{match: "*", model: one, horizon: 10000, adapt: off}"#,
                outputKeys: #", replay: {bind: ["tcp://127.0.0.1:1"], limit: 1MiB}"#)
        }
        #expect(
            problem?.description
                == "outputs.forecasts.replay.limit: expected at least 2MiB, four times the longest forecast of these "
                + "rules, found 1MiB")
    }

    @Test func checkSaysWhatIsInForce() throws {
        let report = CheckReport(
            try prepared(
                #"{match: "a.*", model: one, horizon: 5, scale: none}, {match: "*", model: three, warmup: 9}"#,
                more: "streams_limit: 10"))
        let lines = report.text.split(separator: "\n").map(String.init)
        #expect(lines.count == 15)
        #expect(lines[0] == "configuration and models are good; first match wins:")
        #expect(
            lines[1...3] == [
                "  a.*", "    model one, stateful, float32, scale none",
                "    horizon 5 by recursion, warm after 24 ticks",
            ])
        #expect(
            lines[7...9] == [
                "  *", "    model three, window of 8, float32, scale rolling (half-life 600 ticks)",
                "    horizon 3 by the model's outputs, warm after 9 ticks",
            ])
        #expect(lines[13] == "at most 10 streams, which take at most 1 MiB")
        #expect(lines[14] == "state is not kept: a restart begins anew (key state)")
        let json = try JSONSerialization.jsonObject(with: Data(try report.jsonText().utf8))
        let fields = try #require(json as? [String: Any])
        #expect(fields["streams_limit"] as? Int == 10)
        let rules = try #require(fields["rules"] as? [[String: Any]])
        #expect(rules.map { $0["match"] as? String } == ["a.*", "*"])
        #expect(rules.map { $0["recursion"] as? Bool } == [true, false])
        let bytes = try rules.map { try #require($0["bytes_per_stream"] as? Int) }
        #expect(bytes.allSatisfy { $0 > 0 })
        let memory = try #require(fields["memory_bytes"] as? Int)
        #expect(memory > 10 * (bytes.max() ?? 0), "what the batches take is counted, too")
        #expect(lines[6] == "    \(bytes[0]) bytes per stream")
    }

    /// The lines of a report that say so of a rule, without their indent.
    private func lines(_ report: CheckReport, beginningWith beginnings: String...) -> [String] {
        report.text.split(separator: "\n").map { String($0.drop { $0 == " " }) }
            .filter { line in beginnings.contains { line.hasPrefix($0) } }
    }
}
