// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Forecasting
import WireFormat
import ZeroMQ

/// One output at work: its socket and the buffer that forecasts are written in.
struct PipelineOutput: ~Copyable {
    private var socket: Socket
    private var encoder: ForecastEncoder

    /// Opens the socket.
    init(_ plan: PipelinePlan.Output, pipeline: PipelinePlan, context: Context) throws(ZeroMQError) {
        var options = plan.options
        options.reportsDrops = true
        var socket = try Socket(.pub, in: context, options: options)
        for endpoint in plan.bind { try socket.bind(endpoint) }
        for endpoint in plan.connect { try socket.connect(endpoint) }
        self.socket = socket
        encoder = ForecastEncoder(
            epoch: pipeline.epoch, rules: pipeline.labels, times: plan.times,
            maximumHorizon: pipeline.forecasts.rules.map(\.horizon).max() ?? 1)
    }

    /// Publishes a forecast as `[stream id][payload][sequence, 8 bytes little endian]`, without waiting.
    ///
    /// - Returns: Whether no subscriber was found to be full; one that is stays left out until it has caught up.
    mutating func publish(
        _ forecast: Forecast, stream: RawSpan, yhat: Span<Double>
    ) throws(ZeroMQError) -> Bool {
        encoder.encode(forecast, stream: stream, yhat: yhat)
        return try Self.send(
            encoder, stream: stream, sequence: forecast.sequence, through: &socket)
    }

    // Static with explicit parameters: a span of one property may not be in hand while another one changes.
    private static func send(
        _ encoder: borrowing ForecastEncoder, stream: RawSpan, sequence: UInt64,
        through socket: inout Socket
    ) throws(ZeroMQError) -> Bool {
        let isComplete = try socket.publish(stream, more: true)
        _ = try socket.publish(encoder.bytes, more: true)
        let frame: InlineArray<1, UInt64> = [sequence.littleEndian]
        _ = try socket.publish(frame.span.bytes, more: false)
        return isComplete
    }
}
