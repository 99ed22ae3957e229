// Part of forecastd. SPDX-License-Identifier: Apache-2.0

// Values held against what was forecast: anomalies of a stream, drift of its model.
extension ForecastEngine {
    /// Alarms and drifts so far.
    public var watchCounts: WatchCounts { watches.counts }

    /// Scores the batch's values by the forecasts made one tick before, and keeps those made now for the next ones.
    mutating func watch() {
        for (index, entry) in group.enumerated() {
            watchModel(entry)
            guard let detector = watches.detectors[forecasts[index].rule] else { continue }
            let slot = Int(entry.slot)
            var state = watches.anomalies[slot]
            if entry.tick.isApart { state.isForecast = false }
            state.score = .nan
            forecasts[index].alarm = state.alarm.current
            if entry.tick.source == .observed {
                state.score = detector.score(entry.tick.value, &state)
                if !state.score.isNaN {
                    let alarm = state.alarm.take(state.score, debounce: detector.policy.debounce)
                    note(alarm, index, changes: state.alarm.changes)
                }
            }
            state.forecast = yhat[index * maximumHorizon]
            state.isForecast = state.forecast.isFinite
            watches.anomalies[slot] = state
            forecasts[index].anomalyScore = state.score
            if state.alarm.isOn { forecasts[index].status = .anomalous }
        }
    }

    /// Ends the alarm of a stream whose values no longer come.
    mutating func endAlarm(_ index: Int, slot: UInt32) {
        guard watches.detectors[forecasts[index].rule] != nil else { return }
        let alarm = watches.anomalies[Int(slot)].alarm.end()
        note(alarm, index, changes: watches.anomalies[Int(slot)].alarm.changes)
        watches.anomalies[Int(slot)].score = .nan
        forecasts[index].anomalyScore = .nan
    }

    private mutating func note(_ alarm: Forecast.Alarm, _ index: Int, changes: UInt64) {
        forecasts[index].alarm = alarm
        guard alarm.isChange else { return }
        forecasts[index].alarmChanges = changes
        if alarm == .begins { watches.counts.alarms += 1 } else { watches.counts.alarmsEnded += 1 }
    }

    /// Holds a value against the model's own forecast, which adaptation does not change.
    private mutating func watchModel(_ entry: WaveQueue.Entry) {
        // What is stepped again for a late value has been counted.
        guard entry.tick.revision == .none else { return }
        let slot = Int(entry.slot)
        var state = watches.drifts[slot]
        if state.isForecast && entry.tick.source == .observed && !entry.tick.isApart {
            let isDrifting = watches.models[records[slot].rule].learn(
                entry.tick.value - state.forecast, persistence: entry.tick.value - state.value, &state)
            if isDrifting == true { watches.counts.drifts += 1 }
            if isDrifting == false { watches.counts.driftsEnded += 1 }
        }
        state.forecast = records[slot].modelValue
        state.isForecast = state.forecast.isFinite
        state.value = entry.tick.value
        watches.drifts[slot] = state
    }
}

extension Tick {
    /// Whether the forecast made one tick before was not made for this tick.
    fileprivate var isApart: Bool { skipped > 0 || beginning != .none }
}
