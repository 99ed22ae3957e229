// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import ArgumentParser

/// Rows on the command line: `A:B`, from A to before B.
struct RowRange: ExpressibleByArgument {
    var rows: Range<Int>

    init?(argument: String) {
        let ends = argument.split(separator: ":", omittingEmptySubsequences: false).map { Int($0) }
        guard ends.count == 2, let first = ends[0], let end = ends[1], first >= 0, first < end else {
            return nil
        }
        rows = first..<end
    }
}
