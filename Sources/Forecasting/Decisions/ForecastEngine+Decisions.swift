// Part of forecastd. SPDX-License-Identifier: Apache-2.0

// What was decided for streams, for whoever asks why.
extension ForecastEngine {
    /// What was decided for a stream of late, the newest last; none is kept for ever.
    package func decisions(of identifier: RawSpan) -> [Decision] { decisions.decisions(of: identifier) }

    /// Whether a stream is forecast here, or lies on the shelf.
    package func knows(_ identifier: RawSpan) -> Bool {
        if let slot = streams.slot(of: identifier) { return isForecast(slot) }
        var bucket: Int?
        return spilled.count > 0 && spilled.next(spilled.hash(of: identifier), after: &bucket) != nil
    }

    /// Decisions so far; each has its number.
    package var decisionCount: UInt64 { decisions.changeCount }

    /// Places of streams in the table of decisions.
    package var decidedPlaceCount: Int { decisions.placeCount }

    /// Whether a value of the stream in such a place was dropped, or came late, after decision `change`.
    package func hasDrop(in place: Int, after change: UInt64) -> Bool {
        decisions.hasDrop(in: place, after: change)
    }

    /// The id of the stream in such a place.
    @_lifetime(borrow self)
    package func identifier(decidedIn place: Int) -> RawSpan { decisions.identifier(in: place) }

    /// What was decided for the stream in such a place of late, the newest last.
    package func decisions(in place: Int) -> [Decision] { decisions.decisions(in: place) }

    /// Takes note of what was decided for the stream in a slot.
    mutating func note(
        _ kind: Decision.Kind, _ slot: UInt32, from begin: Timestamp? = nil, to end: Timestamp,
        value: Double = .nan, _ setting: Decision.Setting = .none
    ) {
        Self.note(
            kind, slot, of: streams, from: begin ?? end, to: end, value, setting, in: &decisions)
    }

    // Static with explicit parameters: a span of one property may not be in hand while another one changes.
    private static func note(
        _ kind: Decision.Kind, _ slot: UInt32, of streams: borrowing StreamTable, from begin: Timestamp,
        to end: Timestamp, _ value: Double, _ setting: Decision.Setting, in decisions: inout DecisionTable
    ) {
        decisions.note(
            kind, of: streams.identifier(of: slot), from: begin, to: end, value: value, setting)
    }

    /// Takes note of an observation that was not taken.
    mutating func note(_ refusal: Refusal, _ observation: Observation, of identifier: RawSpan) {
        decisions.note(
            .refused(refusal), of: identifier, from: observation.time, to: observation.time,
            value: observation.value, setting(of: refusal, observation.value, identifier))
    }

    /// The setting that a value was refused by.
    private func setting(
        of refusal: Refusal, _ value: Double, _ identifier: RawSpan
    ) -> Decision.Setting {
        switch refusal {
        case .unmatched, .duplicate: return .none
        case .streamsLimit: return .count(plan.streamsLimit)
        case .rejected: return .value(value)
        case .ahead, .late, .outOfRange, .rate, .stuck: break
        }
        // A stream that is known has its rule: matching patterns takes as long as there are rules.
        let number = streams.slot(of: identifier).map { records[Int($0)].rule }.flatMap { $0 < 0 ? nil : $0 }
        guard let number = number ?? plan.rule(of: identifier) else { return .none }
        let rule = plan.rules[number]
        switch refusal {
        case .ahead: return .duration(rule.maximumSkew)
        case .late: return .duration(rule.time.lateness)
        case .outOfRange:
            return .value(value < rule.values.minimum ? rule.values.minimum : rule.values.maximum)
        case .rate: return rule.values.rate.map { .value($0) } ?? .none
        default:
            return switch rule.values.stuck {
            case .observations(let count): .count(count)
            case .duration(let nanoseconds): .duration(nanoseconds)
            case nil: .none
            }
        }
    }

    /// Takes note of what a tick without values, or one after such, does to its stream.
    mutating func noteGap(_ kind: Decision.Kind, _ tick: Tick, slot: UInt32) {
        let time = plan.rules[records[Int(slot)].rule].time
        let missing = kind == .stale || tick.source == .observed ? tick.gap : 0
        note(
            kind, slot, from: tick.time.advanced(by: -missing * tick.period), to: tick.time,
            value: tick.value,
            .duration(time.limit ?? TimePolicy.defaultLimitTicks * tick.period))
    }
}
