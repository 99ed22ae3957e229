// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Glibc
import Monitoring

/// Where the daemon's reports are served over HTTP.
public struct HTTPConfiguration: Sendable, Equatable {
    /// The address to listen on.
    public var host = "127.0.0.1"
    /// The port to listen on.
    public var port = 8080
    /// Whether other machines may ask, though nothing asks who they are.
    public var isInsecure = false
    /// The file of a token that all but health is told for; nil where everybody is told.
    public var token: String?
    /// Ticks of each stream that are kept with their forecasts, to be looked at.
    public var history = 240
    /// Patterns of the streams that have figures of their own in /metrics.
    public var metricsStreams: [String] = []

    /// Address and port as they stand in the configuration and in a URL.
    package var authority: String { (host.contains(":") ? "[\(host)]" : host) + ":\(port)" }

    /// The same as an endpoint.
    var endpoint: String { "http://" + authority }

    /// Makes the token's path relative to where the configuration `file` stands.
    mutating func resolveToken(besideFile file: String) {
        token = token.map { ConfigurationPath.resolve($0, besideFile: file) }
    }

    /// The defaults.
    init() {}

    /// Reads an authority: an IPv4 address, an IPv6 one in brackets or `localhost`, and a port.
    init?(authority: String) {
        guard let colon = authority.lastIndex(of: ":"),
            let port = ConfigurationUnits.wholeNumber(String(authority[authority.index(after: colon)...])),
            (1...65535).contains(port)
        else { return nil }
        var host = String(authority[..<colon])
        let isBracketed = host.hasPrefix("[") && host.hasSuffix("]")
        if isBracketed { host = String(host.dropFirst().dropLast()) }
        var address = in6_addr()
        guard inet_pton(isBracketed ? AF_INET6 : AF_INET, host, &address) == 1 || host == "localhost" else {
            return nil
        }
        self.host = host
        self.port = port
    }
}

extension HTTPConfiguration: ConfigurationSection {
    init(from table: inout ConfigurationTable) {
        let bind = table.require("bind", "the address and port to serve on, as 127.0.0.1:8080")
        if let text = bind?.text(Self.expected) {
            if let read = Self(authority: text) {
                self = read
                if let conflict = bind?.report.claim("tcp://" + authority, for: .binding, by: "http.bind") {
                    bind?.problem(conflict)
                }
            } else {
                let guess = ["127.0.0.1:" + text, String(text.trimmingPrefix(#/\w+:\/\//#))].first {
                    Self(authority: $0) != nil
                }
                bind?.mismatch(Self.expected, suggestion: guess)
            }
        }
        table.read("insecure", into: &isInsecure)
        token = table.take("token")?.text("the path of a file")
        table.read("history", in: 0...10_000, into: &history)
        let patterns = table.take("metrics_streams")?.list(
            of: "patterns of stream ids", hint: "leave it out for none"
        ) { $0.streamPattern() }
        metricsStreams = patterns ?? []
        let isLoopback = LoopbackName.matches(authority)
        if isLoopback && isInsecure {
            table.problem("insecure", "has no effect with an address of this machine: leave it out")
        }
        if !isLoopback && !isInsecure {
            table.problem(
                "bind",
                "other machines reach \(authority), and nothing asks who they are: use 127.0.0.1:\(port), or "
                    + "write insecure: true")
        }
    }

    private static let expected = "an address and a port, as 127.0.0.1:8080 or \"[::1]:8080\""
}
