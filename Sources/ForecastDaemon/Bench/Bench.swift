// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Forecasting
import RecurrentKernels

/// Measures what this machine carries with the models and rules of a configuration.
package struct Bench: Sendable {
    /// What to measure, and for how long.
    package struct Options: Sendable {
        /// Streams whose values take turns.
        package var streams = 1000
        /// Time between two values of a stream, for the number of streams that are carried.
        package var interval: Duration = .seconds(1)
        /// How long each figure is measured.
        package var duration: Duration = .seconds(1)

        /// Makes the default options.
        package init() {}
    }

    private let prepared: PreparedDaemon
    private let options: Options

    /// Makes a bench for a configuration that was made ready.
    package init(_ prepared: PreparedDaemon, options: Options) {
        self.prepared = prepared
        self.options = options
    }

    /// Measures each rule, one after the other.
    package func run() async throws -> BenchReport {
        let plan = prepared.forecasts
        let signals = try TerminationSignals.descriptor()
        let seconds = (options.duration * 2 + .milliseconds(500)) * plan.rules.count / .seconds(1)
        let rulesText = plan.rules.count == 1 ? "1 rule" : "\(plan.rules.count) rules"
        StandardError.writeLine("bench: measuring \(rulesText) takes about \(Int(seconds.rounded(.up))) s")
        var rules: [BenchReport.Rule] = []
        for (index, rule) in plan.rules.enumerated() {
            let model = plan.models[rule.model]
            let flow = try FlowBench(
                prepared.pipelinePlan().onlyRule(index, streams: options.streams), streams: options.streams,
                signals: signals)
            let rate = try await flow.rate(duration: options.duration)
            rules.append(
                BenchReport.Rule(
                    match: rule.match.pattern, model: model.name, mode: "\(model.mode)",
                    horizon: rule.horizon,
                    steps: StepBench.batches.map { batch in
                        BenchReport.Step(
                            batch: batch,
                            microseconds: StepBench.microseconds(
                                model.packed, batch: batch, duration: options.duration / 4))
                    },
                    valuesPerSecond: rate, streamsCarried: Int(rate * (options.interval / .seconds(1))),
                    bytesPerStream: plan.bytesPerStream(rule: rule)))
        }
        return BenchReport(
            pipelines: prepared.pipelineCount, streams: options.streams,
            interval: options.interval / .seconds(1),
            rules: rules)
    }
}
