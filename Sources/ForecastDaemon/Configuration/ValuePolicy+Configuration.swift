// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Forecasting

extension ValuePolicy: ConfigurationSection {
    /// Sentinels that a rule may have.
    private static let maximumRejected = 16

    init(from table: inout ConfigurationTable) {
        self.init()
        readRejected(&table)
        let number = "a number"
        if let value = table.take("minimum")?.number(number) { minimum = value }
        if let value = table.take("maximum")?.number(number) { maximum = value }
        if minimum > maximum { table.problem("maximum", "expected a number from minimum (\(minimum)) up") }
        rate = table.take("rate")?.number("a number above 0, the largest change in a second") { $0 > 0 }
        stuck = table.take("stuck")?.stuck()
    }

    private mutating func readRejected(_ table: inout ConfigurationTable) {
        guard let list = table.take("reject")?.list(of: "numbers", { $0.number("a number") }) else { return }
        rejected = list
        if list.count > Self.maximumRejected {
            table.problem(
                "reject",
                "expected at most \(Self.maximumRejected) numbers, found \(list.count): use minimum and maximum"
            )
        }
    }
}

extension ConfigurationValue {
    /// The value as a number of values, or as a duration with its unit.
    fileprivate func stuck() -> ValuePolicy.Stuck? {
        if isWholeNumber { return integer(in: 1...1_000_000_000).map { .observations($0) } }
        let range = Duration.milliseconds(1)...(.seconds(366 * 86_400))
        return duration(in: range, orWords: "a number of values").map { .duration($0.nanoseconds) }
    }
}
