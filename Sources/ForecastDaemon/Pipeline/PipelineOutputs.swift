// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import BasicContainers
import Forecasting
import ZeroMQ

/// The sockets that forecasts go out by.
struct PipelineOutputs: ForecastSink, ~Copyable {
    private var outputs: RigidArray<PipelineOutput>

    /// Opens the sockets and lets `poller` watch them.
    init(_ plan: PipelinePlan, context: Context, poller: inout Poller) throws(ZeroMQError) {
        outputs = RigidArray(capacity: plan.outputs.count)
        for output in plan.outputs {
            outputs.append(
                try PipelineOutput(output, epoch: plan.epochText, context: context, poller: &poller))
        }
    }

    /// Publishes a forecast as `[stream id][payload][sequence, 8 bytes little endian]`, without waiting.
    mutating func publish(
        _ payload: RawSpan, stream: RawSpan, sequence: UInt64, output: Int
    ) throws(ZeroMQError) {
        try outputs[output].publish(payload, topic: stream, sequence: sequence)
    }

    /// Gives peers what was published before, for a limited time; says whether there was anything to do.
    mutating func serve(at now: Timestamp) throws(ZeroMQError) -> Bool {
        var wasAsked = false
        for index in outputs.indices where try outputs[index].serve(at: now) { wasAsked = true }
        return wasAsked
    }

    /// How many nanoseconds may pass until the next `serve`, at most `limit`.
    func delay(atMost limit: Int64) -> Int64 {
        var least = limit
        for index in outputs.indices { least = min(least, outputs[index].delay ?? limit) }
        return least
    }

    /// Makes connections anew that were cut, about once a second; says whether anything became of any.
    mutating func restoreConnections() throws(ZeroMQError) -> Bool {
        var isChanged = false
        for index in outputs.indices where try outputs[index].restoreConnections() { isChanged = true }
        return isChanged
    }

    /// Cuts the connections that peers have made to outputs of some names.
    mutating func cutPeers(of sockets: Set<String>) throws(ZeroMQError) {
        for index in outputs.indices where sockets.contains("outputs.\(outputs[index].name)") {
            try outputs[index].cutPeers()
        }
    }

    /// Writes into a report what was published.
    func count(into report: inout StatusReport) {
        for index in outputs.indices { report.outputs[index] = outputs[index].currentCounts }
    }
}
