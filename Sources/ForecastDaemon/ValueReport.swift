// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Forecasting

/// What `check` says of the values that a rule takes for missing; figures without effect are absent.
struct ValueReport: Sendable, Encodable {
    var reject: [Double]?
    var minimum: Double?
    var maximum: Double?
    /// The largest change in a second.
    var rate: Double?
    /// A duration, or a number of values.
    var stuck: String?

    init(_ policy: ValuePolicy) {
        reject = policy.rejected.isEmpty ? nil : policy.rejected
        minimum = policy.minimum.isFinite ? policy.minimum : nil
        maximum = policy.maximum.isFinite ? policy.maximum : nil
        rate = policy.rate
        switch policy.stuck {
        case nil: break
        case .observations(let count): stuck = "\(count) values"
        case .duration(let nanoseconds): stuck = Duration.nanoseconds(nanoseconds).text
        }
    }

    /// The figures as a line; nil where every value is good.
    var text: String? {
        let parts = [
            reject.map { "not \($0.map { "\($0)" }.joined(separator: " or "))" },
            minimum.map { "from \($0)" }, maximum.map { "up to \($0)" },
            rate.map { "changing by at most \($0) a second" },
            stuck.map { "staying the same for at most \($0)" },
        ].compactMap(\.self)
        return parts.isEmpty ? nil : "values \(parts.joined(separator: ", "))"
    }
}
