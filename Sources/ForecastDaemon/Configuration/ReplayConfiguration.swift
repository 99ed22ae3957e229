// Part of forecastd. SPDX-License-Identifier: Apache-2.0

/// Where forecasts that were published are to be had again.
public struct ReplayConfiguration: Sendable, Equatable {
    /// Endpoints that the socket for requests listens on, at least one.
    public var bind: [String]
    /// The memory for the newest forecasts, in bytes.
    public var limit = 64 << 20
}

extension ReplayConfiguration: ConfigurationSection {
    init(from table: inout ConfigurationTable) {
        bind =
            table.require("bind", "the endpoints, as bind: [\"tcp://127.0.0.1:5558\"]")?
            .endpoints(for: .binding) ?? []
        table.read("limit", bytesIn: (1 << 20)...(1 << 40), into: &limit)
    }
}
