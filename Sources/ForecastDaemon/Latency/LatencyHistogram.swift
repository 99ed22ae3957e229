// Part of forecastd. SPDX-License-Identifier: Apache-2.0

/// How often durations of each length were seen, from a microsecond to 17 s.
///
/// Buckets are log-linear: four to each doubling, so that a quantile is off by at most a quarter of itself from a microsecond to 17 s. Recording is a few
/// shifts and two additions, and allocates nothing.
package struct LatencyHistogram: Sendable, Equatable {
    /// Durations below 2^10 ns share the first bucket; those of 2^34 ns and above share the last.
    private static let (lowest, highest) = (10, 34)
    private static let bucketCount = 2 + 4 * (highest - lowest)

    private var buckets = [UInt64](repeating: 0, count: bucketCount)
    /// Durations recorded.
    package private(set) var count: UInt64 = 0
    /// Their sum, in nanoseconds.
    package private(set) var sum: UInt64 = 0

    /// Begins without durations.
    package init() {}

    /// Records a duration, in nanoseconds, as often as `times` says.
    package mutating func record(_ nanoseconds: UInt64, times: UInt64 = 1) {
        buckets[Self.bucket(of: nanoseconds)] += times
        count += times
        sum &+= nanoseconds &* times
    }

    private static func bucket(of nanoseconds: UInt64) -> Int {
        guard nanoseconds >= 1 << lowest else { return 0 }
        let exponent = 63 - nanoseconds.leadingZeroBitCount
        guard exponent < highest else { return bucketCount - 1 }
        return 1 + 4 * (exponent - lowest) + Int(nanoseconds >> (exponent - 2)) & 3
    }

    /// Where a bucket ends, in nanoseconds; the last has no end.
    private static func end(of bucket: Int) -> UInt64 {
        guard bucket > 0 else { return 1 << lowest }
        let (doublings, quarter) = (bucket - 1).quotientAndRemainder(dividingBy: 4)
        return UInt64(5 + quarter) << (lowest + doublings - 2)
    }

    /// Adds what another one recorded.
    package mutating func add(_ other: LatencyHistogram) {
        for bucket in buckets.indices { buckets[bucket] += other.buckets[bucket] }
        count += other.count
        sum &+= other.sum
    }

    /// What was recorded after `earlier`, the same histogram at another time.
    package func since(_ earlier: LatencyHistogram) -> LatencyHistogram {
        var difference = self
        for bucket in buckets.indices { difference.buckets[bucket] -= earlier.buckets[bucket] }
        difference.count -= earlier.count
        difference.sum &-= earlier.sum
        return difference
    }

    /// The duration, in seconds, that a share of all does not exceed; nil where there are none.
    package func quantile(_ share: Double) -> Double? {
        guard count > 0 else { return nil }
        let rank = share * Double(count)
        var below: UInt64 = 0
        for (bucket, size) in buckets.enumerated() where size > 0 {
            if Double(below + size) >= rank || below + size == count {
                let begin = bucket == 0 ? 0 : Double(Self.end(of: bucket - 1))
                let end = bucket == Self.bucketCount - 1 ? begin : Double(Self.end(of: bucket))
                return (begin + (end - begin) * (rank - Double(below)) / Double(size)) / 1e9
            }
            below += size
        }
        return nil
    }

    /// For each doubling: its end in seconds, and how many durations were below it.
    package var cumulative: [(end: Double, count: UInt64)] {
        var below: UInt64 = 0
        var doublings: [(end: Double, count: UInt64)] = []
        for bucket in 0..<Self.bucketCount - 1 {
            below += buckets[bucket]
            if bucket % 4 == 0 { doublings.append((Double(Self.end(of: bucket)) / 1e9, below)) }
        }
        return doublings
    }
}
