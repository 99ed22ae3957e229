// Part of forecastd. SPDX-License-Identifier: Apache-2.0

public import Logging

/// What is logged.
public struct LogConfiguration: Sendable, Equatable {
    /// The least severe level that is logged.
    public var level = Logger.Level.info
    /// The time between two lines about dropped messages of one kind; what falls between is counted.
    public var dropsEvery = Duration.seconds(10)
}

extension LogConfiguration: ConfigurationSection {
    init(from table: inout ConfigurationTable) {
        table.read("level", into: &level)
        table.read("drops_every", in: .seconds(1)...(.seconds(3600)), into: &dropsEvery)
    }
}
