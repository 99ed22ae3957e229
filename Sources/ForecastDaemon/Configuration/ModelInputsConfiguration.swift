// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Forecasting

/// What enters a rule's model at each tick, where that is more than the stream's own value.
public struct ModelInputsConfiguration: Sendable, Equatable {
    /// The inputs, in the order of the file.
    public var entries: [ModelInputConfiguration]
    /// How much longer a tick waits for its members; nil for one period, or else a second.
    public var wait: Duration?
    /// The time zone in which the calendar is read.
    public var timeZone: String

    /// How long the members of one tick may be apart where each observation is one.
    static let defaultEventWait = Duration.seconds(1)

    /// The longest wait.
    private static let longestWait = Duration.seconds(366 * 86_400)

    /// Takes the keys out of a rule's table; nil where the rule has no `inputs_from`.
    init?(
        from table: inout ConfigurationTable, match: String, scale: StreamRuleConfiguration.Scale,
        time: TimeConfiguration
    ) {
        let value = table.take("inputs_from")
        let wait = table.take("wait")?.duration(in: .zero...Self.longestWait)
        let timeZone = table.take("time_zone")?.timeZone()
        guard let entries = value?.list(of: "inputs", { $0.modelInput() }) else {
            if value == nil {
                for key in ["wait", "time_zone"] { table.refuse(key, "only for rules with inputs_from") }
            }
            return nil
        }
        self.entries = entries
        self.wait = wait
        self.timeZone = timeZone ?? "UTC"
        guard let pattern = try? Glob(match) else { return }
        checkStreams(table, pattern)
        checkNames(table)
        checkKeys(table, pattern, scale, time)
        checkTime(table, time)
        if time.late == .revise {
            table.refuse(
                "late", "inputs_from takes nothing back: late values are dropped, write a longer wait")
        }
        if scale == .window {
            table.refuse("scale", "inputs_from has no windows of its members: write scale: rolling")
        }
    }

    /// How much longer a tick waits for its members.
    func wait(_ time: TimeConfiguration) -> Duration {
        guard case .period(let period) = time.every else { return wait ?? Self.defaultEventWait }
        return wait ?? period
    }

    /// Whether an entry is the stream that the rule forecasts.
    static func isTarget(_ entry: ModelInputConfiguration, of pattern: Glob) -> Bool {
        entry.source == .stream(IdentifierTemplate.identity(of: pattern))
    }

    /// Every entry names a stream that can be, once, and one of them is the target.
    private func checkStreams(_ table: borrowing ConfigurationTable, _ pattern: Glob) {
        var earlier: Set<String> = []
        for (index, entry) in entries.enumerated() {
            let path = "inputs_from[\(index)]"
            if !earlier.insert(entry.text).inserted {
                table.problem(path, "\(ConfigurationSuggestion.quoted(entry.text)) stands twice: keep one")
            }
            guard case .stream(let stream) = entry.source, !stream.isEmpty else { continue }
            do throws(IdentifierTemplate.TemplateError) {
                _ = try IdentifierTemplate(stream, of: pattern)
            } catch {
                table.problem(path, "\(error), found \(ConfigurationSuggestion.quoted(stream))")
            }
        }
        if !entries.contains(where: { Self.isTarget($0, of: pattern) }) {
            let target = ConfigurationSuggestion.quoted(IdentifierTemplate.identity(of: pattern))
            table.problem(
                "inputs_from", "the stream that is forecast, \(target), is not among the inputs: add it")
        }
        let count = entries.reduce(0) { $0 + $1.names.count }
        if count > InputList.maximumCount {
            table.problem("inputs_from", "expected at most \(InputList.maximumCount) inputs, found \(count)")
        }
    }

    private func checkNames(_ table: borrowing ConfigurationTable) {
        var earlier: Set<String> = []
        for (index, entry) in entries.enumerated() {
            for name in entry.names where !earlier.insert(name).inserted {
                table.problem(
                    "inputs_from[\(index)]",
                    "another input has the name \(ConfigurationSuggestion.quoted(name)) already: give this one "
                        + "a name of its own, as {stream: \"\(entry.text)\", name: other}")
            }
        }
    }

    /// Every key of an entry has an effect, and those that are needed are there.
    private func checkKeys(
        _ table: borrowing ConfigurationTable, _ pattern: Glob, _ scale: StreamRuleConfiguration.Scale,
        _ time: TimeConfiguration
    ) {
        for (index, entry) in entries.enumerated() {
            guard case .stream = entry.source else { continue }
            func refuse(_ key: String, _ reason: String) {
                table.refuse("inputs_from[\(index)].\(key)", reason)
            }
            if Self.isTarget(entry, of: pattern) {
                for key in ["fill", "aggregate", "mean", "std"] {
                    refuse(
                        key,
                        "the stream that is forecast goes by the rule's own \(key == "fill" ? "gaps" : key)")
                }
                continue
            }
            if time.every == .event { refuse("aggregate", "only for rules with a period, as every: 1s") }
            if scale == .unscaled && entry.fill == .mean {
                refuse("fill", "with scale: none no mean is known; use fill: hold")
            }
            guard case .fixed = scale else {
                for key in ["mean", "std"] { refuse(key, "only for scale: fixed") }
                continue
            }
            if entry.mean == nil || entry.deviation == nil {
                table.problem(
                    "inputs_from[\(index)]",
                    "scale: fixed takes the mean and std of each input's training values: write {stream: "
                        + "\"\(entry.text)\", mean: 0, std: 1}, with its numbers")
            }
        }
    }

    private func checkTime(_ table: borrowing ConfigurationTable, _ time: TimeConfiguration) {
        if time.every == .auto {
            table.problem(
                "inputs_from",
                "several streams need one period: write every: with a duration, as every: 1s, or event")
        }
        if time.every == .event {
            table.refuse(
                "lateness",
                "with every: event, inputs_from joins the values of one time as they come; write wait")
        }
        if entries.count(where: { if case .stream = $0.source { true } else { false } }) < 2 {
            table.refuse("wait", "there is no other stream among the inputs to wait for")
        }
        if !entries.contains(where: { if case .calendar = $0.source { true } else { false } }) {
            table.refuse("time_zone", "only for inputs of the calendar, as calendar.hour")
        }
        guard case .period(let period) = time.every else { return }
        let longest = period * Int(TimePolicy.maximumLatenessTicks)
        if time.lateness <= longest && time.lateness + wait(time) > longest {
            table.problem(
                "wait",
                "expected, with lateness, at most \(TimePolicy.maximumLatenessTicks) ticks of \(period.text), "
                    + "found \((time.lateness + wait(time)).text)")
        }
    }
}
