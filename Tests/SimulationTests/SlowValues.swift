// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Forecasting

/// Which values of a stream must be taken for missing, found out from all that were good.
struct SlowValues {
    let policy: ValuePolicy
    /// The good ones since the time line began, but for those that were late when they came.
    private var good: [Observation] = []

    init(_ policy: ValuePolicy) { self.policy = policy }

    func refusal(of value: Double) -> Refusal? {
        if policy.rejected.contains(value) { return .rejected }
        return (policy.minimum...policy.maximum).contains(value) ? nil : .outOfRange
    }

    mutating func begin(with observation: Observation) { good = [observation] }

    mutating func take(_ observation: Observation) -> Refusal? {
        let last = good.last!
        let distance = abs(observation.time.nanoseconds - last.time.nanoseconds)
        let change = abs(observation.value - last.value)
        if let rate = policy.rate, change > rate * (distance == 0 ? 1 : Double(distance) / 1e9) {
            return .rate
        }
        if observation.time < last.time { return nil }
        let same = good.reversed().prefix { $0.value == observation.value }
        switch policy.stuck {
        case .observations(let count) where same.count >= count: return .stuck
        case .duration(let nanoseconds):
            if let first = same.last, observation.time.nanoseconds - first.time.nanoseconds > nanoseconds {
                return .stuck
            }
        default: break
        }
        good.append(observation)
        return nil
    }
}
