// Part of forecastd. SPDX-License-Identifier: Apache-2.0

public import Forecasting

/// How a rule makes ticks of its streams' observations.
public struct TimeConfiguration: Sendable, Equatable {
    /// A stretch of time, in ticks or as a duration.
    public enum Stretch: Sendable, Equatable {
        case ticks(Int)
        case duration(Duration)
    }

    /// What a tick is.
    public enum Every: Sendable, Equatable {
        case event
        case period(Duration)
        case auto
    }

    /// What becomes of observations whose tick is closed.
    public enum Late: String, Sendable, CaseIterable { case drop, revise }

    /// What becomes of ticks without observations.
    public struct Gaps: Sendable, Equatable {
        /// What stands in for them.
        public var fill = TimePolicy.Fill.hold
        /// How long a gap is filled; nil for ten ticks.
        public var limit: Duration?
        /// What becomes of the model's state after a longer gap.
        public var renewal = TimePolicy.Renewal.reset
    }

    /// What a tick is.
    public var every = Every.event
    /// What joins the observations of one tick.
    public var aggregate = TimePolicy.Aggregate.last
    /// How far an observation may lie behind the newest.
    public var lateness = Duration.zero
    /// What becomes of observations that are late.
    public var late = Late.drop
    /// How far back late observations reach; nil for `defaultReviseTicks`.
    public var reviseLimit: Stretch?
    /// What becomes of ticks without observations.
    public var gaps = Gaps()
    /// After how long values are alike; nil where none is given.
    public var season: Stretch?
    /// The longest season that streams learn, in ticks; nil where they learn none.
    public var seasonLimit: Int?
    /// What the rolling window has; nil for the season, or else `defaultWindowLength` ticks.
    public var windowLength: Stretch?

    /// Ticks of a window where neither rule nor season says how many.
    static let defaultWindowLength = 64
    /// The longest season that streams learn where the rule does not say how long: a day of values every 5 minutes.
    package static let defaultSeasonLimit = 288
    /// The most ticks that a window has.
    static let maximumWindowLength = 100_000
    /// Closed ticks that late observations reach where the rule does not say how many.
    static let defaultReviseTicks = 8
    /// The longest period.
    private static let longest = Duration.seconds(366 * 86_400)
}

extension TimeConfiguration {
    /// Takes the keys of time out of a rule's table.
    init(from table: inout ConfigurationTable) {
        self.init()
        let isEveryKnown = readEvery(&table)
        table.read("aggregate", into: &aggregate)
        table.read("lateness", in: .zero...Self.longest, into: &lateness)
        table.read("late", into: &late)
        reviseLimit = table.take("revise_limit")?.stretch(
            ticksIn: 1...TimePolicy.maximumReviseLimit, upTo: Self.longest)
        gaps = table.readSection("gaps")
        readSeason(&table)
        windowLength = table.take("window_length")?.stretch(
            ticksIn: 0...Self.maximumWindowLength, upTo: Self.longest)
        guard isEveryKnown else { return }
        if every == .event {
            for key in ["aggregate", "late", "revise_limit", "gaps"] {
                table.refuse(
                    key, "only for streams with a period: write every: auto, or a duration, as every: 1s")
            }
        } else {
            checkReach(table)
            checkLate(table)
            checkSeason(table)
        }
        if season != nil { check(season, "season", table) }
        checkWindow(table)
    }

    private mutating func readSeason(_ table: inout ConfigurationTable) {
        let value = table.take("season")
        let limit = table.take("season_limit")?.integer(in: Adaptation.seasonLimits)
        if value?.isWord("auto") == true {
            seasonLimit = limit ?? Self.defaultSeasonLimit
        } else {
            season = value?.stretch(ticksIn: 1...Self.maximumWindowLength, upTo: Self.longest)
            table.refuse("season_limit", "only for season: auto")
        }
    }

    private mutating func readEvery(_ table: inout ConfigurationTable) -> Bool {
        guard let value = table.take("every") else { return true }
        if value.isWord("event") { return true }
        if value.isWord("auto") {
            every = .auto
            return true
        }
        let shortest = Duration.milliseconds(1)
        guard let period = value.duration(in: shortest...Self.longest, orWords: "event, auto") else {
            return false
        }
        every = .period(period)
        return true
    }

    private func checkReach(_ table: borrowing ConfigurationTable) {
        guard case .period(let period) = every else { return }
        if lateness > period * Int(TimePolicy.maximumLatenessTicks) {
            table.problem(
                "lateness",
                "expected at most \(TimePolicy.maximumLatenessTicks) ticks of \(period.text), found \(lateness.text)"
            )
        }
        if let limit = gaps.limit, limit > period * Int(TimePolicy.maximumLimitTicks) {
            table.problem(
                "gaps.limit",
                "expected at most \(TimePolicy.maximumLimitTicks) ticks of \(period.text), found \(limit.text)"
            )
        }
    }

    private func checkLate(_ table: borrowing ConfigurationTable) {
        if late == .drop { table.refuse("revise_limit", "only for late: revise") }
        check(reviseLimit, "revise_limit", table, upTo: TimePolicy.maximumReviseLimit)
    }

    private func checkSeason(_ table: borrowing ConfigurationTable) {
        if gaps.fill == .seasonal && seasonLimit != nil {
            table.problem(
                "season", "expected a number of ticks, or a duration, with gaps.fill: seasonal, found auto")
        } else if gaps.fill == .seasonal && !table.has("season") {
            table.problem(
                "missing key \"season\": gaps.fill: seasonal takes the value one season before; write the season in "
                    + "ticks, or as a duration")
        }
        guard let length = windowLength.flatMap(ticks) else { return }
        if gaps.fill == .seasonal, let season = season.flatMap(ticks), length < season {
            table.problem("window_length", "\(length) ticks are less than the season of \(season)")
        } else if gaps.renewal == .rewarm && windowLength == .ticks(0) {
            table.problem(
                "window_length", "gaps.then: rewarm runs over the window: expected at least 1 tick, found 0")
        }
    }

    /// Notes a season in a rule that does not adapt, if nothing else makes use of it.
    func refuseUselessSeason(_ table: borrowing ConfigurationTable, hasAnomalies: Bool) {
        if gaps.fill == .seasonal && every != .event { return }
        if seasonLimit != nil {
            table.refuse("season", "auto is only for adapt: light or full; write the season, or leave it out")
        } else if !hasAnomalies {
            table.refuse("season", "only for gaps.fill: seasonal, for adapt: light or full, and for anomaly")
        }
    }

    private func checkWindow(_ table: borrowing ConfigurationTable) {
        if windowLength != .ticks(0) { check(windowLength, "window_length", table) }
    }

    private func check(
        _ stretch: Stretch?, _ key: String, _ table: borrowing ConfigurationTable,
        upTo longest: Int = maximumWindowLength
    ) {
        guard let stretch else { return }
        guard let ticks = ticks(of: stretch) else {
            let reason = every == .event ? "each value is a tick" : "the period is not known yet"
            let word = every == .event ? "event" : "auto"
            table.problem(
                key, "expected a number of ticks, found a duration: with every: \(word) \(reason)")
            return
        }
        if !(1...longest).contains(ticks) {
            table.problem(key, "expected 1 to \(longest) whole ticks, found \(ticks)")
        }
    }

    /// Whole ticks of a stretch; nil for a duration without a period.
    private func ticks(of stretch: Stretch) -> Int? {
        switch (stretch, every) {
        case (.ticks(let count), _): count
        case (.duration(let duration), .period(let period)): Int(duration / period)
        case (.duration, .event), (.duration, .auto): nil
        }
    }

    /// Ticks of a season; nil where none is given.
    var seasonTicks: Int? { season.flatMap(ticks) }

    /// What the engine is told.
    var policy: TimePolicy {
        var policy = TimePolicy()
        let seasonTicks = seasonTicks ?? 0
        let isSeasonKept = gaps.fill == .seasonal && seasonTicks > 0
        policy.windowLength =
            windowLength.flatMap(ticks) ?? (isSeasonKept ? seasonTicks : Self.defaultWindowLength)
        policy.lateness = lateness.nanoseconds
        switch every {
        case .event: return policy
        case .period(let period): policy.every = .period(period.nanoseconds)
        case .auto: policy.every = .auto
        }
        policy.aggregate = aggregate
        if late == .revise { policy.reviseLimit = reviseLimit.flatMap(ticks) ?? Self.defaultReviseTicks }
        policy.fill = gaps.fill
        policy.limit = gaps.limit?.nanoseconds
        policy.renewal = gaps.renewal
        policy.season = gaps.fill == .seasonal ? seasonTicks : 0
        return policy
    }
}

extension TimeConfiguration.Gaps: ConfigurationSection {
    init(from table: inout ConfigurationTable) {
        table.read("fill", into: &fill)
        limit = table.take("limit")?.duration(in: .zero...(.seconds(366 * 86_400)))
        table.read("then", into: &renewal)
    }
}

extension ConfigurationValue {
    /// The value as a number of ticks, or as a duration with its unit.
    fileprivate func stretch(ticksIn range: ClosedRange<Int>, upTo longest: Duration)
        -> TimeConfiguration.Stretch?
    {
        if isWholeNumber { return integer(in: range).map { .ticks($0) } }
        return duration(in: .milliseconds(1)...longest, orWords: "a number of ticks").map { .duration($0) }
    }
}

extension Duration {
    /// The duration in nanoseconds, for durations of at most 292 years.
    var nanoseconds: Int64 {
        components.seconds * 1_000_000_000 + components.attoseconds / 1_000_000_000
    }
}
