// Part of forecastd. SPDX-License-Identifier: Apache-2.0

package import ZeroMQ

/// What the daemon's sockets prove themselves with, and whom they admit.
package struct SocketKeys: Sendable, Equatable {
    /// The daemon's own keys.
    package let pair: CurveKeyPair
    /// The public keys that are admitted, by socket, as `inputs.plant`.
    package var clients: [String: Set<CurveKey>]

    /// Makes keys.
    package init(_ pair: CurveKeyPair, clients: [String: Set<CurveKey>]) {
        (self.pair, self.clients) = (pair, clients)
    }

    /// Reads the files that a configuration names; nil where no socket needs them.
    ///
    /// - Throws: A `DaemonError` for the first that cannot be used.
    package init?(_ configuration: DaemonConfiguration) throws(DaemonError) {
        guard let curve = configuration.curve, configuration.hasSecuredSockets else { return nil }
        self.init(
            try Self.pair(
                path: curve.secretKey, written: curve.writtenSecretKey, key: "curve.secret_key"),
            clients: try Self.clients(configuration))
    }

    /// Reads a secret key and finds its public one.
    ///
    /// - Parameter written: The path as a person has written it, who may have put the key itself there; nil for `path`.
    package static func pair(
        path: String, written: String? = nil, key: String
    ) throws(DaemonError) -> CurveKeyPair {
        let line: String
        do throws(DaemonError) { line = try SecretFile.line(path, key: key) } catch {
            guard error.status == .noInput, let problem = keyInPlaceOfPath(written ?? path) else {
                throw error
            }
            throw DaemonError(.configuration, "\(key): \(problem)")
        }
        guard let secret = CurveKey(text: line) else {
            throw DaemonError(
                .configuration,
                "\(key): \(path): expected a secret key, 40 characters as `forecastd keygen` writes, found another text"
            )
        }
        return CurveKeyPair(secretKey: secret)
    }

    /// What to tell of a path that could be a key; nil of others.
    static func keyInPlaceOfPath(_ path: String) -> String? {
        CurveKey(text: path).map { key in
            "expected the path of a file, found a key (its public one is \(CurveKeyPair(secretKey: key).publicKey.text)): "
                + "a secret that has stood here is none any more; make a new one with `forecastd keygen`"
        }
    }

    /// Reads whom sockets admit.
    package static func clients(
        _ configuration: DaemonConfiguration
    ) throws(DaemonError) -> [String: Set<CurveKey>] {
        var lists: [String: Set<CurveKey>] = [:]
        var clients: [String: Set<CurveKey>] = [:]
        for (socket, own, isBound) in configuration.securedSockets where isBound {
            guard let path = own ?? configuration.curve?.clients else { continue }
            if lists[path] == nil {
                lists[path] = try ClientList.keys(
                    path: path, key: own == nil ? "curve.clients" : "\(socket).clients")
            }
            clients[socket] = lists[path]
        }
        return clients
    }

    /// The sockets that no longer admit someone whom they admitted by an earlier list.
    func revoking(since earlier: [String: Set<CurveKey>]) -> Set<String> {
        Set(earlier.filter { !$0.value.isSubset(of: clients[$0.key] ?? []) }.keys)
    }
}

extension DaemonConfiguration {
    /// The sockets that ask for proof, by name, the file of whom they admit where it is one of their own, and whether they
    /// admit anybody: only where they are bound does somebody come.
    fileprivate var securedSockets: [(name: String, clients: String?, isBound: Bool)] {
        (inputs.map { ("inputs.\($0.name)", $0.connection, $0.connection.bind) }
            + outputs.map {
                ("outputs.\($0.name)", $0.connection, $0.connection.bind + ($0.replay?.bind ?? []))
            })
            .filter { isSecured($0.1) }.map { ($0.0, $0.1.clients, !$0.2.isEmpty) }
    }

    fileprivate var hasSecuredSockets: Bool { !securedSockets.isEmpty }
}
