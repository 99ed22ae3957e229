// Part of forecastd. SPDX-License-Identifier: Apache-2.0

// What the observed values of a window come to.
extension RollingWindow {
    /// Observed values.
    package var observedCount: Int { ordered.count }

    /// The smallest value; nil without observed values.
    package var minimum: Double? { observedCount == 0 ? nil : OrderedKeys.value(ordered.key(rank: 0)) }

    /// The greatest value; nil without observed values.
    package var maximum: Double? {
        let count = observedCount
        return count == 0 ? nil : OrderedKeys.value(ordered.key(rank: count - 1))
    }

    /// The value that `share`, 0 to 1, of the values lie below, as NumPy's `quantile` defines it: with n values in
    /// order, numbered from 0, it lies at share (n - 1), on the straight line between the two that are next to it.
    ///
    /// - Returns: Nil without observed values.
    package func quantile(_ share: Double) -> Double? {
        precondition((0...1).contains(share), "a quantile has a share from 0 to 1")
        let count = observedCount
        guard count > 0 else { return nil }
        let position = share * Double(count - 1)
        let rank = Int(position)
        let part = position - Double(rank)
        let low = OrderedKeys.value(ordered.key(rank: rank))
        guard part > 0 else { return low }
        let high = OrderedKeys.value(ordered.key(rank: rank + 1))
        // From the nearer end, so that no rounding leads past an end.
        return part < 0.5 ? low + (high - low) * part : high - (high - low) * (1 - part)
    }

    /// Mean and standard deviation; NaN without observed values.
    package var meanAndDeviation: (mean: Double, deviation: Double) {
        let moments = allMoments
        guard moments.count > 0 else { return (.nan, .nan) }
        return (moments.mean, moments.variance.squareRoot())
    }

    /// Count, mean and squares.
    ///
    /// The blocks at both ends of the window are summed up anew, those between them are in the tree.
    var allMoments: Moments {
        let size = WindowLayout.blockSize
        let end = Int(header.pointee.place)
        let begin = place(back: count)
        let (endBlock, beginBlock) = (end / size, begin / size)
        let endMask = (1 as UInt64) << UInt64(end % size) - 1
        let beginMask = UInt64.max << UInt64(begin % size)
        if endBlock == beginBlock {
            // The window lies within a block, or goes all the way round to it.
            guard begin >= end && count > 0 else { return sum(beginBlock, beginMask & endMask) }
            let between = joined(endBlock + 1..<layout.blockCount).joined(with: joined(0..<endBlock))
            return sum(endBlock, beginMask | endMask).joined(with: between)
        }
        let middle =
            begin < end
            ? joined(beginBlock + 1..<endBlock)
            : joined(beginBlock + 1..<layout.blockCount).joined(with: joined(0..<endBlock))
        return sum(beginBlock, beginMask).joined(with: middle).joined(with: sum(endBlock, endMask))
    }

    private func sum(_ block: Int, _ mask: UInt64) -> Moments {
        mask == 0
            ? Moments()
            : Moments(of: values + WindowLayout.blockSize * block, mask: marks[block] & mask)
    }

    /// Writes a block's moments to the tree.
    func sumUp(_ block: Int) {
        var node = layout.blockCount + block
        moments[node] = sum(block, .max)
        while node > 1 {
            node /= 2
            moments[node] = moments[2 * node].joined(with: moments[2 * node + 1])
        }
    }

    /// The moments of whole blocks, from the tree.
    private func joined(_ blocks: Range<Int>) -> Moments {
        var (low, high) = (blocks.lowerBound + layout.blockCount, blocks.upperBound + layout.blockCount)
        var result = Moments()
        while low < high {
            if low % 2 == 1 {
                result = result.joined(with: moments[low])
                low += 1
            }
            if high % 2 == 1 {
                high -= 1
                result = result.joined(with: moments[high])
            }
            (low, high) = (low / 2, high / 2)
        }
        return result
    }
}
