// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Forecasting

/// What `check` says of how a rule's observations become ticks.
struct TimeReport: Sendable, Encodable {
    /// `event`, `auto` or a duration; the other figures are absent for `event`, but for the window and a lateness above 0.
    var every: String
    var aggregate: String?
    var lateness: String?
    /// Closed ticks that late observations reach; absent where they are dropped.
    var reviseLimit: Int?
    var fill: String?
    /// How long a gap is filled, as a duration or in ticks.
    var limit: String?
    var then: String?
    /// In ticks.
    var season: Int?
    /// In ticks; absent where no window is kept.
    var windowLength: Int?

    enum CodingKeys: String, CodingKey {
        case every, aggregate, lateness, fill, limit, then, season
        case reviseLimit = "revise_limit"
        case windowLength = "window_length"
    }

    init(_ policy: TimePolicy) {
        windowLength = policy.windowLength > 0 ? policy.windowLength : nil
        switch policy.every {
        case .event:
            every = "event"
            if policy.lateness > 0 { lateness = Self.text(policy.lateness) }
            return
        case .auto: every = "auto"
        case .period(let period): every = Self.text(period)
        }
        aggregate = policy.aggregate.rawValue
        lateness = Self.text(policy.lateness)
        reviseLimit = policy.reviseLimit > 0 ? policy.reviseLimit : nil
        fill = policy.fill.rawValue
        limit = policy.limit.map(Self.text) ?? "\(TimePolicy.defaultLimitTicks) ticks"
        then = policy.renewal.rawValue
        season = policy.season > 0 ? policy.season : nil
    }

    private static func text(_ nanoseconds: Int64) -> String { Duration.nanoseconds(nanoseconds).text }

    /// The figures as a line.
    var text: String {
        let window = windowLength.map { ", window of \($0) ticks" } ?? ""
        guard let aggregate, let lateness, let fill, let limit, let then else {
            return "every \(every)" + (lateness.map { ", lateness \($0)" } ?? "") + window
        }
        let filling = season.map { "\(fill) of \($0) ticks" } ?? fill
        let late = reviseLimit.map { ", late values revise up to \($0) ticks" } ?? ""
        return
            "every \(every) (\(aggregate)), lateness \(lateness)\(late), gaps \(filling) up to \(limit) then \(then)"
            + window
    }
}
