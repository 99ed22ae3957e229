// Part of forecastd. SPDX-License-Identifier: Apache-2.0

public import WireFormat

/// One socket that forecasts go to.
public struct OutputConfiguration: Sendable, Equatable {
    /// The kinds of sockets that send.
    public enum Socket: String, Sendable, CaseIterable {
        /// Publishes to whoever subscribes.
        case pub
    }

    /// The name under which logs and figures know the output.
    public var name: String
    /// The kind of socket.
    public var socket: Socket
    /// Where it is, and how it keeps a connection.
    public var connection: ConnectionConfiguration
    /// The format of a forecast.
    public var format = ForecastFormat.json
    /// How times are written: as text, or as a number in this unit since 1970-01-01T00:00:00Z.
    public var timeFormat = TimeFormat.rfc3339
    /// How long, at the end, messages that wait may still be sent.
    public var linger = Duration.seconds(1)
}

extension OutputConfiguration: ConfigurationSection {
    init(from table: inout ConfigurationTable) {
        name = table.name
        socket = table.require("socket", "the kind of socket, pub")?.choice() ?? .pub
        connection = ConnectionConfiguration(from: &table)
        table.read("format", into: &format)
        table.read("time_format", into: &timeFormat)
        table.read("linger", in: .zero...(.seconds(60)), into: &linger)
    }
}
