// Part of forecastd. SPDX-License-Identifier: Apache-2.0

public import Forecasting

/// How a rule's forecasts are adapted to each stream.
public struct AdaptationConfiguration: Sendable, Equatable {
    /// How much is learned.
    public var depth: Adaptation.Depth
    /// The shares of values that intervals are to hold, rising.
    public var levels = [0.8, 0.95]
    /// How the experts' forecasts are mixed.
    public var mix = Adaptation.Mix.mlpol

    /// Ticks that an adapted forecast may reach ahead: what is learned takes memory by the square of them.
    static let maximumHorizon = 512
    /// Levels of one rule.
    static let maximumLevelCount = 8
    /// The shortest and the longest season, in ticks.
    static let seasons = 2...100_000
}

extension AdaptationConfiguration {
    /// The words for `adapt`.
    private enum Word: String, CaseIterable { case off, light, full }

    /// Takes `adapt`, `levels` and `mix` out of a rule's table; nil for `adapt: off`.
    init?(from table: inout ConfigurationTable) {
        var word = Word.off
        let isKnown = table.read("adapt", into: &word)
        let levels = Self.levels(&table)
        table.read("mix", into: &mix)
        guard isKnown, let depth = Adaptation.Depth(rawValue: word.rawValue) else {
            for key in ["levels", "mix"] where isKnown {
                table.refuse(key, "only for adapt: light or full; this rule has off")
            }
            return nil
        }
        self.depth = depth
        if let levels { self.levels = levels }
    }

    private static func levels(_ table: inout ConfigurationTable) -> [Double]? {
        let list = table.take("levels")?.list(of: "shares") {
            $0.number("a number above 0 and below 1") { $0 > 0 && $0 < 1 }
        }
        guard let list else { return nil }
        if !(1...maximumLevelCount).contains(list.count) || Set(list).count < list.count {
            table.problem(
                "levels",
                "expected 1 to \(maximumLevelCount) different shares, as [0.8, 0.95], found \(list.count)")
        }
        return list.sorted()
    }

    /// Checks what other keys of the rule say.
    func check(_ table: borrowing ConfigurationTable, time: TimeConfiguration, horizon: Int?) {
        if time.late == .revise {
            table.problem(
                "late", "expected drop, found revise: what a stream has learned (adapt) is not taken back")
        }
        if let horizon, horizon > Self.maximumHorizon {
            table.problem("horizon", "expected at most \(Self.maximumHorizon) with adapt, found \(horizon)")
        }
        if let season = time.seasonTicks, !Self.seasons.contains(season) {
            table.problem(
                "season",
                "expected \(Self.seasons.lowerBound) to \(Self.seasons.upperBound) ticks with adapt, found \(season)"
            )
        }
    }
}
