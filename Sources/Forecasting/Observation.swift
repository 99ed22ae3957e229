// Part of forecastd. SPDX-License-Identifier: Apache-2.0

/// A value of one stream with its time, as it came.
public struct Observation: Sendable, Equatable {
    /// When the value was measured; the time of arrival where the message carries none.
    public var time: Timestamp
    /// The measured value, finite.
    public var value: Double

    /// Makes an observation.
    public init(time: Timestamp, value: Double) {
        self.time = time
        self.value = value
    }
}
