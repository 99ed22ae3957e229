// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Monitoring
import TestSupport
import Testing

/// Figures as Prometheus reads them.
@Suite struct PrometheusTextTests {
    @Test func familiesAreWritten() {
        var drops = MetricFamily("forecastd_drops_total", .counter, "What was \\dropped\\,\nand why.")
        drops.add(3, ["reason": "late", "input": "plant"])
        drops.add(nil, ["reason": "unknown"])
        drops.add(0, ["input": "a\"b\\c\nd"])
        let none = MetricFamily("forecastd_none", .gauge, "Nothing.", nil)
        let now = MetricFamily("forecastd_now", .gauge, "One.", 1.5)
        #expect(
            PrometheusText.text([drops, none, now]) == #"""
                # HELP forecastd_drops_total What was \\dropped\\,\nand why.
                # TYPE forecastd_drops_total counter
                forecastd_drops_total{input="plant",reason="late"} 3
                forecastd_drops_total{input="a\"b\\c\nd"} 0
                # HELP forecastd_now One.
                # TYPE forecastd_now gauge
                forecastd_now 1.5

                """#)
    }

    @Test(
        arguments: [
            (0, "0"), (-3, "-3"), (0.25, "0.25"), (1.024e-06, "1.024e-06"), (1e16, "1e+16"),
            (.infinity, "+Inf"),
            (-.infinity, "-Inf"), (.nan, "NaN"), (123_456_789_012, "123456789012"),
        ] as [(Double, String)])
    func numbersAreWritten(value: Double, text: String) {
        let family = MetricFamily("n", .gauge, "N.", value)
        #expect(PrometheusText.text([family]).hasSuffix("\nn \(text)\n"))
    }

    @Test func histogramsAreWritten() {
        var family = MetricFamily("turn_seconds", .histogram, "Turns.")
        family.add(histogram: [(0.5, 2), (1, 3)], sum: 4.5, count: 5, ["stage": "step"])
        #expect(
            PrometheusText.text([family]) == """
                # HELP turn_seconds Turns.
                # TYPE turn_seconds histogram
                turn_seconds_bucket{le="0.5",stage="step"} 2
                turn_seconds_bucket{le="1",stage="step"} 3
                turn_seconds_bucket{le="+Inf",stage="step"} 5
                turn_seconds_sum{stage="step"} 4.5
                turn_seconds_count{stage="step"} 5

                """)
    }

    @Test func theServerTellsThem() async throws {
        try await withServer { port in
            let answer = try await get("/metrics", port: port)
            #expect(answer.status == 200)
            #expect(answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8")
            #expect(answer.body.contains("\nsample_value 2.5\n"))
            #expect(answer.body.contains("\nforecastd_http_viewers 0\n"))
            #expect(try await get("/metrics?match=x", port: port).status == 400)
        }
        try await withServer(SampleSource(problem: SampleSource.unwell)) { port in
            let answer = try await get("/metrics", port: port)
            #expect(answer.status == 503)
        }
    }
}
