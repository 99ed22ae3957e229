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
    /// The pattern of the streams that are looked at as well, in which `$1` is what the first wildcard of `match` stands
    /// for; nil for none.
    public var related: String?
    /// Whether the rule asks for it; else it is the default, where nothing stands against it.
    public var isStated: Bool

    /// The keys beside `adapt` that the rule gives.
    public var keys: [String]

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

    /// The keys that go with `adapt`.
    private static let dependentKeys = ["levels", "mix", "related"]

    /// Takes `adapt`, `levels`, `mix` and `related` out of a rule's table that says this of ids, time and horizon.
    ///
    /// Nil for `adapt: off`. Left out, `adapt` is light, or off in a rule that asks for what does not go with it.
    init?(
        from table: inout ConfigurationTable, match: String, time: TimeConfiguration, horizon: Int?
    ) {
        var word = Word.light
        let isKnown = table.read("adapt", into: &word)
        isStated = table.has("adapt")
        let levels = Self.levels(&table)
        table.read("mix", into: &mix)
        related = table.take("related")?.text("a pattern of streams, as \"plant.$1.*\"")
        keys = Self.dependentKeys.filter { table.has($0) }
        guard isKnown else { return nil }
        guard let depth = Adaptation.Depth(rawValue: word.rawValue) else {
            for key in Self.dependentKeys {
                table.refuse(key, "only for adapt: light or full; this rule has off")
            }
            return nil
        }
        let obstacles = Self.obstacles(time: time, horizon: horizon)
        if isStated {
            for obstacle in obstacles { table.problem(obstacle.key, obstacle.message) }
        } else if let obstacle = obstacles.first {
            for key in Self.dependentKeys {
                table.refuse(
                    key, "only for adapt: light or full; this rule has off, because of its \(obstacle.key)")
            }
            return nil
        }
        self.depth = depth
        if let levels { self.levels = levels }
        checkRelated(table, match: match)
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

    /// Whether the pattern of related streams can be read.
    private func checkRelated(_ table: borrowing ConfigurationTable, match: String) {
        guard let related, let pattern = try? Glob(match) else { return }
        do throws(IdentifierTemplate.TemplateError) {
            _ = try IdentifierTemplate(related, of: pattern, isPattern: true)
        } catch {
            table.problem("related", "\(error), found \(ConfigurationSuggestion.quoted(related))")
        }
    }

    /// Why a rule of that time and horizon, which has none, is not adapted.
    static func reasonForNone(time: TimeConfiguration, horizon: Int?) -> String {
        obstacles(time: time, horizon: horizon).first.map { "\($0.key): \($0.message)" }
            ?? "adapt: off"
    }

    /// What a rule asks for that adaptation does not go with.
    private static func obstacles(
        time: TimeConfiguration, horizon: Int?
    ) -> [(key: String, message: String)] {
        var obstacles: [(key: String, message: String)] = []
        if time.late == .revise {
            obstacles.append(
                ("late", "expected drop, found revise: what a stream has learned (adapt) is not taken back"))
        }
        if let horizon, horizon > maximumHorizon {
            obstacles.append(("horizon", "expected at most \(maximumHorizon) with adapt, found \(horizon)"))
        }
        if let season = time.seasonTicks, !seasons.contains(season) {
            let range = "\(seasons.lowerBound) to \(seasons.upperBound)"
            obstacles.append(("season", "expected \(range) ticks with adapt, found \(season)"))
        }
        return obstacles
    }
}
