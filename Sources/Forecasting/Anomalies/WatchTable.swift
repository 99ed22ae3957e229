// Part of forecastd. SPDX-License-Identifier: Apache-2.0

/// What the values of an engine's streams are held against, by rule, and what is known of each stream, by slot.
struct WatchTable: ~Copyable {
    /// What looks for anomalies; nil for a rule that looks for none.
    let detectors: [AnomalyDetector?]
    var anomalies: SlotTable<AnomalyState>
    /// What looks for models that have become worse.
    let models: [ModelDrift]
    var drifts: SlotTable<DriftState>

    /// Alarms and drifts so far.
    var counts = WatchCounts()

    init(_ plan: ForecastPlan) {
        detectors = plan.rules.map { $0.anomalies.map { AnomalyDetector($0) } }
        anomalies = SlotTable(count: detectors.contains { $0 != nil } ? plan.streamsLimit : 1)
        models = plan.rules.map { ModelDrift(season: $0.season) }
        drifts = SlotTable(count: plan.streamsLimit)
    }

    /// Whether the alarm of a stream with this rule is on.
    func isAlarmOn(_ slot: Int, rule: Int) -> Bool { detectors[rule] != nil && anomalies[slot].alarm.isOn }
}
