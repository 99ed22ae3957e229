// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Forecasting

/// What `check` says of how a rule's forecasts are adapted.
struct AdaptationReport: Sendable, Encodable {
    /// `light` or `full`.
    var depth: String
    /// In ticks; absent where none is known.
    var season: Int?
    /// The longest season that streams look for, in ticks; absent where they learn none.
    var seasonLimit: Int?
    /// The shares of values that intervals are to hold.
    var levels: [Double]

    enum CodingKeys: String, CodingKey {
        case depth, season, levels
        case seasonLimit = "season_limit"
    }

    init(_ adaptation: Adaptation) {
        depth = adaptation.depth.rawValue
        season = adaptation.season > 0 ? adaptation.season : nil
        seasonLimit = adaptation.seasonLimit > 0 ? adaptation.seasonLimit : nil
        levels = adaptation.levels
    }

    /// The figures as part of a line.
    var text: String {
        let season =
            season.map { ", season of \($0) ticks" }
            ?? seasonLimit.map { ", seasons learned, up to \($0) ticks" } ?? ""
        return
            ", adapted (\(depth)\(season)), intervals for \(levels.map { "\($0)" }.joined(separator: ", "))"
    }
}
