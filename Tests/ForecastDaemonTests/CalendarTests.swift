// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import ForecastDaemon
import Forecasting
import Foundation
import Testing

/// The calendar against Python's zoneinfo: `Golden/make_calendar.py`.
@Suite struct CalendarTests {
    private struct Row: Decodable {
        var zone: String
        var seconds: Int64
        var angles: [Double]

        init(from decoder: any Decoder) throws {
            var fields = try decoder.unkeyedContainer()
            zone = try fields.decode(String.self)
            seconds = try fields.decode(Int64.self)
            angles = []
            while !fields.isAtEnd { angles.append(try fields.decode(Double.self)) }
        }
    }

    private static func rows() throws -> [String: [Row]] {
        let file = URL(filePath: #filePath).deletingLastPathComponent().appending(
            path: "Golden/calendar.json")
        return Dictionary(
            grouping: try JSONDecoder().decode([Row].self, from: Data(contentsOf: file)), by: \.zone)
    }

    @Test func isThatOfZoneinfo() throws {
        let zones = try Self.rows()
        #expect(zones.count == 15)
        for (name, rows) in zones {
            let zone = try #require(TimeZoneOffsets(name: name))
            #expect(rows.count == 110)
            for row in rows {
                let time = Timestamp(nanoseconds: row.seconds * 1_000_000_000)
                let angles = CalendarFeature.allCases.flatMap {
                    let angle = $0.angle(at: time, in: zone)
                    return [angle.sine, angle.cosine]
                }
                let worst = zip(angles, row.angles).map { abs($0 - $1) }.max() ?? 1
                #expect(worst < 1e-11, "\(name) at \(row.seconds): \(angles), not \(row.angles)")
            }
        }
    }

    @Test func unknownZonesHaveNone() {
        #expect(TimeZoneOffsets(name: "Europe/Berln") == nil && TimeZoneOffsets(name: "") == nil)
        #expect(TimeZoneOffsets(name: "UTC") == .utc)
    }

    /// Fractions of a second count, times before the epoch too, and every day has its place in its year.
    @Test func positionsRunThrough() {
        let second: Int64 = 1_000_000_000
        let half = Timestamp(nanoseconds: -second / 2)
        #expect(abs(CalendarFeature.hour.position(at: half, in: .utc) - (1 - 0.5 / 86_400)) < 1e-12)
        var before = 1.0
        // From 1 January 1861 on.
        for day in Int64(-39_811)...40_000 {
            let time = Timestamp(nanoseconds: day * 86_400 * second)
            let position = CalendarFeature.yearday.position(at: time, in: .utc)
            #expect(position == 0 || (position > before && position - before < 1 / 364.0), "day \(day)")
            #expect(CalendarFeature.hour.position(at: time, in: .utc) == 0)
            before = position
        }
        #expect(CalendarFeature.weekday.position(at: Timestamp(nanoseconds: 0), in: .utc) == 3.0 / 7)
    }

    /// Before the first change and after the last, the offsets there go on.
    @Test func offsetsHaveNoEnd() {
        let zone = TimeZoneOffsets(transitions: [-100, 100], offsets: [-3600, 0, 3600])
        let times: [Int64] = [.min, -101, -100, 99, 100, .max]
        #expect(times.map(zone.offset) == [-3600, -3600, 0, 0, 3600, 3600])
    }
}
