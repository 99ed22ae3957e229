// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Synchronization

/// How many streams several engines may take together.
public final class StreamQuota: Sendable {
    private let limit: Int
    private let count = Atomic<Int>(0)

    /// Makes a quota of `limit` streams.
    public init(limit: Int) { self.limit = limit }

    /// Whether no place is left.
    var isUsedUp: Bool { count.load(ordering: .relaxed) >= limit }

    /// Takes the place of one stream; false if none is left.
    func take() -> Bool {
        guard count.wrappingAdd(1, ordering: .relaxed).oldValue < limit else {
            count.wrappingSubtract(1, ordering: .relaxed)
            return false
        }
        return true
    }
}
