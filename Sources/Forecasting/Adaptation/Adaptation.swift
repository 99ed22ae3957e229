// Part of forecastd. SPDX-License-Identifier: Apache-2.0

/// How the forecasts of a rule's streams are adapted to each stream while it runs.
public struct Adaptation: Sendable, Equatable {
    /// How much is learned.
    public enum Depth: String, Sendable, CaseIterable {
        /// One readout each of the stream's own past, of that with the model's state, and of the model's state.
        case light
        /// Two of each, with a longer and a shorter memory.
        case full
    }

    /// How the experts' forecasts are mixed, by their regrets: `ExpertMixture` has the equations.
    public enum Mix: String, Sendable, CaseIterable { case mlpol, boa }

    /// How much is learned.
    public var depth: Depth
    /// Ticks in a season; 0 where none is known, or each stream learns its own.
    public var season: Int
    /// The longest season that streams look for, in ticks; 0 where they learn none.
    public var seasonLimit: Int
    /// Ticks ahead.
    public var horizon: Int
    /// The shares of values that intervals are to hold, rising, each above 0 and below 1.
    public var levels: [Double]
    /// How the experts' forecasts are mixed.
    public var mix: Mix
    /// What the ids of the streams match that a readout of its own looks at as well; nil for none.
    public var related: IdentifierTemplate?

    /// Makes an adaptation.
    public init(
        depth: Depth, season: Int, seasonLimit: Int = 0, horizon: Int, levels: [Double], mix: Mix = .mlpol,
        related: IdentifierTemplate? = nil
    ) {
        self.depth = depth
        self.season = season
        self.seasonLimit = seasonLimit
        self.horizon = horizon
        self.levels = levels
        self.mix = mix
        self.related = related
    }

    /// Features of the stream's own past in front of those of the season: differences to the last values.
    static let lagCount = 7
    /// The most related streams that a stream looks at.
    static let relatedLimit = 8
    /// The most phases that a season's spread is followed in.
    static let maximumPhaseCount = 96

    /// The least and the greatest limit of seasons that are learned.
    public static let seasonLimits = 4...4096

    /// Whether all parts are in their ranges.
    var isValid: Bool {
        season >= 0 && season != 1
            && (seasonLimit == 0 || season == 0 && Self.seasonLimits.contains(seasonLimit)) && horizon >= 1
            && levels.allSatisfy { $0 > 0 && $0 < 1 }
            && zip(levels, levels.dropFirst()).allSatisfy(<)
    }

    /// The longest season that a stream may have; 0 for none.
    var longestSeason: Int { max(season, seasonLimit) }

    /// How far back the values one season before the forecast's ticks are looked at, from that of the tick itself on.
    var seasonalOffsets: [Int] {
        guard longestSeason > 0 else { return [] }
        let step = max(1, horizon / 6)
        let offsets = [0, 1, 2] + Array(stride(from: step, through: horizon, by: step))
        return Array(Set(offsets)).sorted().filter { $0 < longestSeason }
    }

    /// Features of the stream's own past that are differences of values, and come first.
    var differenceCount: Int {
        Self.lagCount + 2 * seasonalOffsets.count + (longestSeason > 0 ? 1 : 0) + 1
    }

    /// Features of the stream's own past.
    var ownFeatureCount: Int { differenceCount + 1 + (longestSeason > 0 ? 4 : 0) }
}
