// Part of forecastd. SPDX-License-Identifier: Apache-2.0

// Streams that others learn from.
extension ForecastEngine {
    /// Makes a stream that begins known to those that are related to it, and these to it.
    mutating func relate(_ slot: UInt32, _ identifier: RawSpan) {
        guard related.isUsed else { return }
        let rule = plan.rules[records[Int(slot)].rule]
        related.join(slot, streams: streams, pattern: rule.relatedPattern(of: identifier))
    }

    /// Takes in the batch's ticks, before any of them is forecast.
    mutating func noteRelated() {
        guard related.isUsed else { return }
        for entry in group { related.note(entry.tick, slot: entry.slot) }
    }

    /// Gives a forecaster what the streams related to that of an entry were at its tick.
    mutating func fillRelated(_ entry: WaveQueue.Entry, of forecaster: AdaptiveForecaster) {
        guard forecaster.hasRelated else { return }
        if related.hasChanged(for: entry.slot) { forecaster.forgetRelated(row: Int(entry.slot)) }
        related.write(to: forecaster.relatedFeatures, of: entry.slot, entry.tick)
    }
}

extension ForecastPlan {
    /// Whether streams learn from others.
    public var hasRelated: Bool { rules.contains { $0.adaptation?.related != nil } }
}

extension ForecastPlan.Rule {
    /// What the ids of the streams match that are related to one; nil where there are none.
    fileprivate func relatedPattern(of identifier: RawSpan) -> Glob? {
        guard let related = adaptation?.related, let captures = match.captures(in: identifier),
            let bytes = related.filled(by: captures, in: identifier)
        else { return nil }
        return try? Glob(String(decoding: bytes, as: UTF8.self))
    }
}
