// Part of forecastd. SPDX-License-Identifier: Apache-2.0

package import Forecasting
public import WireFormat

/// One socket that observations come from.
public struct InputConfiguration: Sendable, Equatable {
    /// The kinds of sockets that receive.
    public enum Socket: String, Sendable, CaseIterable {
        /// Subscribes to publishers.
        case sub
        /// Takes its share of what pushers send.
        case pull
        /// Talks with producers that number their messages, so that none is lost.
        case router
    }

    /// The name under which logs and figures know the input.
    public var name: String
    /// The kind of socket.
    public var socket: Socket
    /// Where it is, and how it keeps a connection.
    public var connection: ConnectionConfiguration
    /// The prefixes of the stream ids to subscribe to.
    ///
    /// The empty prefix is everything; a pull socket has none.
    public var topics: [String]
    /// How a payload is read.
    public var format: InputFormatConfiguration
    /// The unit of times that come as a number; times as text are RFC 3339.
    ///
    /// Left out, it is what the format has.
    public var timeUnit = TimeUnit.s
    /// The most bytes that a frame may have; a peer that sends more is disconnected.
    public var maximumMessageSize = 1 << 20
    /// The most streams that a peer may bring; nil for any number.
    package var streamsPerPeer: Int?
    /// What producers may do; nil but for a router socket.
    package var producers: ProducerTable.Limits?
}

extension InputConfiguration: ConfigurationSection {
    init(from table: inout ConfigurationTable) {
        name = table.name
        let kind: Socket? = table.require("socket", "the kind of socket, sub, pull or router")?.choice()
        socket = kind ?? .sub
        connection = ConnectionConfiguration(from: &table)
        let prefixes = table.take("topics")?.topics()
        topics = socket == .sub ? prefixes ?? [""] : []
        if kind == .pull {
            table.refuse("topics", "only for socket: sub; a pull socket takes all that is pushed to it")
        }
        if kind == .router {
            table.refuse("topics", "only for socket: sub; a router socket takes all that producers send")
        }
        producers = Self.producers(from: &table, isRouter: kind == .router)
        format = InputFormatConfiguration(from: &table)
        timeUnit = format.defaultTimeUnit
        table.read("time_unit", into: &timeUnit)
        table.read("maximum_message_size", bytesIn: 256...(1 << 30), into: &maximumMessageSize)
        streamsPerPeer = table.take("streams_per_peer")?.integer(in: 1...StreamShares.identifiersLimit)
    }
}

extension InputConfiguration {
    private static func producers(from table: inout ConfigurationTable, isRouter: Bool) -> ProducerTable
        .Limits?
    {
        guard isRouter else {
            for key in ["producers", "window", "forget_after"] {
                _ = table.take(key)
                table.refuse(key, "only for socket: router, whose producers number their messages")
            }
            return nil
        }
        var limits = ProducerTable.Limits()
        var (window, retention) = (Int(limits.window), Duration.nanoseconds(limits.retention))
        table.read("producers", in: 1...100_000, into: &limits.producers)
        table.read("window", in: 1...10_000_000, into: &window)
        table.read("forget_after", in: .seconds(60)...(.seconds(366 * 86_400)), into: &retention)
        (limits.window, limits.retention) = (UInt64(window), retention.nanoseconds)
        return limits
    }

    /// Reads payloads as the configuration says.
    var decoder: PayloadDecoder { format.decoder(timeUnit: timeUnit) }
}

extension ConfigurationValue {
    /// A list of prefixes of stream ids.
    fileprivate func topics() -> [String]? {
        let everything = "leave topics out to subscribe to everything"
        return list(of: "prefixes of stream ids", hint: everything) { value -> String? in
            let expected = "a prefix of stream ids, 1 to 128 of A-Z a-z 0-9 . _ : / -"
            guard let prefix = value.text(expected) else { return nil }
            if StreamPattern.isText(prefix) { return prefix }
            let stem = String(prefix.prefix { $0 != "*" && $0 != "?" })
            if prefix == "*" {
                value.mismatch("a prefix, not a pattern (\(everything))")
            } else if stem != prefix && StreamPattern.isText(stem) {
                value.mismatch("a prefix, which needs no * at its end", suggestion: stem)
            } else {
                value.mismatch(expected)
            }
            return nil
        }
    }
}
