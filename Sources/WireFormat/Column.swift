// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Forecasting

/// What a column of a message holds, in the formats whose columns have no names.
public enum Column: Sendable, Equatable {
    /// The observation's value.
    case value
    /// The observation's time.
    case ts
    /// Anything that is not read.
    case skip
    /// A value of the stream `id.name`.
    case named(String)

    /// The column that a configuration means by `text`: `value`, `ts`, `skip`, or a name behind a point.
    public init?(_ text: String) {
        switch text {
        case "value": self = .value
        case "ts": self = .ts
        case "skip": self = .skip
        default:
            let name = text.dropFirst()
            guard text.first == ".", (1..<StreamIdentifier.maximumLength).contains(name.utf8.count),
                name.utf8.allSatisfy(StreamIdentifier.isAllowed)
            else { return nil }
            self = .named(String(name))
        }
    }

    /// The column as a configuration writes it.
    public var text: String {
        switch self {
        case .value: "value"
        case .ts: "ts"
        case .skip: "skip"
        case .named(let name): "." + name
        }
    }

    /// Whether the column holds a value of a stream.
    public var isValue: Bool {
        switch self {
        case .value, .named: true
        case .ts, .skip: false
        }
    }

    /// Whether a message may have these columns: at least one value, nothing but `skip` twice.
    public static func areValid(_ columns: [Column]) -> Bool {
        let read = columns.filter { $0 != .skip }.map(\.text)
        return columns.contains(where: \.isValue) && Set(read).count == read.count
    }
}
