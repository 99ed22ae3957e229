// Part of forecastd. SPDX-License-Identifier: Apache-2.0

package import Forecasting
package import Monitoring
import WireFormat

extension DecisionReport {
    /// Says in words what an engine decided.
    package init(_ decision: Decision) {
        self.init(
            kind: decision.kind.label, first: decision.first.rfc3339, last: decision.last.rfc3339,
            count: decision.count, begin: decision.begin.rfc3339, end: decision.end.rfc3339,
            value: decision.value.isFinite ? decision.value : nil, key: decision.key,
            text: decision.text)
    }
}

extension Decision.Kind {
    /// The name, as metrics and logs have it where they do.
    fileprivate var label: String {
        switch self {
        case .refused(let refusal): refusal.label
        case .revised: "revised"
        case .filled: "filled"
        case .skipped: "skipped"
        case .renewed(.reset): "reset"
        case .renewed(.rewarm): "rewarmed"
        case .notFinite: "not_finite"
        case .turned: "turned"
        case .learned: "learned"
        case .stale: "stale"
        case .spilled: "spilled"
        case .revived: "revived"
        case .forgotten: "forgotten"
        case .lost: "lost"
        case .reloaded(let change, _): "reload_\(change.rawValue)"
        }
    }
}

// The keys of the configuration.
extension Decision {
    fileprivate var key: String? {
        switch kind {
        case .refused(let refusal): refusalKey(refusal)
        case .revised: "revise_limit: \(number)"
        case .filled(let fill): "gaps: {fill: \(fill.rawValue), limit: \(number)}"
        case .skipped: "gaps: {fill: skip, limit: \(number)}"
        case .renewed(let renewal): "gaps: {limit: \(number), then: \(renewal.rawValue)}"
        case .stale: "gaps: {limit: \(number)}"
        case .learned: "every: auto"
        case .spilled(isIdle: false): "streams_limit: \(number)"
        case .spilled, .forgotten: "idle_ttl: \(number)"
        case .reloaded(.kept, _): "on_model_change: keep"
        case .notFinite, .turned, .revived, .lost, .reloaded: nil
        }
    }

    private func refusalKey(_ refusal: Refusal) -> String? {
        // A stream that is but an input of others has no rule of its own.
        guard setting != .none || refusal == .unmatched else { return nil }
        switch refusal {
        case .unmatched: return "streams: match"
        case .streamsLimit: return "streams_limit: \(number)"
        case .ahead: return "maximum_skew: \(number)"
        case .late: return "lateness: \(number)"
        case .duplicate: return nil
        case .rejected: return "values: {reject: [\(number)]}"
        case .outOfRange:
            guard case .value(let bound) = setting else { return nil }
            return "values: {\(value < bound ? "minimum" : "maximum"): \(number)}"
        case .rate: return "values: {rate: \(number)}"
        case .stuck: return "values: {stuck: \(number)}"
        }
    }

    /// The setting, as it is written.
    private var number: String {
        switch setting {
        case .none: "?"
        case .duration(0): "0s"  // as the manual of keys has it
        case .duration(let nanoseconds): Duration.nanoseconds(nanoseconds).text
        case .count(let count): "\(count)"
        case .value(let value): value.plain
        }
    }
}

// The words.
extension Decision {
    fileprivate var text: String {
        switch kind {
        case .refused(let refusal): "the value \(valueText) was dropped: \(refusal.reason)"
        case .revised: "the value \(valueText) came late; the stream went back and took it in"
        case .filled(let fill):
            (count == 1 ? "a tick without values, \(time(end))," : "\(count) ticks without values, \(span),")
                + " filled with \(fill.words), last \(value.short)"
        case .skipped: "passed over ticks without values, \(span)"
        case .renewed(.reset): "the model's state began at zero: no values, \(span)"
        case .renewed(.rewarm):
            "the model's state began at zero and was run over the window: no values, \(span)"
        case .notFinite: "the stream was reset at the value \(valueText): its state was not finite"
        case .turned:
            "a new time line began: the sender's clock went back, from \(time(begin)) to \(time(end))"
        case .learned: "learned that the stream has a value every \(number)"
        case .stale: "said to be stale: no values, \(span); the last was \(value.short)"
        case .spilled(isIdle: false): "its state went to disk, to make room for others"
        case .spilled: "its state went to disk, because no value came"
        case .revived: "its state came back from disk"
        case .forgotten: "forgotten, because no value came"
        case .lost: "began anew: its state on disk was destroyed, or is of another rule or model"
        case .reloaded(let change, let difference):
            change.words
                + (difference.isEmpty ? "" : " (changed: \(difference.keys.joined(separator: ", ")))")
        }
    }

    private var valueText: String { "\(value.short) of \(time(end))" }
    private var span: String { "\(time(begin)) to \(time(end))" }

    /// The time of day to milliseconds, or all of it where it is another day than that of the decision.
    private func time(_ time: Timestamp) -> String {
        let (text, day) = (time.rfc3339, last.rfc3339.prefix(10))
        guard text.hasPrefix(day) else { return text }
        return String(text.dropFirst(day.count + 1).dropLast().prefix(12))
    }
}

extension Refusal {
    fileprivate var reason: String {
        switch self {
        case .unmatched: "no rule matches the stream's id"
        case .streamsLimit: "there is no room for another stream"
        case .ahead: "its time lies too far ahead of the clock"
        case .late: "it came too late"
        case .duplicate: "it had come before"
        case .rejected: "it stands for no value"
        case .outOfRange: "it is out of range"
        case .rate: "it differs too much from the last one"
        case .stuck: "it has stayed the same for too long"
        }
    }
}

extension TimePolicy.Fill {
    fileprivate var words: String {
        switch self {
        case .hold, .skip: "the last value"
        case .linear: "a straight line (where the next value had come, else the last value)"
        case .seasonal: "the value one season before (or the last one, where there was none)"
        case .forecast: "the forecast (or the last value, where there was none)"
        }
    }
}

extension StreamChange {
    fileprivate var words: String {
        switch self {
        case .unchanged: "a reload changed nothing for it"
        case .kept: "a reload: it goes on with its state"
        case .rewarmed: "a reload: its model was run over its window"
        case .reset: "a reload: it begins anew with its next value"
        case .removed: "a reload: no rule matches it any more"
        }
    }
}

extension Double {
    /// As short as it can be written, whole numbers without a point.
    fileprivate var plain: String {
        self == rounded() && magnitude < 1e15 ? "\(Int64(self))" : "\(self)"
    }

    /// The same of a value, of which five digits tell enough.
    fileprivate var short: String { self == rounded() ? plain : compact }
}
