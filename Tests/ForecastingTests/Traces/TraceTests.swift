// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Forecasting
import RecurrentKernels
import TestSupport
import Testing

/// What an engine keeps of its streams' near past, beside a list of all it ever published.
struct TraceTests {
    static let horizon = 3

    enum Kind: CaseIterable { case event, grid, revised }

    static func plan(_ kind: Kind, length: Int) throws -> ForecastPlan {
        let shape = RecurrentShape(inputSize: 1, hiddenSize: 5, layerCount: 1, outputSize: horizon)
        let bare = try makePlan(.random(shape, seed: 3), scaling: .rolling(halfLife: 50), horizon: horizon)
        var rule = bare.rules[0]
        if kind != .event { rule.time.every = .period(1_000_000_000) }
        if kind == .revised {
            rule.time.reviseLimit = 6
        } else {
            rule.adaptation = Adaptation(depth: .light, season: 0, horizon: horizon, levels: [0.5, 0.9])
            rule.anomalies = AnomalyPolicy()
        }
        rule.time.limit = 4_000_000_000
        return ForecastPlan(
            models: bare.models, rules: [rule], streamsLimit: 10, batchLimit: 4, traceLength: length)
    }

    struct Published {
        var head: Forecast
        var yhat: [Double]
        var margins: [Double]
    }

    static func copied(_ values: Span<Double>) -> [Double] { values.indices.map { values[$0] } }

    static func isSame(_ a: Float, _ b: Double) -> Bool {
        a.bitPattern == Float(b).bitPattern || a.isNaN && b.isNaN
    }

    /// Holds a stream's trace against what was published, which ends with its newest forecast.
    static func check(_ trace: StreamTrace, _ all: [Published], length: Int) throws {
        let kept = all.suffix(length)
        try #require(trace.points.count == kept.count)
        for (point, each) in zip(trace.points, kept) {
            let (head, yhat) = (each.head, each.yhat)
            #expect(point.time == head.time && point.value == head.value)
            #expect(point.next == yhat[0] || point.next.isNaN && yhat[0].isNaN)
            let widest = each.margins.count - 2 * horizon
            #expect(isSame(point.below, widest < 0 ? .nan : each.margins[widest]))
            #expect(isSame(point.above, widest < 0 ? .nan : each.margins[widest + horizon]))
            #expect(isSame(point.anomalyScore, head.anomalyScore ?? .nan))
            #expect(point.marks.contains(.imputed) == head.isImputed)
            #expect(point.marks.contains(.reset) == head.isReset)
            #expect(point.marks.contains(.revised) == head.isRevised)
            #expect(point.marks.contains(.afterGap) == (head.gap > 0))
            #expect(point.marks.contains(.anomalous) == (head.status == .anomalous))
        }
        // Of those that were taken back, the whole forecasts are gone as well.
        try #require(trace.paths.count <= kept.count)
        for (path, each) in zip(trace.paths, kept.suffix(trace.paths.count)) {
            for (got, want) in zip(path, each.yhat) {
                #expect(
                    abs(got - want) <= 1e-6 * abs(want - each.head.value) + 1e-12 || got.isNaN && want.isNaN)
            }
        }
        let last = try #require(kept.last)
        #expect(trace.margins.count == last.margins.count)
        #expect(zip(trace.margins, last.margins).allSatisfy { isSame($0, $1) })
    }

    @Test(arguments: Kind.allCases, [1, 7, 500]) func isWhatWasPublishedOfLate(kind: Kind, length: Int) throws
    {
        var engine = ForecastEngine(plan: try Self.plan(kind, length: length), seed: 1)
        var generator = SeededGenerator(seed: 31)
        var all: [UInt32: [Published]] = [:]
        var (changes, staleCount, revisedCount, gapCount): (UInt64, Int, Int, Int) = (0, 0, 0, 0)
        for second in 1...400 as ClosedRange<Int64> {
            for stream in ["a", "b", "c"] {
                // Some do not come, some come late, and for a while none come at all.
                guard second % 100 < 80, Int.random(in: 0..<6, using: &generator) > 0 else { continue }
                let late: Int64 = Int.random(in: 0..<5, using: &generator) == 0 ? 3 : 0
                let value = Double.random(in: 99...101, using: &generator)
                _ = engine.accept(stream, value, seconds: second - late, now: second)
            }
            let now = Timestamp(nanoseconds: second * 1_000_000_000)
            repeat {
                while engine.advance(at: now) {
                    let before = changes
                    changes += UInt64(engine.forecastCount)
                    #expect(engine.traceChangeCount == changes)
                    for index in 0..<engine.forecastCount {
                        let head = engine.forecast(at: index)
                        let change = before + UInt64(index) + 1
                        let (yhat, margins) = (
                            Self.copied(engine.yhat(at: index)), Self.copied(engine.margins(at: index))
                        )
                        if head.status == .stale {
                            staleCount += 1
                        } else {
                            while let last = all[head.slot]?.last, last.head.time >= head.time {
                                all[head.slot]?.removeLast()
                            }
                            all[head.slot, default: []].append(
                                Published(head: head, yhat: yhat, margins: margins))
                        }
                        revisedCount += head.isRevised ? 1 : 0
                        gapCount += head.gap > 0 || head.isImputed ? 1 : 0
                        let kept = engine.trace(of: head.slot)
                        let trace = try #require(kept)
                        #expect(trace.sequence == head.sequence && trace.status == head.status)
                        if kind != .revised || length == 500 {
                            try Self.check(trace, all[head.slot] ?? [], length: length)
                        }
                        let changed = engine.traceRow(of: head.slot, changedAfter: change - 1)
                        let row = try #require(changed)
                        #expect(row.point == trace.points.last || row.point.anomalyScore.isNaN)
                        #expect(row.sequence == head.sequence && row.status == head.status)
                        let score = Self.copied(engine.recentScore(at: index))
                        #expect(Self.isSame(row.skill, score.count > 1 ? score[1] : .nan))
                        #expect(Self.isSame(row.coverage, score.last ?? .nan))
                        let isChanged = engine.traceRow(of: head.slot, changedAfter: change) != nil
                        #expect(!isChanged)
                        let recent = engine.recentValues(of: head.slot, atMost: 3)
                        #expect(recent == trace.points.suffix(3).map(\.value))
                    }
                }
            } while engine.passTime(to: now)
        }
        #expect(changes > 300, "seed 31")
        #expect((staleCount > 0 && gapCount > 0) == (kind != .event))
        #expect((revisedCount > 0) == (kind == .revised))
    }

    @Test func nothingIsKeptUnasked() throws {
        var engine = ForecastEngine(plan: try Self.plan(.event, length: 0), seed: 1)
        #expect(engine.accept("a", 1, seconds: 1) == nil)
        #expect(engine.takeForecasts(at: Timestamp(nanoseconds: 1_000_000_000)).count == 1)
        let (trace, row) = (engine.trace(of: 0), engine.traceRow(of: 0, changedAfter: 0))
        let recent = engine.recentValues(of: 0, atMost: 5)
        #expect(trace == nil && row == nil && recent == [])
    }
}
