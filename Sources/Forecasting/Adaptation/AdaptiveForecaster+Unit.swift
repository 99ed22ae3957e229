// Part of forecastd. SPDX-License-Identifier: Apache-2.0

// The unit that a stream is learned in.
extension AdaptiveForecaster {
    /// Chooses the unit, once the stream's deviation is known or has become quite another.
    ///
    /// Else the unit stands still, because one that moved with the deviation would weigh past values by it.
    func settle(_ row: inout Row) {
        let statistics = row.head.statistics
        guard statistics.count >= settlingCount else { return }
        let deviation = statistics.scale.deviation
        if row.head.unit == 0 {
            begin(row)
            row.head.start = row.head.position
            row.head.unit = deviation
        } else {
            let ratio = deviation / row.head.unit
            guard ratio > Self.unitRange || ratio < 1 / Self.unitRange else { return }
            if ratio < Self.rescalingRange && ratio > 1 / Self.rescalingRange {
                rescale(row, by: ratio)
            } else {
                // What was learned says nothing about so different a stream, and P would lose its digits.
                begin(row)
                row.head.start = row.head.position
            }
            row.head.unit = deviation
        }
    }

    /// Lets learning begin.
    private func begin(_ row: Row) {
        var place = row.start + layout.readouts
        for readout in readouts {
            readout.reset(place)
            place += AdaptationLayout.padded(readout.length)
        }
        (row.start + layout.mixtures).update(repeating: 0, count: layout.horizon * mixture.length)
        for horizon in 0..<layout.horizon {
            parts.tracker.reset(row.start + layout.trackers + horizon * parts.tracker.length)
        }
    }

    /// Says all that was learned in a unit `ratio` times as large.
    private func rescale(_ row: Row, by ratio: Double) {
        var place = row.start + layout.readouts
        for readout in readouts {
            let own = readout.source == .state ? 0 : differenceCount
            let first = readout.source == .stateAndPast ? hiddenSize : 0
            readout.rescale(place, by: ratio, differences: first..<first + own)
            place += AdaptationLayout.padded(readout.length)
        }
        for horizon in 0..<layout.horizon {
            mixture.rescale(row.start + layout.mixtures + horizon * mixture.length, by: ratio)
            parts.tracker.rescale(
                row.start + layout.trackers + horizon * parts.tracker.length, by: ratio)
        }
        for horizon in 0..<layout.horizon { work.targets[horizon] /= ratio }
        let outstanding = row.outstanding(0)
        for place in 0..<layout.seriesCount * layout.seriesLength { outstanding[place] /= Float(ratio) }
    }
}
