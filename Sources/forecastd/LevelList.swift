// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import ArgumentParser

/// Shares of values on the command line: `0.8,0.95`.
struct LevelList: ExpressibleByArgument {
    /// The shares, rising.
    var levels: [Double]

    init(_ levels: [Double]) { self.levels = levels }

    init?(argument: String) {
        let parts = argument.split(separator: ",", omittingEmptySubsequences: false)
        levels = parts.compactMap { Double($0) }.filter { $0 > 0 && $0 < 1 }.sorted()
        guard levels.count == parts.count, Set(levels).count == parts.count, parts.count <= 8 else {
            return nil
        }
    }

    var defaultValueDescription: String { levels.map { "\($0)" }.joined(separator: ",") }
}
