// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import BasicContainers
import ZeroMQ

/// The sockets that forecasts go out by.
struct PipelineOutputs: ForecastSink, ~Copyable {
    private var sockets: RigidArray<Socket>
    private var counts: [StatusReport.Output]

    /// Opens the sockets and lets `poller` watch them, so that they notice subscribers that come and go also while
    /// nothing is published.
    init(_ plans: [PipelinePlan.Output], context: Context, poller: inout Poller) throws(ZeroMQError) {
        sockets = RigidArray(capacity: plans.count)
        counts = plans.map { StatusReport.Output(name: $0.name) }
        for plan in plans {
            var options = plan.options
            options.reportsDrops = true
            var socket = try Socket(.pub, in: context, options: options)
            for endpoint in plan.bind { try socket.bind(endpoint) }
            for endpoint in plan.connect { try socket.connect(endpoint) }
            _ = poller.add(socket)
            sockets.append(socket)
        }
    }

    /// Publishes a forecast as `[stream id][payload][sequence, 8 bytes little endian]`, without waiting.
    ///
    /// A subscriber that is found to be full stays left out until it has caught up.
    mutating func publish(
        _ payload: RawSpan, stream: RawSpan, sequence: UInt64, output: Int
    ) throws(ZeroMQError) {
        let isComplete = try sockets[output].publish(stream, more: true)
        _ = try sockets[output].publish(payload, more: true)
        let frame: InlineArray<1, UInt64> = [sequence.littleEndian]
        _ = try sockets[output].publish(frame.span.bytes, more: false)
        counts[output].published += 1
        if !isComplete { counts[output].dropped += 1 }
    }

    /// Writes into a report what was published.
    func count(into report: inout StatusReport) { report.outputs = counts }
}
