// Part of forecastd. SPDX-License-Identifier: Apache-2.0

/// A value of one stream with its time, as it came.
public struct Observation: Sendable, Equatable, BitwiseCopyable {
    /// When the value was measured; the time of arrival where the message carries none.
    public var time: Timestamp
    /// The measured value, finite.
    public var value: Double
    /// Whether `time` is that of the arrival.
    ///
    /// Such an observation is never late and never a duplicate: its time only says when it was read, several may be
    /// read at once, and the clock may have been set back since the last one.
    public var isTimedByArrival: Bool

    /// Makes an observation.
    public init(time: Timestamp, value: Double, isTimedByArrival: Bool = false) {
        self.time = time
        self.value = value
        self.isTimedByArrival = isTimedByArrival
    }
}
