// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import ForecastDaemon
import Testing
import ZeroMQ

/// What a reload says of a configuration, and which it refuses.
@Suite struct ReloadTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
        try folder.write("model", try ModelSample().bytes())
        try folder.write("other", try ModelSample(hidden: 5).bytes())
    }

    private static let text = """
        inputs: {plant: {socket: pull, bind: ["ipc:///tmp/a"]}, lab: {socket: pull, bind: ["ipc:///tmp/b"]}}
        outputs: {forecasts: {socket: pub, bind: ["ipc:///tmp/c"], last_value: true}}
        models: {pump: {weights: model}, fan: {weights: other}}
        streams:
          - {match: "a*", model: pump, horizon: 4}
          - {match: "b*", model: pump}
        pipelines: 2
        """

    private func prepared(_ text: String) throws -> PreparedDaemon {
        try PreparedDaemon(try DaemonConfiguration.parse(text, file: "\(folder.path)/f.yaml"))
    }

    /// Compares the sample with what it becomes when texts in it are replaced.
    private func reload(_ replacements: [String: String], sample: String = text) throws -> Reload {
        var new = sample
        for (old, text) in replacements {
            #expect(new.contains(old))
            new = new.replacing(old, with: text)
        }
        let running = try prepared(sample)
        let plan = running.pipelinePlan()
        return try Reload(to: try prepared(new), from: running, current: plan, start: plan)
    }

    @Test func theSameIsTheSame() throws {
        let report = try reload([:]).report
        #expect(report.isSame && report.text.hasPrefix("nothing has changed"))
        let running = try prepared(Self.text)
        let plan = running.pipelinePlan()
        try folder.write("other", try ModelSample(hidden: 6).bytes())
        let changed = try Reload(to: try prepared(Self.text), from: running, current: plan, start: plan)
        #expect(!changed.report.isSame)
    }

    @Test func rulesAreTold() throws {
        let report = try reload([
            #"{match: "a*", model: pump, horizon: 4}"#: #"{match: "c*", model: fan}"#,
            #"{match: "b*", model: pump}"#: #"{match: "b*", model: fan, on_model_change: keep}"#,
        ]).report
        #expect(report.rules.map(\.match) == ["c*", "b*"] && report.removed == ["a*"])
        #expect(report.rules.map(\.change) == ["new", "rewarmed"])
        #expect(report.rules[1].reason == "the model has another shape, mode or precision")
        let lines = report.text.split(separator: "\n")
        #expect(lines[0] == "a reload would put these rules in force, first match wins:")
        #expect(
            lines[2].hasPrefix("  b*  fan ")
                && lines[2].hasSuffix("rewarmed (changed: model): \(report.rules[1].reason!)"))
        #expect(lines[3] == "  a*  removed" && lines[4] == "streams: none have come")
    }

    /// What a rule says beside `horizon: 4`, before and after, and the keys that differ.
    static let changes: [(String, String, [String]?)] = [
        ("warmup: 3", "warmup: 4", nil),
        ("season: 24", "season: 12", ["season"]),
        ("season: 24, anomaly: {}", "season: 12, anomaly: {}", ["season"]),
        ("season: auto", "season: 24", ["season"]),
        ("levels: [0.8]", "levels: [0.8, 0.95]", ["levels"]),
        ("adapt: light", "adapt: full", ["adapt"]),
        ("adapt: off", "adapt: light", ["adapt"]),
        ("anomaly: {}", "anomaly: {debounce: 9}", ["anomaly"]),
        ("every: 1s", "every: 2s", ["every"]),
        ("every: 1s", "every: 1s, aggregate: mean", ["aggregate"]),
        ("every: 1s", "every: 1s, lateness: 2s, gaps: {limit: 5s}", ["lateness", "gaps"]),
        ("window_length: 10", "window_length: 20", ["window_length"]),
        ("every: 1s, adapt: off", "every: 1s, adapt: off, late: revise", ["late"]),
        ("scale: none", "scale: rolling, values: {minimum: 0}", ["values", "scale"]),
    ]

    @Test(arguments: changes) func theKeysThatDifferAreNamed(old: String, new: String, keys: [String]?) throws
    {
        let sample = Self.text.replacing("horizon: 4", with: "horizon: 4, \(old)")
        let rule = try reload([old: new], sample: sample).report.rules[0]
        #expect(rule.changed == keys && (rule.change == "unchanged") == (keys == nil))
    }

    @Test func manyStreamsAreWrittenInPart() throws {
        var report = try reload([#"{match: "b*", model: pump}"#: #"{match: "b*", model: fan}"#]).report
        report.list = (0..<50).map {
            .init(stream: "b\($0)", change: "rewarmed", before: "b*", after: "b*", changed: nil, reason: nil)
        }
        report.streams = ["rewarmed": 50, "unchanged": 3]
        let lines = report.text.split(separator: "\n")
        #expect(lines.contains("streams: 3 unchanged, 50 rewarmed"))
        #expect(lines.contains("  b39  rewarmed  b*"))
        #expect(!lines.contains(where: { $0.hasPrefix("  b40") }))
        #expect(lines.last == "  … and 10 more that are rewarmed (--json lists all)")
    }

    /// What cannot change while the daemon runs, and how the message names it.
    static let fixed: [(String, String, String)] = [
        ("ipc:///tmp/a", "ipc:///tmp/x", "expected inputs.plant as at"),
        (", lab: {socket: pull, bind: [\"ipc:///tmp/b\"]}", "", "expected inputs.lab as at"),
        ("last_value: true", "last_value: false", "expected outputs.forecasts as at"),
        ("pipelines: 2", "pipelines: 1", "expected pipelines as at"),
        ("pipelines: 2", "pipelines: 2\nstreams_limit: 5", "expected streams_limit as at"),
        ("pipelines: 2", "pipelines: 2\nlog: {level: debug}", "expected log as at"),
        ("pipelines: 2", "pipelines: 2\npipeline: {batch_limit: 5}", "expected pipeline as at"),
        (
            "pipelines: 2",
            "pipelines: 2\nhttp: {bind: \"127.0.0.1:1\"}\nstate: {directory: d}\ncontrol: {path: c}\n"
                + "curve: {secret_key: s, clients: c}",
            "expected http, state, control, curve as at"
        ),
        ("horizon: 4", "horizon: 900", "outputs.forecasts keeps forecasts"),
    ]

    @Test(arguments: fixed) func whatCannotChangeIsNamed(old: String, new: String, message: String) throws {
        do {
            _ = try reload([old: new])
            Issue.record("a reload was begun")
        } catch let error as DaemonError {
            #expect(error.status == .configuration && error.description.contains(message), "\(error)")
            #expect(error.description.contains("nothing was changed"))
        }
    }

    /// Keys that come and go are a change of their own.
    @Test func clientsAreTold() throws {
        let running = try prepared(Self.text)
        let (a, b, c) = (
            CurveKeyPair.random().publicKey, CurveKeyPair.random().publicKey, CurveKeyPair.random().publicKey
        )
        let before: [String: Set<CurveKey>] = ["inputs.lab": [a, b], "inputs.plant": [a]]
        let plan = running.pipelinePlan(keys: SocketKeys(.random(), clients: before))
        func report(_ clients: [String: Set<CurveKey>]?) throws -> ReloadReport {
            try Reload(to: running, from: running, current: plan, start: plan, clients: clients).report
        }
        for same in [nil, before] {
            let report = try report(same)
            #expect(report.isSame && report.clients == nil)
        }
        let changed = try report(["inputs.lab": [b, c], "inputs.plant": [a]])
        #expect(!changed.isSame && changed.keepsRules)
        #expect(changed.clients == [.init(socket: "inputs.lab", admitted: 1, revoked: 1)])
        #expect(
            changed.text.split(separator: "\n") == [
                "a reload would leave rules and models as they are",
                "clients of inputs.lab: 1 newly admitted, 1 revoked "
                    + "(all connections of this socket are cut; who is still admitted comes back)",
            ])
    }

    @Test func forecastsBeyondTheRoomBetweenPipelinesAreRefused() throws {
        let sample = Self.text.replacing(", last_value: true", with: "")
        do {
            _ = try reload(["horizon: 4": "horizon: 9000"], sample: sample)
            Issue.record("a reload was begun")
        } catch let error as DaemonError {
            #expect(error.description.contains("there are several pipelines"), "\(error)")
        }
        _ = try reload(["horizon: 4": "horizon: 5"], sample: sample)
    }

    @Test func streamsThatAreRelatedAreNotHandedOver() throws {
        let sample = Self.text.replacing("pipelines: 2", with: "")
            .replacing("horizon: 4", with: #"related: "a*""#)
        #expect(try reload([:], sample: sample).report.isSame)
        do {
            _ = try reload([#"{match: "b*", model: pump}"#: #"{match: "b*", model: fan}"#], sample: sample)
            Issue.record("a reload was begun")
        } catch let error as DaemonError {
            #expect(error.description.contains("inputs_from or related"), "\(error)")
        }
    }
}
