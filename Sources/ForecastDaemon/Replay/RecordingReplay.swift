// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Forecasting
import WireFormat

/// Recorded messages through an engine that knew nothing before.
package struct RecordingReplay: ~Copyable {
    private let plan: PipelinePlan
    private let path: String
    private var reader: RecordingReader
    private var engine: ForecastEngine
    private var decoded = DecodedMessage()
    /// Messages so far, and those of them that could not be decoded.
    package private(set) var (count, undecodable) = (0, 0)

    /// Opens the file.
    package init(_ prepared: PreparedDaemon, path: String) throws(DaemonError) {
        plan = prepared.pipelinePlan()
        self.path = path
        reader = try RecordingReader(path: path)
        engine = EngineState.engine(plan.divided(into: 1))
    }

    /// Bytes at the file's end that are no whole message.
    package var restCount: Int { reader.restCount }

    /// Forecasts all messages, each at the time when it came.
    package mutating func run(_ pace: ReplayPace, to lines: ForecastLines) throws(DaemonError) {
        var pace = pace
        while let message = try reader.next() {
            pace.wait(until: message.arrival)
            try take(message, to: lines)
            guard try lines.flush() else { return }
        }
    }

    private mutating func take(_ message: RecordedMessage, to lines: ForecastLines) throws(DaemonError) {
        guard let input = plan.inputs.first(where: { $0.name == message.input }) else {
            throw DaemonError(
                .configuration,
                "\(path): expected messages of the configuration's inputs, found some of \"\(message.input)\"; give the "
                    + "configuration that they were recorded with")
        }
        let now = message.arrival
        if let deadline = engine.nextDeadline, deadline <= now {
            while engine.passTime(to: now) { forecast(at: now, to: lines) }
        }
        count += 1
        let parts = TapMessage(frames: message.frames)
        do throws(DecodeError) {
            if let problem = parts.problem { throw problem }
            try input.decoder.decode(
                identifier: parts.stream.span.bytes, payload: parts.payload.span.bytes, into: &decoded)
        } catch {
            undecodable += 1
            return
        }
        for index in 0..<decoded.count {
            if engine.isFull { forecast(at: now, to: lines) }
            Self.offer(decoded, index, to: &engine, at: now)
        }
        forecast(at: now, to: lines)
    }

    // Static with explicit parameters: a span of one property may not be in hand while another one changes.
    private static func offer(
        _ decoded: borrowing DecodedMessage, _ index: Int, to engine: inout ForecastEngine, at now: Timestamp
    ) {
        let (time, value) = decoded.observation(at: index)
        _ = engine.accept(
            Observation(time: time ?? now, value: value, isTimedByArrival: time == nil),
            of: decoded.identifier(at: index), at: now)
    }

    private mutating func forecast(at now: Timestamp, to lines: ForecastLines) {
        while engine.advance(at: now) { lines.write(engine) }
    }
}
