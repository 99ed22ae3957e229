// Part of forecastd. SPDX-License-Identifier: Apache-2.0

/// The last good value of a stream, which the next one is held against; all bits zero before the first.
struct LastValue: BitwiseCopyable {
    /// The value.
    private(set) var value = 0.0
    /// The time of its newest observation.
    private(set) var time = Timestamp(nanoseconds: 0)
    /// The time of its first observation, since which it has been the same.
    private(set) var begin = Timestamp(nanoseconds: 0)
    /// Observations since then that were good; 0 before the first.
    private(set) var count = 0

    /// Begins with an observation, whatever came before.
    mutating func begin(with observation: Observation) {
        (value, time, begin, count) = (observation.value, observation.time, observation.time, 1)
    }

    /// Takes in the observation, or says why it is bad; then it changes nothing.
    ///
    /// One that lies before the newest is not held against how long that has stayed the same, and does not end it.
    mutating func take(_ observation: Observation, _ policy: ValuePolicy) -> Refusal? {
        guard count > 0 else {
            begin(with: observation)
            return nil
        }
        if policy.isTooFast(observation, since: self) { return .rate }
        guard observation.time >= time else { return nil }
        guard observation.value == value else {
            begin(with: observation)
            return nil
        }
        if policy.isStuck(observation, since: self) { return .stuck }
        time = observation.time
        count += 1
        return nil
    }
}
