// Part of forecastd. SPDX-License-Identifier: Apache-2.0

public import WireFormat

/// One socket that forecasts go to.
public struct OutputConfiguration: Sendable, Equatable {
    /// The kinds of sockets that send.
    public enum Socket: String, Sendable, CaseIterable {
        /// Publishes to whoever subscribes.
        case pub
    }

    /// Whether messages with which an alarm begins or ends go out by topics of their own.
    public enum Anomalies: String, Sendable, CaseIterable {
        /// No.
        case off
        /// Besides all forecasts.
        case also
        /// And nothing else.
        case only
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
    /// Whether messages with which an alarm begins or ends go out by topics of their own.
    public var anomalies = Anomalies.off
    /// Whether who subscribes gets the last forecast of each stream at once.
    public var lastValue = false
    /// Where forecasts that were published are to be had again; nil for nowhere.
    public var replay: ReplayConfiguration?
    /// The most topics that a subscriber may ask for on a connection.
    public var subscriptions = 10_000
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
        table.read("anomalies", into: &anomalies)
        table.read("last_value", into: &lastValue)
        replay = table.take("replay")?.readSection(name: "replay")
        table.read("subscriptions", in: 1...1_000_000, into: &subscriptions)
        table.read("linger", in: .zero...(.seconds(60)), into: &linger)
    }
}
