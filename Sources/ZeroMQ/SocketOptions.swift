// Part of forecastd. SPDX-License-Identifier: Apache-2.0

/// The settings of a socket, all of which are set before it binds or connects.
///
/// Where libzmq's default would lose messages early, wait for ever or not notice a dead peer, the default
/// here differs from it. Durations count in whole milliseconds, rounded up.
public struct SocketOptions: Sendable, Equatable {
    /// Messages that wait to be received, per peer; 0 is no limit.
    ///
    /// Beyond it a `pub` peer drops, a `push` peer waits.
    public var receiveHighWaterMark = 100_000
    /// Messages that wait to be sent, per peer; 0 is no limit.
    ///
    /// See `Socket/send(_:more:)` for what happens beyond it.
    public var sendHighWaterMark = 100_000
    /// The greatest frame that a peer may send, in bytes; -1 is no limit.
    ///
    /// A peer that sends a longer one is disconnected, and its message is lost.
    ///
    /// The limit is per frame: libzmq gathers a message of endlessly many frames in memory before it hands
    /// out the first. Let only trusted peers connect (`curve`), and limit the memory of the process.
    public var maximumMessageSize = 1 << 20
    /// How long a closed socket that sends goes on trying to send what waits.
    ///
    /// `sub` and `pull` have nothing to wait for and never linger.
    ///
    /// - Important: Where it runs out, or is zero, while messages of several frames wait, libzmq 4.3 may
    ///   abort the process if the slow peer goes away in the same instant (`Resource temporarily unavailable
    ///   (src/session_base.cpp:260)`).
    public var linger: Duration = .seconds(2)
    /// How often an idle connection is checked; 0 is never.
    public var heartbeatInterval: Duration = .seconds(5)
    /// How long a peer may be silent after a check until it counts as dead.
    public var heartbeatTimeout: Duration = .seconds(15)
    /// After which silence the peer, in turn, should drop this side; at most 6553 s, to a tenth of a second.
    public var heartbeatTimeToLive: Duration = .seconds(15)
    /// How long after a lost connection the first attempt to reconnect is made.
    public var reconnectInterval: Duration = .milliseconds(100)
    /// Up to which interval further attempts back off, doubling each time.
    public var maximumReconnectInterval: Duration = .seconds(30)
    /// How long a peer may take to introduce itself before its connection is dropped.
    public var handshakeInterval: Duration = .seconds(3)
    /// Whether the kernel probes idle TCP connections.
    public var tcpKeepalive = true
    /// Whether IPv6 addresses are understood besides IPv4; `tcp://*:port` then listens on both.
    public var ipv6 = true
    /// Whether a `push` or `dealer` socket gives messages only to peers whose connection stands, instead of also to those
    /// it is still trying to reach.
    ///
    /// The other kinds ignore it.
    public var immediate = true
    /// Whether a `pub` or `xpub` socket notices that a subscriber's queue is full instead of dropping in silence.
    ///
    /// `Socket/publish(_:more:)` needs it. The other kinds ignore it.
    public var reportsDrops = false
    /// How the socket proves who it is and of whom it wants proof; nil for not at all.
    public var curve: CurveSecurity?

    /// Makes the default settings.
    public init() {}
}
