// Part of forecastd. SPDX-License-Identifier: Apache-2.0

public import ZeroMQ

/// The settings that every socket has: where it is, and how it keeps a connection.
public struct ConnectionConfiguration: Sendable, Equatable {
    /// Endpoints that the socket connects to.
    public var connect: [String] = []
    /// Endpoints that the socket listens on; `connect` and `bind` together have at least one.
    public var bind: [String] = []
    /// The most messages that wait per peer; beyond it a publisher drops, and a pushing peer waits.
    public var highWaterMark = 100_000
    /// How a dead peer is noticed.
    public var heartbeat: HeartbeatConfiguration
    /// How long to wait before connecting again.
    public var reconnect: ReconnectConfiguration
    /// The time that a new peer has to introduce itself.
    public var handshakeTimeout = Duration.seconds(3)
    /// What those have to prove that the socket connects to.
    public var serverKey: CurveKey?
    /// The file of the public keys of those who may connect; nil for that of all sockets.
    public var clients: String?
    /// Whether the socket talks with everybody, in the clear.
    public var isInsecure = false
}

extension ConnectionConfiguration {
    /// Makes the path of the clients' keys relative to where the configuration `file` stands.
    mutating func resolveClients(besideFile file: String) {
        clients = clients.map { ConfigurationPath.resolve($0, besideFile: file) }
    }
}

extension ConnectionConfiguration: ConfigurationSection {
    init(from table: inout ConfigurationTable) {
        if let endpoints = table.take("connect")?.endpoints(for: .connecting) { connect = endpoints }
        if let endpoints = table.take("bind")?.endpoints(for: .binding) { bind = endpoints }
        if !table.has("connect") && !table.has("bind") {
            table.problem(
                "missing key \"connect\" or \"bind\": the endpoints, as connect: [\"tcp://127.0.0.1:5556\"]")
        }
        // Zero, which is no limit at all to the library, is no choice.
        table.read("high_water_mark", in: 1...10_000_000, into: &highWaterMark)
        heartbeat = table.readSection("heartbeat")
        reconnect = table.readSection("reconnect")
        table.read("handshake_timeout", in: .milliseconds(100)...(.seconds(60)), into: &handshakeTimeout)
        serverKey = table.take("server_key")?.publicKey()
        clients = table.take("clients")?.text("the path of a file of public keys")
        table.read("insecure", into: &isInsecure)
    }
}

/// Questions to a silent peer whether it still lives.
public struct HeartbeatConfiguration: Sendable, Equatable {
    /// The time between two questions; zero asks none.
    public var interval = Duration.seconds(5)
    /// How long an answer may take before the connection is given up.
    public var timeout = Duration.seconds(15)
    /// How long the peer is told to wait for our next question before it gives up.
    public var timeToLive = Duration.seconds(15)
}

extension HeartbeatConfiguration: ConfigurationSection {
    init(from table: inout ConfigurationTable) {
        let range = Duration.milliseconds(100)...(.seconds(3600))
        table.read("interval", in: .zero...(.seconds(3600)), into: &interval)
        table.read("timeout", in: range, into: &timeout)
        table.read("ttl", in: range, into: &timeToLive)
        if timeout < interval {
            table.problem(
                "timeout",
                "\(timeout.text) is shorter than the interval of \(interval.text): every connection would be "
                    + "given up")
        }
        if timeToLive < interval {
            table.problem(
                "ttl",
                "\(timeToLive.text) is shorter than the interval of \(interval.text): peers would give up "
                    + "between two heartbeats")
        }
    }
}

/// The growing pause between attempts to connect.
public struct ReconnectConfiguration: Sendable, Equatable {
    /// The first pause; it doubles with every attempt.
    public var initial = Duration.milliseconds(100)
    /// The longest pause.
    public var maximum = Duration.seconds(30)
}

extension ReconnectConfiguration: ConfigurationSection {
    init(from table: inout ConfigurationTable) {
        let range = Duration.milliseconds(10)...(.seconds(3600))
        table.read("initial", in: range, into: &initial)
        table.read("maximum", in: range, into: &maximum)
        if maximum < initial {
            table.problem("maximum", "\(maximum.text) is shorter than the initial pause of \(initial.text)")
        }
    }
}
