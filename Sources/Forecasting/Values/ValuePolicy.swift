// Part of forecastd. SPDX-License-Identifier: Apache-2.0

/// Which values of a rule's streams are bad, and so taken for missing.
///
/// `Documentation/Time.md` explains each part.
public struct ValuePolicy: Sendable, Equatable {
    /// How long a value may stay exactly the same.
    public enum Stuck: Sendable, Equatable {
        /// As many observations.
        case observations(Int)
        /// As many nanoseconds, by the observations' times.
        case duration(Int64)
    }

    /// Values that stand for none, as -9999.
    public var rejected: [Double] = []
    /// The least value.
    public var minimum = -Double.infinity
    /// The greatest value.
    public var maximum = Double.infinity
    /// How long a value may stay the same; nil for ever.
    public var stuck: Stuck?
    /// The largest change in a second from the last good value; nil for any.
    public var rate: Double?

    /// Makes the policy under which no value is bad.
    public init() {}

    /// Whether some values may be bad.
    var isSelective: Bool { self != ValuePolicy() }
    /// Whether a value is held against those before it.
    var needsLastValue: Bool { stuck != nil || rate != nil }

    /// Whether all parts are in their ranges.
    var isValid: Bool {
        let isStuckValid =
            switch stuck {
            case nil: true
            case .observations(let count): count >= 1
            case .duration(let nanoseconds): nanoseconds >= 0
            }
        return minimum <= maximum && isStuckValid && (rate ?? 1) > 0
    }
}

extension ValuePolicy {
    /// Why a value is bad, whatever came before it.
    package func refusal(of value: Double) -> Refusal? {
        for sentinel in rejected where value == sentinel || value == Double(Float(sentinel)) {
            return .rejected
        }
        return value < minimum || value > maximum ? .outOfRange : nil
    }

    /// Whether a value that lies `seconds` from the last good one differs from it by too much.
    ///
    /// Observations timed by their arrival, and such as have the same time, may be up to a second apart.
    func isTooFast(_ observation: Observation, since last: LastValue) -> Bool {
        guard let rate, observation.value != last.value else { return false }
        var seconds = abs(observation.time.seconds(since: last.time))
        if seconds == 0 || observation.isTimedByArrival { seconds = max(seconds, 1) }
        return abs(observation.value - last.value) > rate * seconds
    }

    /// Whether one more observation of the last good value is more than a sensor at work gives.
    func isStuck(_ observation: Observation, since last: LastValue) -> Bool {
        switch stuck {
        case nil: false
        case .observations(let count): last.count >= count
        case .duration(let nanoseconds):
            observation.time.seconds(since: last.begin) > Double(nanoseconds) * 1e-9
        }
    }
}
