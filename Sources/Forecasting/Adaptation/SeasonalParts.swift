// Part of forecastd. SPDX-License-Identifier: Apache-2.0

/// What of a forecaster depends on the season: one for all streams of a rule that have the same.
///
/// Where seasons are learned, rows of memory are laid out for the longest one looked for, and so are features.
final class SeasonalParts {
    /// Ticks in a season; 0 where there is none.
    let season: Int
    let features: SeasonalFeatures
    let profile: SeasonalProfile
    let tracker: IntervalTracker

    init(_ adaptation: Adaptation, season: Int) {
        self.season = season
        features = SeasonalFeatures(adaptation, season: season)
        profile = SeasonalProfile(season: season)
        tracker = IntervalTracker(
            levels: adaptation.levels, horizon: adaptation.horizon, season: season,
            phaseCount: min(adaptation.longestSeason, Adaptation.maximumPhaseCount))
    }

    /// The phase of the season that residuals of a forecast made at a place belong to.
    func phase(of place: UInt64) -> Int {
        guard season > 0 else { return 0 }
        let phases = min(season, Adaptation.maximumPhaseCount)
        return Int(place % UInt64(season)) * phases / season
    }

    /// How far back from a place lies the value one season (or the fewest whole seasons) before the tick `horizon` ahead
    /// of it; nil without a season.
    func back(_ horizon: Int) -> Int? {
        season > 0 ? (horizon - 1) / season * season + season - horizon : nil
    }
}
