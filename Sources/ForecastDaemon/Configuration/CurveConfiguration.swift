// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Monitoring
import ZeroMQ

/// The daemon's own key, and whom its sockets admit.
public struct CurveConfiguration: Sendable, Equatable {
    /// The file of the secret key.
    public var secretKey = ""
    /// The path of that file as it was written; a key that somebody has put in its place can be one.
    private(set) var writtenSecretKey = ""
    /// The file of the public keys of clients that sockets admit which name no file of their own; nil for none.
    public var clients: String?
}

extension CurveConfiguration {
    /// Makes paths relative to where the configuration `file` stands.
    mutating func resolvePaths(besideFile file: String) {
        secretKey = ConfigurationPath.resolve(secretKey, besideFile: file)
        clients = clients.map { ConfigurationPath.resolve($0, besideFile: file) }
    }
}

extension CurveConfiguration: ConfigurationSection {
    init(from table: inout ConfigurationTable) {
        let secret = table.require(
            "secret_key", "the file of the secret key that `forecastd keygen` has made")
        secretKey = secret?.text("the path of a file") ?? ""
        writtenSecretKey = secretKey
        // One with a slash may be a path; where there is no such file, SocketKeys tells the same.
        if let problem = SocketKeys.keyInPlaceOfPath(secretKey), !secretKey.contains("/") {
            (secretKey, writtenSecretKey) = ("", "")
            secret?.problem(problem)
        }
        clients = table.take("clients")?.text("the path of a file of public keys")
    }
}

extension DaemonConfiguration {
    /// Holds what sockets say of CURVE against each other and against the daemon's keys.
    func checkSecurity(_ table: borrowing ConfigurationTable) {
        for input in inputs { check(input.connection, "inputs.\(input.name)", replay: [], table) }
        for output in outputs {
            check(output.connection, "outputs.\(output.name)", replay: output.replay?.bind ?? [], table)
        }
    }

    private func check(
        _ socket: ConnectionConfiguration, _ path: String, replay: [String],
        _ table: borrowing ConfigurationTable
    ) {
        let binds = !socket.bind.isEmpty || !replay.isEmpty
        guard isSecured(socket) else {
            return checkOpen(socket, path, replay: replay, table)
        }
        if !socket.connect.isEmpty && socket.serverKey == nil && !table.has("\(path).server_key") {
            table.problem(
                path,
                "missing key \"server_key\": the public key of whom it connects to, or write insecure: true")
        }
        if socket.connect.isEmpty && socket.serverKey != nil {
            table.problem("\(path).server_key", "only for a socket that connects; this one is connected to")
        }
        if binds && socket.clients == nil && curve?.clients == nil {
            table.problem(
                path,
                "missing key \"clients\", here or in curve: the file of the public keys of those who may connect"
            )
        }
        if !binds && socket.clients != nil {
            table.problem("\(path).clients", "only for a socket that others connect to; this one connects")
        }
    }

    /// A socket without CURVE.
    private func checkOpen(
        _ socket: ConnectionConfiguration, _ path: String, replay: [String],
        _ table: borrowing ConfigurationTable
    ) {
        let places =
            socket.bind.indices.map { ("\(path).bind[\($0)]", socket.bind[$0]) }
            + replay.indices.map { ("\(path).replay.bind[\($0)]", replay[$0]) }
        let exposed = places.filter { !ConfigurationEndpoint.isLocal($0.1) }
        for (place, endpoint) in exposed where !socket.isInsecure {
            // What is no endpoint has been said before.
            guard ConfigurationEndpoint.complaint(about: endpoint, for: .binding) == nil else { continue }
            table.problem(
                place,
                "other machines reach \(endpoint), and nothing asks who they are: give the daemon a key (curve), use an "
                    + "address of this machine, as 127.0.0.1, or write insecure: true")
        }
        if socket.isInsecure && curve == nil && exposed.isEmpty {
            table.problem(
                "\(path).insecure",
                "has no effect without curve and with addresses of this machine: leave it out")
        }
        let reason =
            socket.isInsecure ? "contradicts insecure: true" : "needs the daemon's own key: write curve"
        if socket.serverKey != nil { table.problem("\(path).server_key", reason) }
        if socket.clients != nil { table.problem("\(path).clients", reason) }
    }

    /// Whether a socket asks for proof of who is at the other side.
    func isSecured(_ socket: ConnectionConfiguration) -> Bool { curve != nil && !socket.isInsecure }
}

extension ConfigurationEndpoint {
    /// Whether only this machine reaches an endpoint that is bound.
    static func isLocal(_ endpoint: String) -> Bool {
        guard endpoint.hasPrefix("tcp://") else { return true }
        let authority = endpoint.dropFirst("tcp://".count)
        // What stands behind the colon may be *.
        let host = String(authority[..<(authority.lastIndex(of: ":") ?? authority.endIndex)])
        return host == "lo" || LoopbackName.matches(host)
    }
}

extension ConfigurationValue {
    /// A public key.
    func publicKey() -> CurveKey? {
        let expected = "a public key, 40 characters as `forecastd keygen` prints, in double quotes"
        guard let text = text(expected) else { return nil }
        guard let key = CurveKey(text: text) else {
            mismatch(expected)
            return nil
        }
        return key
    }
}
