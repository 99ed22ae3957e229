// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Forecasting

extension AnomalyPolicy: ConfigurationSection {
    init(from table: inout ConfigurationTable) {
        self.init()
        table.read("direction", into: &direction)
        let deviation = table.take("minimum_deviation")?.number("a number from 0 up") { $0 >= 0 }
        if let deviation { minimumDeviation = deviation }
        table.read("debounce", in: 1...1_000_000, into: &debounce)
        let range = Self.falseAlarmRange
        let share = table.take("false_alarms")?.number(
            "a share of the values from \(range.lowerBound) to \(range.upperBound)",
            where: range.contains)
        if let share { falseAlarms = share }
    }
}
