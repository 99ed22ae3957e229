// Part of forecastd. SPDX-License-Identifier: Apache-2.0

/// All figures of one name, as Prometheus reads them.
package struct MetricFamily: Sendable, Equatable {
    /// What can be done with the figures.
    package enum Kind: String, Sendable {
        /// They only grow; what matters is how fast.
        case counter
        /// They go up and down.
        case gauge
        /// They count observations by size.
        case histogram
    }

    /// One figure.
    package struct Sample: Sendable, Equatable {
        /// What follows the family's name, as `_bucket`; empty except in histograms.
        package var suffix = ""
        /// What tells it from others of the family.
        package var labels: [String: String]
        /// The figure.
        package var value: Double
    }

    /// The name, with its unit at the end.
    package let name: String
    /// What can be done with the figures.
    package let kind: Kind
    /// What they mean, in a line.
    package let help: String
    /// The figures; a family without any is not told.
    package private(set) var samples: [Sample] = []

    /// Makes a family without figures.
    package init(_ name: String, _ kind: Kind, _ help: String) {
        (self.name, self.kind, self.help) = (name, kind, help)
    }

    /// Makes a family of one figure, or of none where it is not known.
    package init(_ name: String, _ kind: Kind, _ help: String, _ value: Double?) {
        self.init(name, kind, help)
        add(value)
    }

    /// Adds a figure; one that is not known is left out.
    package mutating func add(_ value: Double?, _ labels: [String: String] = [:]) {
        if let value { samples.append(Sample(labels: labels, value: value)) }
    }

    /// Adds a histogram.
    ///
    /// - Parameter cumulative: Observations up to each bound, the bounds rising.
    package mutating func add(
        histogram cumulative: [(end: Double, count: UInt64)], sum: Double, count: UInt64,
        _ labels: [String: String] = [:]
    ) {
        for bucket in cumulative + [(end: .infinity, count: count)] {
            let labels = labels.merging(["le": PrometheusText.number(bucket.end)]) { $1 }
            samples.append(Sample(suffix: "_bucket", labels: labels, value: Double(bucket.count)))
        }
        samples.append(Sample(suffix: "_sum", labels: labels, value: sum))
        samples.append(Sample(suffix: "_count", labels: labels, value: Double(count)))
    }
}

extension DaemonReport.Viewers {
    /// The figures of those who listen to events.
    package var metrics: [MetricFamily] {
        [
            MetricFamily(
                "forecastd_http_viewers", .gauge, "Those who listen to events, as pages do.", Double(now)),
            MetricFamily(
                "forecastd_http_viewers_dropped_total", .counter,
                "Those who were given up because they did not keep up.", Double(dropped)),
        ]
    }
}
