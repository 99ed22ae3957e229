// Part of forecastd. SPDX-License-Identifier: Apache-2.0

package import Forecasting
import Foundation

extension TimeZoneOffsets {
    /// The zone that the tz database knows by a name, as `Europe/Berlin`, from 1970 up to 2100; nil if there is none.
    package init?(name: String) {
        guard let zone = TimeZone(identifier: name) else { return nil }
        func offset(_ seconds: Int64) -> Int64 {
            Int64(zone.secondsFromGMT(for: Date(timeIntervalSince1970: Double(seconds))))
        }
        let week: Int64 = 7 * 86_400
        var transitions: [Int64] = []
        var offsets = [offset(0)]
        // No zone has changed its offset and back within a week.
        for start in stride(from: 0 as Int64, to: 4_102_444_800, by: Int(week)) {
            let next = offset(start + week)
            guard next != offsets[offsets.count - 1] else { continue }
            var (before, after) = (start, start + week)
            while after - before > 1 {
                let middle = (before + after) / 2
                if offset(middle) == next { after = middle } else { before = middle }
            }
            transitions.append(after)
            offsets.append(next)
        }
        self.init(transitions: transitions, offsets: offsets)
    }
}

extension ConfigurationValue {
    /// The value as the name of a time zone.
    func timeZone() -> String? {
        let expected = "the name of a time zone, as Europe/Berlin"
        guard let name = text(expected) else { return nil }
        guard TimeZone(identifier: name) != nil else {
            mismatch(
                expected,
                suggestion: ConfigurationSuggestion.nearest(
                    to: name, among: TimeZone.knownTimeZoneIdentifiers))
            return nil
        }
        return name
    }
}
