// Part of forecastd. SPDX-License-Identifier: Apache-2.0

package import Forecasting
package import ZeroMQ

/// What stands between the observations and the forecasts of a loop: an engine, or the way to several.
package protocol ForecastStage: ~Copyable {
    /// Measures the turns; the loop begins and ends them.
    var clock: TurnClock { get set }

    /// Takes in an observation that came by the input number `input`.
    ///
    /// - Returns: False if there is no room before the next `forecast`.
    mutating func accept(
        _ observation: Observation, of identifier: RawSpan, input: Int, at now: Timestamp
    ) -> Bool

    /// Begins a message that its producer has numbered, with at most `count` observations, which follow before `endMessage`.
    ///
    /// - Parameter key: Names the producer for good.
    /// - Returns: False if there is no room before the next `forecast`.
    /// - Precondition: No message has begun that is not over.
    mutating func beginMessage(
        _ message: NumberedMessage, of key: RawSpan, observations count: Int, at now: Timestamp
    ) -> Bool

    /// The message is over.
    mutating func endMessage()

    /// Notes that all messages that have come are part of a position, and gives it.
    mutating func notePosition() -> UInt64

    /// All messages up to this position are kept, as the durability says.
    mutating func keptPosition() -> UInt64

    /// What there was before; known from the beginning.
    var earlier: EarlierLife { get }

    /// Publishes the forecasts that there are, so that there is room again.
    mutating func forecast<Sink: ForecastSink & ~Copyable>(
        to sink: inout Sink, at now: Timestamp
    ) throws(ZeroMQError)

    /// Says after each turn's `forecast` whether messages may wait in the sockets that the turn has not taken in.
    mutating func note(isBusy: Bool)

    /// Publishes what is due by `now` because streams fell silent, when nothing waits that could end their silence.
    mutating func passTime<Sink: ForecastSink & ~Copyable>(
        to sink: inout Sink, at now: Timestamp
    ) throws(ZeroMQError)

    /// When `passTime` is to be called next at the earliest; nil if there is no need.
    var nextDeadline: Timestamp? { get }

    /// Whether `forecast` would publish something, although nothing was accepted since.
    var hasForecasts: Bool { get }

    /// Goes on with what is to be done besides forecasts, for a limited time, when a turn is over; says whether that is
    /// something to report.
    mutating func endTurn(at now: Timestamp) -> Bool

    /// How long the loop may sleep though nothing comes, in nanoseconds; nil if there is no need to wake.
    var mostSleep: Int64? { get }

    /// Goes on with the question that waits, for a limited time.
    mutating func answerQuestion()

    /// Publishes the forecasts of everything that was accepted, then ends.
    mutating func finish<Sink: ForecastSink & ~Copyable>(to sink: inout Sink, at now: Timestamp)
        throws(ZeroMQError)

    /// Writes into a report what the stage has counted.
    func count(into report: inout StatusReport)
}

/// Where forecasts go, written out as messages.
package protocol ForecastSink: ~Copyable {
    /// Publishes `[stream][payload][sequence]` by the output number `output`.
    mutating func publish(
        _ payload: RawSpan, stream: RawSpan, sequence: UInt64, output: Int
    ) throws(ZeroMQError)
}
