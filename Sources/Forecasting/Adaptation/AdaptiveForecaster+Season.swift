// Part of forecastd. SPDX-License-Identifier: Apache-2.0

// The season of each stream, where it is learned.
extension AdaptiveForecaster {
    /// What the season of a row decides.
    func parts(of row: Row) -> SeasonalParts {
        row.head.season == 0 ? parts : learnedParts[row.head.season] ?? parts
    }

    /// The season of a stream; 0 where none is known.
    package func season(row index: Int) -> Int { parts(of: Row(start(of: index), layout)).season }

    /// Looks for the season of a stream that has none, and takes it once it is found.
    func learnSeason(of value: Double, in row: inout Row) {
        guard let learner, row.head.season == 0 else { return }
        let past = row
        let season = learner.learn(
            row.start + layout.learner, value, mean: row.head.statistics.mean,
            scratch: work.season
        ) { past[past.head.position &- UInt64($0)] }
        if season > 0 { take(season, in: &row) }
    }

    /// Lets a stream have a season from its newest value on.
    ///
    /// What was learned stays: the features that come with the season were zero before, and the expert that repeats the
    /// season said what persistence said. The profile begins with the values that are still kept.
    private func take(_ season: Int, in row: inout Row) {
        if learnedParts[season] == nil {
            // Allocates, once for each season that any stream of the rule has.
            learnedParts[season] = SeasonalParts(adaptation, season: season)
        }
        let now = row.head.position
        row.head.season = season
        row.head.seasonStart = now + 1 - min(now + 1, UInt64(layout.historyLength))
        var count: UInt64 = 0
        for place in row.head.seasonStart...now where row[place].isFinite {
            count += 1
            learnProfile(row[place], at: place, count: count, in: row)
        }
    }

    /// Takes the value at a place, the stream's number `count`, into the profile of its season.
    func learnProfile(_ value: Double, at place: UInt64, count: UInt64, in row: Row) {
        let place = place - row.head.seasonStart
        parts(of: row).profile.learn(
            row.start + layout.profile, value, place: place, count: min(count, place + 1))
    }
}
