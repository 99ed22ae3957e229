// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Synchronization

/// How many streams several engines may take together.
public final class StreamQuota: Sendable {
    private let limit: Int
    private let count = Atomic<Int>(0)

    /// Makes a quota of `limit` streams.
    public init(limit: Int) { self.limit = limit }

    /// Whether fewer than `places` are left.
    func isUsedUp(for places: Int) -> Bool { count.load(ordering: .relaxed) + places > limit }

    /// Takes the places of so many streams; false if not as many are left.
    func take(_ places: Int) -> Bool {
        guard count.wrappingAdd(places, ordering: .relaxed).oldValue + places <= limit else {
            giveBack(places)
            return false
        }
        return true
    }

    /// Gives the places of so many streams back.
    func giveBack(_ places: Int) { count.wrappingSubtract(places, ordering: .relaxed) }
}

extension ForecastEngine {
    /// Whether so many streams more find a place.
    func hasRoom(for places: Int) -> Bool {
        streams.count + places <= streams.capacity && !quota.isUsedUp(for: places)
    }
}
