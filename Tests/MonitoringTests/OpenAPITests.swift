// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Foundation
import Monitoring
import TestSupport
import Testing
import Yams

/// Holds `Documentation/openapi.yaml` against the server's answers.
@Suite struct OpenAPITests {
    /// A description of an API, as far as ours goes.
    struct Description {
        let root: [String: Any]

        init() throws {
            let file = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
                .deletingLastPathComponent().appending(path: "Documentation/openapi.yaml")
            let text = try String(contentsOf: file, encoding: .utf8)
            root = try #require(try Yams.load(yaml: text) as? [String: Any])
        }

        func value(_ path: [String]) -> [String: Any] {
            path.reduce(root) { $0[$1] as? [String: Any] ?? [:] }
        }

        func resolved(_ schema: [String: Any]) -> [String: Any] {
            guard let reference = schema["$ref"] as? String else { return schema }
            return value(reference.dropFirst(2).split(separator: "/").map(String.init))
        }

        /// The schema of a path's answer.
        func schema(_ path: String, _ response: String = "200") -> [String: Any] {
            let answer = resolved(value(["paths", path, "get", "responses", response]))
            let content = answer["content"] as? [String: [String: Any]]
            return content?["application/json"]?["schema"] as? [String: Any] ?? [:]
        }

        /// What `value` has that its schema lacks, or lacks that its schema requires, or that is of another type.
        func problems(_ value: Any, _ schema: [String: Any], _ place: String = "") -> [String] {
            var schema = resolved(schema)
            if let types = schema["type"] as? [String] {
                if value is NSNull && types.contains("null") { return [] }
                schema["type"] = types[0]
            }
            switch (schema["type"] as? String, value) {
            case ("object", let object as [String: Any]):
                let properties = schema["properties"] as? [String: [String: Any]] ?? [:]
                let others = schema["additionalProperties"] as? [String: Any]
                let required = schema["required"] as? [String] ?? []
                return required.filter { object[$0] == nil }.map { "\(place).\($0) is missing" }
                    + object.flatMap { key, inner in
                        (properties[key] ?? others).map { problems(inner, $0, "\(place).\(key)") }
                            ?? ["\(place).\(key) is not described"]
                    }
            case ("array", let array as [Any]):
                return array.flatMap { problems($0, schema["items"] as? [String: Any] ?? [:], "\(place)[]") }
            case ("string", let text as String):
                let words = schema["enum"] as? [String]
                return words?.contains(text) ?? true ? [] : ["\(place) is \(text)"]
            case ("integer", let number as NSNumber):
                return number.doubleValue.rounded() == number.doubleValue ? [] : ["\(place) is no integer"]
            case ("number", is NSNumber), ("boolean", is Bool): return []
            case (let type, _): return ["\(place) is no \(type ?? "described thing")"]
            }
        }

        /// The names of all properties below a schema.
        func names(_ schema: [String: Any], _ place: String = "") -> Set<String> {
            let schema = resolved(schema)
            var names: Set<String> = []
            for (key, inner) in schema["properties"] as? [String: [String: Any]] ?? [:] {
                names.formUnion(self.names(inner, "\(place).\(key)").union(["\(place).\(key)"]))
            }
            if let items = schema["items"] as? [String: Any] { names.formUnion(self.names(items, place)) }
            return names
        }
    }

    /// The names of all properties below a value.
    static func names(_ value: Any, _ place: String = "") -> Set<String> {
        switch value {
        case let object as [String: Any]:
            object.reduce(into: []) { names, pair in
                names.formUnion(
                    self.names(pair.value, "\(place).\(pair.key)").union(["\(place).\(pair.key)"]))
            }
        case let array as [Any]: array.reduce(into: []) { $0.formUnion(names($1, place)) }
        default: []
        }
    }

    static func json(_ target: String, port: Int) async throws -> Any {
        let answer = try await get(target, port: port)
        return try JSONSerialization.jsonObject(with: Data(answer.body.utf8))
    }

    @Test func describesThePathsThatThereAre() throws {
        #expect(Set(try Description().value(["paths"]).keys) == Set(MonitoringAPI.paths))
    }

    /// The sample has every field; each is described, and nothing else is.
    @Test func describesEveryField() async throws {
        let targets = [
            "/healthz": "/healthz", "/readyz": "/readyz", "/api/v1/status": "/api/v1/status",
            "/api/v1/streams": "/api/v1/streams", "/api/v1/streams/{id}": "/api/v1/streams/plant:1",
            "/api/v1/streams/{id}/history": "/api/v1/streams/plant:1/history",
            "/api/v1/streams/{id}/forecast": "/api/v1/streams/plant:1/forecast",
            "/api/v1/streams/{id}/decisions": "/api/v1/streams/plant:1/decisions",
            "/api/v1/drops": "/api/v1/drops", "/api/v1/recent": "/api/v1/recent?streams=plant:1",
        ]
        // Events have no end, and EventFeedTests reads them; figures are no JSON, and PrometheusTextTests reads them.
        #expect(Set(targets.keys) == Set(MonitoringAPI.paths).subtracting(["/api/v1/events", "/metrics"]))
        try await withServer { port in
            let description = try Description()
            for (path, target) in targets {
                let (value, schema) = (try await Self.json(target, port: port), description.schema(path))
                #expect(description.problems(value, schema) == [], "\(path)")
                let described = description.names(schema)
                #expect(described.subtracting(Self.names(value)) == [], "\(path): not in the sample")
                let nonsense = target + (target.contains("?") ? "&" : "?") + "nonsense"
                let problem = try await Self.json(nonsense, port: port)
                #expect(description.problems(problem, description.schema(path, "default")) == [], "\(path)")
            }
        }
    }

    /// What may be absent is not required.
    @Test func requiresNothingThatMayBeAbsent() throws {
        var stream = SampleSource.report("plant:1")
        (stream.tick, stream.yhat, stream.scale) = (nil, nil, nil)
        (stream.window, stream.drops, stream.senders) = (nil, [:], nil)
        let unknown = ScoreReport.Period(
            weight: 0, mae: nil, rmse: nil, bias: nil, mase: nil, skill: nil, seasonSkill: nil, coverage: [:],
            intervalScore: [:])
        stream.score = .init(mae: 1, skill: nil, coverage: [:])
        stream.scores = [.init(horizon: 1, missing: 0, life: unknown, recent: unknown)]
        var plain = stream
        (plain.score, plain.scores, plain.anomaly, plain.drift) = (nil, nil, nil, nil)
        var status = SampleSource.status
        (status.rates, status.inputs, status.outputs, status.time) = (nil, [], [], [:])
        (status.memory, status.viewers) = (nil, nil)
        status.latency = .init(
            receive: nil, step: nil, publish: nil, turn: nil, forecast: nil, fullTurns: 0)
        status.scores = []
        let description = try Description()
        func problems(_ value: some Encodable, _ path: String) throws -> [String] {
            let data = try JSONEncoder().encode(value)
            return description.problems(
                try JSONSerialization.jsonObject(with: data), description.schema(path))
        }
        #expect(try problems(StreamPage(streams: [stream, plain], next: nil), "/api/v1/streams") == [])
        #expect(try problems(status, "/api/v1/status") == [])
        let forecast = ForecastReport(
            stream: "plant:1", ts: "2026-11-23T06:59:40.000Z", y: 2, every: "1s", status: "ok", seq: 8,
            yhat: [nil], yhatLower: nil, yhatUpper: nil)
        let tick = StreamHistory.Tick(
            ts: "2026-11-23T06:59:40.000Z", y: 2, yhat: nil, yhatLower: nil, yhatUpper: nil,
            anomalyScore: nil,
            marks: nil)
        let history = StreamHistory(levels: [], ticks: [tick], paths: [[nil]], forecast: forecast)
        #expect(try problems(history, "/api/v1/streams/{id}/history") == [])
        var decision = SampleSource.decision
        (decision.value, decision.key) = (nil, nil)
        let decisions = StreamDecisions(
            stream: "plant:1", since: decision.first, decisions: [decision], messages: [])
        #expect(try problems(decisions, "/api/v1/streams/{id}/decisions") == [])
    }
}
