// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import ForecastDaemon
import Monitoring
import Testing

/// What `forecastd state show` prints.
@Suite struct StateViewTests {
    static func report(_ stream: String, every: String = "event", status: String = "ok") -> StreamReport {
        StreamReport(
            stream: stream, status: status, every: every,
            tick: every == "event" ? nil : .init(ts: "2026-11-23T06:59:40.000Z", y: 2),
            newest: .init(ts: "2026-11-23T06:59:40.250Z", y: 2.5), age: 0.51,
            yhat: status == "stale" ? nil : 3.25,
            ticks: 12, seq: 13, warm: 0.5, gap: status == "stale" ? 3 : 0,
            rule: .init(number: 2, match: "p*"),
            model: "pump", revision: "0123456789ab", scale: every == "event" ? .init(mean: 1.5, std: 2) : nil)
    }

    @Test func streamsStandInColumns() {
        let table = StateView.table([
            Self.report("plant.a", status: "warming"),
            Self.report("plant.long", every: "15m", status: "stale"),
        ])
        #expect(
            table == """
                stream      status        every  value  forecast   age  ticks  rule
                plant.a     warming 50 %  event    2.5      3.25  0.5s     12  2 p*
                plant.long  stale         15m      2.5         -  0.5s     12  2 p*
                """)
        #expect(StateView.table([]) == "no stream is forecast, or none that matches")
    }

    static func period(_ weight: Double) -> ScoreReport.Period {
        .init(
            weight: weight, mae: 0.25, rmse: 0.5, bias: -0.125, mase: 0.75, skill: 0.34, seasonSkill: nil,
            coverage: ["0.8": 0.79, "0.95": 0.96], intervalScore: ["0.8": 2, "0.95": 3.5])
    }

    @Test func scoresStandInTheListWhereThereAreSome() {
        var scored = Self.report("plant.a")
        scored.score = .init(mae: 0.25, skill: 0.34, coverage: [:])
        #expect(
            StateView.table([scored, Self.report("plant.b")]) == """
                stream   status  every  value  forecast   mae  skill   age  ticks  rule
                plant.a  ok      event    2.5      3.25  0.25  0.340  0.5s     12  2 p*
                plant.b  ok      event    2.5      3.25     -      -  0.5s     12  2 p*
                """)
    }

    /// The next tick, the farthest, and two between.
    @Test(arguments: [(1, [1]), (2, [1, 2]), (5, [1, 2, 5]), (24, [1, 6, 12, 24])])
    func aPageHasScoresOfSomeHorizons(horizon: Int, shown: [Int]) {
        var report = Self.report("plant.a")
        report.scores = (1...horizon).map {
            .init(horizon: $0, missing: 0, life: Self.period(1000), recent: Self.period(70.6))
        }
        let lines = StateView.page(report).split(separator: "\n").filter { $0.contains("its life") }
        #expect(
            lines.map { $0.split(separator: " ").first { $0.first?.isNumber == true }.map(String.init) }
                == shown.map { "\($0)" })
        let wanted = """
            scores         ahead  over           count   mae  rmse    bias   mase  skill  season skill  in 0.8  score 0.8  in 0.95  score 0.95
                           1      a day, fading     71  0.25   0.5  -0.125  0.750  0.340             -   0.790          2    0.960         3.5
                           1      its life        1000  0.25   0.5  -0.125  0.750  0.340             -   0.790          2    0.960         3.5
            """
        if horizon == 1 { #expect(StateView.page(report).contains(wanted), "\(StateView.page(report))") }
    }

    @Test func oneStreamHasAPage() {
        #expect(
            StateView.page(Self.report("plant.a")) == """
                stream         plant.a
                status         ok
                newest value   2.5 at 2026-11-23T06:59:40.250Z, 0.5s ago
                next forecast  3.25
                every          event
                ticks          12 since it began or was last reset; 13 forecasts
                rule           2, match p*
                model          pump, revision 0123456789ab
                scale          mean 1.5, std 2
                dropped        no value
                """)
        let stale = StateView.page(Self.report("plant.b", every: "1s", status: "stale"))
        #expect(stale.contains("status         stale, 3 ticks filled in\n"))
        #expect(stale.contains("newest tick    2.0 at 2026-11-23T06:59:40.000Z\n"))
        #expect(stale.contains("next forecast  none\n") && stale.contains("scale          none\n"))
    }

    @Test func anomaliesAndDriftAreShown() {
        var report = Self.report("plant.a", status: "anomalous")
        report.anomaly = .init(score: 1.5, alarms: 3)
        report.drift = .init(ratio: 1.25, limit: 0.75, now: true)
        let page = StateView.page(report)
        #expect(page.contains("status         anomalous, drifting\n"))
        #expect(page.contains("anomaly score  1.5; 3 alarms so far\n"))
        #expect(page.contains("1.25 times that of repeating the last value, usually up to 0.75\n"))
        #expect(StateView.table([report]).contains("plant.a  anomalous, drifting  event"))
        report.anomaly?.score = nil
        report.drift = .init(ratio: 1.25, limit: nil, now: false)
        #expect(StateView.page(report).contains("anomaly score  none; 3 alarms so far\n"))
        #expect(StateView.page(report).contains("1.25 times that of repeating the last value\n"))
    }

    @Test func whatWasCountedIsShown() {
        var report = Self.report("plant.a")
        report.window = .init(
            count: 60, mean: 20.5, std: 1.25, min: 18, max: 23, p5: 18.5, p50: 20.25, p95: 22)
        report.drops = ["late": 2, "out_of_range": 1]
        report.senders = [
            .init(input: "plant", topic: "plant.a", lost: 4, repeated: 1, reordered: 2, restarts: 1)
        ]
        let ending = """
            window         60 values, mean 20.5, std 1.25
                           min, 5 %, 50 %, 95 %, max: 18, 18.5, 20.25, 22, 23
            dropped        2 late, 1 out_of_range
            lost           4 messages of plant.a on input plant; 1 came again, 2 late, numbers began anew 1 times
            """
        #expect(StateView.page(report).hasSuffix(ending))
    }

    @Test(arguments: [
        (0.04, "0.0s"), (9.96, "10.0s"), (59.9, "59s"), (120, "2m"), (7199, "119m"), (7200, "2h"),
        (172_800, "2d"), (-1.5, "-1.5s"), (1e300, "1000000000d"),
    ])
    func agesAreShort(seconds: Double, text: String) {
        #expect(StateView.age(seconds) == text)
    }

    @Test(arguments: [
        ("plant.temp", ["plant.tmep", "lab.x"], "; did you mean plant.tmep?"),
        ("temp", ["b.temp", "a.temp"], "; did you mean a.temp or b.temp?"),
        ("zzz", ["plant.a"], "; `forecastd state show` lists those that are"),
        ("zzz", [], "; `forecastd state show` lists those that are"),
    ])
    func nearIdsAreOffered(stream: String, known: [String], ending: String) {
        #expect(
            StateQuery.unknown(stream, known: known) == "no stream \"\(stream)\" is forecast\(ending)")
    }
}
