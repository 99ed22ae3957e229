// Part of forecastd. SPDX-License-Identifier: Apache-2.0

/// The endpoints that a configuration may name: `tcp://host:port` and `ipc://path`.
package enum ConfigurationEndpoint {
    /// What the socket does with the endpoint.
    package enum Use { case connecting, binding }

    /// A local socket's path has at most this many bytes.
    private static let maximumPathLength = 107

    /// Why `endpoint` cannot be used, as a sentence; nil if it can.
    package static func problem(with endpoint: String, for use: Use) -> String? {
        complaint(about: endpoint, for: use).map { expected, suggestion in
            "expected \(expected), found \"\(endpoint)\""
                + (suggestion.map { "; did you mean \"\($0)\"?" } ?? "")
        }
    }

    /// Why `endpoint` cannot be used, and what may have been meant; nil if it can.
    static func complaint(
        about endpoint: String, for use: Use
    ) -> (expected: String, suggestion: String?)? {
        let parts = endpoint.split(separator: "://", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2 else {
            let suggestion = "tcp://" + endpoint
            return (
                "an endpoint such as tcp://127.0.0.1:5556 or ipc:///run/forecastd/in",
                complaint(about: suggestion, for: use) == nil ? suggestion : nil
            )
        }
        let address = String(parts[1])
        switch parts[0] {
        case "tcp": return tcpComplaint(about: address, for: use).map { ($0, nil) }
        case "ipc":
            guard !address.isEmpty && address.utf8.count <= maximumPathLength else {
                return ("ipc:// and a path of 1 to \(maximumPathLength) bytes", nil)
            }
            return nil
        case "inproc": return ("tcp:// or ipc:// (inproc reaches nothing outside of the process)", nil)
        default:
            let near = ConfigurationSuggestion.nearest(to: String(parts[0]), among: ["tcp", "ipc"])
            return ("an endpoint that begins with tcp:// or ipc://", near.map { "\($0)://\(address)" })
        }
    }

    /// What a TCP address should be, if `address` is none.
    private static func tcpComplaint(about address: String, for use: Use) -> String? {
        let colon = address.utf8.lastIndex(of: UInt8(ascii: ":"))
        let host = colon.map { String(address[..<$0]) } ?? address
        let port = colon.map { String(address[address.utf8.index(after: $0)...]) } ?? ""
        guard isHost(host, for: use) else {
            return switch use {
            case .connecting: "tcp://host:port with a host name or address to connect to (IPv6 in [brackets])"
            case .binding: "tcp://address:port with an address, an interface or * (IPv6 in [brackets])"
            }
        }
        switch use {
        case .connecting: return isPort(port) ? nil : "tcp://host:port with a port from 1 to 65535"
        case .binding:
            return isPort(port) || port == "*"
                ? nil : "tcp://address:port with a port from 1 to 65535, or * for any free one"
        }
    }

    private static func isPort(_ text: String) -> Bool {
        ConfigurationUnits.wholeNumber(text).map { (1...65535).contains($0) } ?? false
    }

    private static func isHost(_ host: String, for use: Use) -> Bool {
        if host == "*" { return use == .binding }
        if host.hasPrefix("[") && host.hasSuffix("]") {
            let inner = host.utf8.dropFirst().dropLast()
            return inner.contains(UInt8(ascii: ":"))
                && inner.allSatisfy { isHostByte($0) || $0 == UInt8(ascii: ":") || $0 == UInt8(ascii: "%") }
        }
        return !host.isEmpty && host.utf8.allSatisfy(isHostByte)
    }

    private static func isHostByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "_"):
            true
        default: false
        }
    }
}

extension ConfigurationValue {
    /// A list of at least one endpoint, none of them twice, none bound by two sockets or at both ends of a connection.
    func endpoints(for use: ConfigurationEndpoint.Use) -> [String]? {
        var seen: Set<String> = []
        return list(of: "endpoints") { value -> String? in
            guard let endpoint = value.text("an endpoint such as tcp://127.0.0.1:5556") else { return nil }
            if let complaint = ConfigurationEndpoint.complaint(about: endpoint, for: use) {
                value.mismatch(complaint.expected, suggestion: complaint.suggestion)
            } else if !seen.insert(endpoint).inserted {
                value.problem("\(endpoint) stands in this list already")
            } else if !endpoint.hasSuffix(":*"), let conflict = report.claim(endpoint, for: use, by: path) {
                value.problem(conflict)
            }
            return endpoint
        }
    }
}
