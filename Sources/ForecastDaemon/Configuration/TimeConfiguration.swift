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
    /// What becomes of ticks without observations.
    public var gaps = Gaps()
    /// After how long values are alike; nil where none is given.
    public var season: Stretch?
    /// How many values are kept; nil for the season, or else `defaultWindowLength` ticks.
    public var windowLength: Stretch?

    /// Ticks that are kept where neither rule nor season says how many.
    static let defaultWindowLength = 64
    /// The most ticks that are kept.
    static let maximumWindowLength = 100_000
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
        gaps = table.readSection("gaps")
        season = table.take("season")?.stretch(ticksIn: 1...Self.maximumWindowLength, upTo: Self.longest)
        windowLength = table.take("window_length")?.stretch(
            ticksIn: 1...Self.maximumWindowLength, upTo: Self.longest)
        guard isEveryKnown else { return }
        if every == .event {
            for key in ["aggregate", "gaps", "season", "window_length"] {
                table.refuse(
                    key, "only for streams with a period: write every: auto, or a duration, as every: 1s")
            }
            return
        }
        checkReach(table)
        checkWindow(table)
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

    private func checkWindow(_ table: borrowing ConfigurationTable) {
        if gaps.fill == .seasonal && !table.has("season") {
            table.problem(
                "missing key \"season\": gaps.fill: seasonal takes the value one season before; write the season in "
                    + "ticks, or as a duration")
        }
        if gaps.fill != .seasonal { table.refuse("season", "only for gaps.fill: seasonal") }
        if gaps.fill != .seasonal && gaps.renewal != .rewarm {
            table.refuse("window_length", "only for gaps.fill: seasonal and gaps.then: rewarm")
        }
        for (key, stretch) in [("season", season), ("window_length", windowLength)] {
            guard let stretch else { continue }
            guard let ticks = ticks(of: stretch) else {
                table.problem(
                    key,
                    "expected a number of ticks, found a duration: with every: auto the period is not known yet"
                )
                continue
            }
            if !(1...Self.maximumWindowLength).contains(ticks) {
                table.problem(key, "expected 1 to \(Self.maximumWindowLength) whole ticks, found \(ticks)")
            }
        }
        if let season = season.flatMap(ticks), let length = windowLength.flatMap(ticks), length < season {
            table.problem("window_length", "\(length) ticks are less than the season of \(season)")
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

    /// What the engine is told.
    var policy: TimePolicy {
        var policy = TimePolicy()
        policy.lateness = lateness.nanoseconds
        switch every {
        case .event: return policy
        case .period(let period): policy.every = .period(period.nanoseconds)
        case .auto: policy.every = .auto
        }
        policy.aggregate = aggregate
        policy.fill = gaps.fill
        policy.limit = gaps.limit?.nanoseconds
        policy.renewal = gaps.renewal
        policy.season = season.flatMap(ticks) ?? 0
        if gaps.fill == .seasonal || gaps.renewal == .rewarm {
            policy.windowLength =
                windowLength.flatMap(ticks)
                ?? (policy.season > 0 ? policy.season : Self.defaultWindowLength)
        }
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
