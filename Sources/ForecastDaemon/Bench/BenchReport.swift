// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Foundation
import RecurrentKernels

/// What `forecastd bench` says.
package struct BenchReport: Sendable, Encodable {
    /// The step by itself.
    struct Step: Sendable, Encodable {
        /// Streams stepped together.
        var batch: Int
        /// Microseconds per stream.
        var microseconds: Double
    }

    /// One rule of the configuration.
    struct Rule: Sendable, Encodable {
        var match: String
        var model: String
        var mode: String
        var horizon: Int
        var steps: [Step]
        /// Values a second from socket to socket.
        var valuesPerSecond: Double
        /// Streams that send a value every `interval` seconds at that rate.
        var streamsCarried: Int
        var bytesPerStream: Int

        enum CodingKeys: String, CodingKey {
            case match, model, mode, horizon, steps
            case valuesPerSecond = "values_per_second"
            case streamsCarried = "streams_carried"
            case bytesPerStream = "bytes_per_stream"
        }
    }

    var version = VersionReport()
    var processors = ProcessInfo.processInfo.activeProcessorCount
    var pipelines: Int
    /// Streams whose values took turns.
    var streams: Int
    /// Seconds between two values of a stream.
    var interval: Double
    var rules: [Rule]

    /// The report as lines of text.
    package var text: String {
        let head = [
            "forecastd \(version.forecastd), LSTM step for \(version.instructionSet), \(processors) processors, "
                + "pipelines: \(pipelines)",
            "measured with \(streams) streams; the load came from this machine too, and took its share of it",
        ]
        return (head + rules.map(text)).joined(separator: "\n")
    }

    private func text(_ rule: Rule) -> String {
        let steps = rule.steps.map { step in
            let rate = Int(1e6 / step.microseconds)
            return
                "    step, \(step.batch) together: \(String(format: "%.2f", step.microseconds)) µs a stream, "
                + "\(rate) steps a second and processor"
        }
        return
            (["  \(rule.match): model \(rule.model), \(rule.mode), horizon \(rule.horizon)"] + steps + [
                "    from socket to socket: \(Int(rule.valuesPerSecond)) values a second",
                "    carries \(rule.streamsCarried) streams with a value every "
                    + "\(Duration.seconds(interval).text) each, at \(rule.bytesPerStream) bytes a stream",
            ]).joined(separator: "\n")
    }
}
