// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Forecasting

/// What `check` says of how a rule's forecasts are adapted.
struct AdaptationReport: Sendable, Encodable {
    /// `light` or `full`.
    var depth: String
    /// `mlpol` or `boa`.
    var mix: String
    /// In ticks; absent where none is known.
    var season: Int?
    /// The pattern of the streams that are looked at as well; absent where there are none.
    var related: String?
    /// The longest season that streams look for, in ticks; absent where they learn none.
    var seasonLimit: Int?
    /// The shares of values that intervals are to hold.
    var levels: [Double]

    enum CodingKeys: String, CodingKey {
        case depth, mix, season, related, levels
        case seasonLimit = "season_limit"
    }

    init(_ adaptation: Adaptation) {
        depth = adaptation.depth.rawValue
        mix = adaptation.mix.rawValue
        season = adaptation.season > 0 ? adaptation.season : nil
        related = adaptation.related?.text
        seasonLimit = adaptation.seasonLimit > 0 ? adaptation.seasonLimit : nil
        levels = adaptation.levels
    }

    /// The figures as a line.
    var text: String {
        let season =
            season.map { ", season of \($0) ticks" }
            ?? seasonLimit.map { ", seasons learned, up to \($0) ticks" } ?? ""
        let related = related.map { ", related to \($0)" } ?? ""
        return
            "adapted (\(depth), \(mix)\(season)\(related)), intervals for \(levels.map { "\($0)" }.joined(separator: ", "))"
    }
}
