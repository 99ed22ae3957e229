// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import ArgumentParser

/// A season on the command line: a number of ticks, or `auto`.
enum SeasonOption: ExpressibleByArgument, Equatable, CustomStringConvertible {
    case ticks(Int)
    case auto

    init?(argument: String) {
        if argument == "auto" {
            self = .auto
        } else {
            guard let count = Int(argument) else { return nil }
            self = .ticks(count)
        }
    }

    var description: String {
        switch self {
        case .ticks(let count): "\(count)"
        case .auto: "auto"
        }
    }
}
