// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Foundation
import Monitoring

/// How a stream's forecasts turned out, for a person.
enum ScoreTable {
    /// A table of the next tick, the farthest one and two between, of late and since the beginning.
    static func lines(_ scores: [ScoreReport]) -> [String] {
        guard let farthest = scores.last else { return [] }
        let levels = farthest.life.coverage.keys.sorted()
        let header =
            ["ahead", "over", "count", "mae", "rmse", "bias", "mase", "skill", "season skill"]
            + levels.flatMap { ["in \($0)", "score \($0)"] }
        let ahead = Set([1, scores.count / 4, scores.count / 2, scores.count].map { max(1, $0) }).sorted()
        let rows = ahead.map { scores[$0 - 1] }.flatMap { score in
            [("a day, fading", score.recent), ("its life", score.life)].map { stretch, period in
                ["\(score.horizon)", stretch, "\(Int(period.weight.rounded()))"]
                    + [period.mae, period.rmse, period.bias].map(text)
                    + [period.mase, period.skill, period.seasonSkill].map(ratio)
                    + levels.flatMap { [ratio(period.coverage[$0]), text(period.intervalScore[$0])] }
            }
        }
        return TextTable.lines([header] + rows, right: 2..<header.count)
    }

    private static func text(_ figure: Double?) -> String { figure?.compact ?? "-" }

    /// A skill or a share with the digits that mean something.
    static func ratio(_ figure: Double?) -> String { figure.map { String(format: "%.3f", $0) } ?? "-" }
}
