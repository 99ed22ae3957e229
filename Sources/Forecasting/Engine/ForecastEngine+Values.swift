// Part of forecastd. SPDX-License-Identifier: Apache-2.0

// Bad values: they leave no trace but a count, as if they had never come.
extension ForecastEngine {
    /// Why a value is bad by itself; asked before anything else, so that its time does not count either.
    func refusal(of value: Double, rule: Int) -> Refusal? {
        hasBadValues ? plan.rules[rule].values.refusal(of: value) : nil
    }

    /// Why a value is bad beside the last good one; asked when the time line would take the observation.
    ///
    /// - Parameter begins: Whether the time line begins with the observation, so that nothing lies before it.
    mutating func refusal(of observation: Observation, slot: UInt32, begins: Bool) -> Refusal? {
        guard hasBadValues else { return nil }
        let index = Int(slot)
        let policy = plan.rules[records[index].rule].values
        guard policy.needsLastValue else { return nil }
        if begins {
            lastValues[index].begin(with: observation)
            return nil
        }
        return lastValues[index].take(observation, policy)
    }

    /// Observations of the stream in `slot` that were not taken for this reason, since it is known.
    public func refusals(of slot: UInt32, for reason: Refusal) -> UInt64 {
        precondition(slot < streamCount, "no such stream")
        return refusalCounts.count(of: reason, slot: slot)
    }
}
