// Part of forecastd. SPDX-License-Identifier: Apache-2.0

/// A place in the text of a configuration: line and column from 1, columns in Unicode scalars.
struct ConfigurationPosition: Sendable, Hashable, Comparable {
    /// The first character of a file.
    static let start = ConfigurationPosition(line: 1, column: 1)

    var line: Int
    var column: Int

    /// Moves on past `scalar`.
    mutating func advance(over scalar: Unicode.Scalar) {
        if scalar == "\n" {
            line += 1
            column = 1
        } else {
            column += 1
        }
    }

    static func < (left: Self, right: Self) -> Bool {
        (left.line, left.column) < (right.line, right.column)
    }
}

extension ConfigurationPosition {
    /// The place behind the whole of `text`.
    init(after text: some Sequence<Unicode.Scalar>) {
        self = .start
        for scalar in text { advance(over: scalar) }
    }
}
