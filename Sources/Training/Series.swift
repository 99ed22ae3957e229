// Part of forecastd. SPDX-License-Identifier: Apache-2.0

/// The history of one stream.
package struct Series: Sendable, Equatable {
    /// What it is called.
    package var name: String
    /// Its values in order of time, one per tick; NaN where there is none.
    package var values: [Double]

    /// Makes a series.
    package init(name: String, values: [Double]) {
        self.name = name
        self.values = values
    }
}

/// What was expected of the data or the course of a training, and what was found.
package struct TrainingError: Error, Equatable, CustomStringConvertible {
    /// One sentence.
    package let description: String

    /// Makes an error.
    package init(description: String) { self.description = description }
}
