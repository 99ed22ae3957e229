// Part of forecastd. SPDX-License-Identifier: Apache-2.0

package import Monitoring

/// A stream's near past and newest forecast, drawn with characters: a column for each tick.
package struct TopChart {
    private let past: [Double]
    private let ahead: [Double?]
    private let lower, upper: [Double]

    /// Draws what the daemon keeps of a stream, the forecast's interval of the highest level included.
    package init(_ history: StreamHistory) {
        past = history.ticks.map(\.y)
        ahead = history.forecast.yhat
        let level = history.levels.last.map { "\($0)" } ?? ""
        lower = history.forecast.yhatLower?[level] ?? []
        upper = history.forecast.yhatUpper?[level] ?? []
    }

    /// The lines of the chart; at the left stands what its top and its bottom are.
    package func lines(width: Int, height: Int) -> [String] {
        let labelWidth = 10
        let room = max(8, width - labelWidth - 2)
        let aheadCount = min(ahead.count, room / 3)
        let past = past.suffix(room - aheadCount - 1)
        let ahead = ahead.prefix(aheadCount)
        let (lower, upper) = (lower.prefix(aheadCount), upper.prefix(aheadCount))
        let figures = past + ahead.compactMap { $0 } + lower + upper
        guard let low = figures.min(), let high = figures.max() else { return [] }
        /// The line that a value is in, from the top; halves because a difference of large numbers can be infinite.
        func line(_ value: Double) -> Int {
            let range = high / 2 - low / 2
            let share = range > 0 ? (high / 2 - value / 2) / range : 0.5
            return min(height - 1, max(0, Int(share * Double(height - 1) + 0.5)))
        }
        var grid = [[Character]](repeating: [Character](repeating: " ", count: room), count: height)
        for (column, value) in past.enumerated() { grid[line(value)][column] = "\u{2022}" }
        for row in grid.indices { grid[row][past.count] = "\u{2502}" }
        for step in ahead.indices {
            let column = past.count + 1 + step
            if step < lower.count && step < upper.count {
                for row in line(upper[step])...max(line(upper[step]), line(lower[step])) {
                    grid[row][column] = "\u{2591}"
                }
            }
            if let value = ahead[step] { grid[line(value)][column] = "\u{D7}" }
        }
        return grid.enumerated().map { row, characters in
            let label = row == 0 ? high.compact : row == height - 1 ? low.compact : ""
            return String(repeating: " ", count: max(0, labelWidth - label.count)) + label + " "
                + String(characters)
        }
    }
}
